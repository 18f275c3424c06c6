// Truncation by name; to zero nothing of the old content is left.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
  write_file("g", "gggg", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(truncate("f", 0) == 0 && truncate("g", 2) == 0);
  expect("= w file f");
  expect("= rw file g");
}
