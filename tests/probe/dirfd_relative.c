// Paths relative to a descriptor.
#include "probe.h"

void setup(void) {
  MUST(mkdir("d", 0755) == 0);
  write_file("d/f", "x", 0644);
  write_file("d/gone", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  struct stat st;
  int dir = open("d", O_RDONLY | O_DIRECTORY);
  MUST(dir >= 0 && openat(dir, "f", O_RDONLY) >= 0);
  MUST(fstatat(dir, "nope", &st, 0) != 0);
  MUST(unlinkat(dir, "gone", 0) == 0);
  MUST(mkdirat(dir, "made", 0755) == 0);
  expect("= a directory d");
  expect("= r file d/f");
  expect("= s absent d/nope");
  expect("= u file d/gone");
  expect("= d absent d/made");
}
