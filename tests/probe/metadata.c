// Attributes are changed by name and through a read-only descriptor.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
  write_file("g", "x", 0644);
  write_file("h", "x", 0644);
  MUST(symlink("h", "l") == 0);
}

void run(const char *arg) {
  (void)arg;
  MUST(chmod("f", 0600) == 0);
  int fd = open("g", O_RDONLY);
  MUST(fd >= 0 && fchmod(fd, 0600) == 0);
  MUST(utimensat(AT_FDCWD, "h", NULL, 0) == 0);
  MUST(utimensat(AT_FDCWD, "l", NULL, AT_SYMLINK_NOFOLLOW) == 0);
  expect("= m file f");
  expect("= rm file g");
  expect("= m file h");
  expect("= m symlink l");
}
