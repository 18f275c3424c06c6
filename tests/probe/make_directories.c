// mkdir of what is new, and of what is there already.
#include "probe.h"

void setup(void) {
  MUST(mkdir("there", 0755) == 0);
}

void run(const char *arg) {
  (void)arg;
  MUST(mkdir("a", 0755) == 0 && mkdir("a/b/", 0755) == 0);
  MUST(mkdir("there", 0755) != 0 && mkdir("no/where", 0755) != 0);
  expect("= d absent a");
  expect("= d absent a/b");
  expect("= a directory there");
  expect("= a absent no/where");
}
