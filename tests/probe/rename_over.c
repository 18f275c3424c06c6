// Replaces a file by renaming another over it.
#include "probe.h"

void setup(void) {
  write_file("new", "n", 0644);
  write_file("old", "o", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(rename("new", "old") == 0);
  expect("= ru file new");
  expect("= c file old");
}
