// ".." leaves the target of a link, not the directory that holds the link.
#include "probe.h"

void setup(void) {
  MUST(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
  write_file("a/f", "x", 0644);
  write_file("f", "x", 0644);
  MUST(symlink("a/b", "far") == 0);
}

void run(const char *arg) {
  (void)arg;
  read_file("far/../f");
  expect("= r symlink far");
  expect("= r file a/f");
}
