// Attributes of regular files, by name.
#include "probe.h"

#include <sys/xattr.h>

void setup(void) {
  write_file("f", "x", 0644);
  write_file("g", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  char value[4];
  MUST(chmod("f", 0600) == 0);
  MUST(chown("f", -1, -1) == 0);
  MUST(utimensat(AT_FDCWD, "f", NULL, 0) == 0);
  MUST(chmod("nope", 0600) != 0);
  MUST(getxattr("g", "user.none", value, sizeof value) < 0);
  expect("= m file f");
  expect("= a absent nope");
  expect("= s file g");
}
