// Works in a directory that is no longer there.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
  MUST(mkdir("d", 0755) == 0);
}

void run(const char *arg) {
  (void)arg;
  MUST(chdir("d") == 0 && rmdir("../d") == 0);
  MUST(open("x", O_RDONLY) < 0);
  read_file("../f");
  expect("= au directory d");
  expect("= r absent d/x");
  expect("= r file f");
}
