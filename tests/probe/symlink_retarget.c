// A link that is changed meanwhile: both targets are inputs.
#include "probe.h"

void setup(void) {
  write_file("a", "a", 0644);
  write_file("b", "b", 0644);
  MUST(symlink("a", "l") == 0);
}

void run(const char *arg) {
  (void)arg;
  read_file("l");
  read_file("l");
  MUST(unlink("l") == 0 && symlink("b", "l") == 0);
  read_file("l");
  expect("= rcul symlink l");
  expect("= r file a");
  expect("= r file b");
}
