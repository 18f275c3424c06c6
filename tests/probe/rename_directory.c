// Renames a directory: every member moves; then reads one by its new name.
#include "probe.h"

void setup(void) {
  MUST(mkdir("d", 0755) == 0 && mkdir("d/s", 0755) == 0);
  write_file("d/x", "x", 0644);
  write_file("d/s/y", "y", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(access("e/x", F_OK) != 0);
  MUST(rename("d", "e") == 0);
  read_file("e/x");
  expect("= u directory d");
  expect("= ru file d/x");
  expect("= u directory d/s");
  expect("= ru file d/s/y");
  expect("= d absent e");
  expect("= rac absent e/x");
  expect("= d absent e/s");
  expect("= c absent e/s/y");
}
