// Renames that the kernel refuses change nothing.
#include "probe.h"

void setup(void) {
  MUST(mkdir("d", 0755) == 0 && mkdir("full", 0755) == 0);
  write_file("full/x", "x", 0644);
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(rename("gone", "f") != 0);
  MUST(rename("d", "full") != 0);
  MUST(rename("f", "nowhere/f") != 0);
  MUST(rename("d", "d/inside") != 0 && rename("f", "f") == 0);
  expect("= a file f");
  expect("= a absent d/inside");
  expect("= a absent gone");
  expect("= a directory d");
  expect("= a directory full");
  expect("= a absent nowhere/f");
}
