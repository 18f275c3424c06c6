// Opens through links: each is an input of its own.
#include "probe.h"

void setup(void) {
  MUST(mkdir("dir", 0755) == 0);
  write_file("dir/f", "x", 0644);
  MUST(symlink("l2", "l1") == 0 && symlink("ld/f", "l2") == 0 && symlink("dir", "ld") == 0);
}

void run(const char *arg) {
  (void)arg;
  read_file("l1");
  expect("= r symlink l1");
  expect("= r symlink l2");
  expect("= r symlink ld");
  expect("= r file dir/f");
}
