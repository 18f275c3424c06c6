// unlink and rmdir, with and without success.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
  MUST(mkdir("empty", 0755) == 0 && mkdir("full", 0755) == 0);
  write_file("full/x", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(unlink("f") == 0 && rmdir("empty") == 0);
  MUST(unlink("nope") != 0 && rmdir("full") != 0 && unlink("full") != 0);
  expect("= u file f");
  expect("= u directory empty");
  expect("= a absent nope");
  expect("= a directory full");
}
