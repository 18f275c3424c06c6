// Makes a link and reads it.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  char target[16];
  MUST(symlink("f", "l") == 0);
  MUST(readlink("l", target, sizeof target) == 1);
  MUST(readlink("f", target, sizeof target) < 0);
  MUST(symlink("f", "f") != 0);
  expect("= rcl absent l");
  expect("= sa file f");
}
