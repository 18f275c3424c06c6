// A second name for a file.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(link("f", "g") == 0);
  expect("= r file f");
  expect("= c absent g");
}
