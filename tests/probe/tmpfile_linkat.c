// A file without a name gets one.
#include "probe.h"

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  int fd = open(".", O_TMPFILE | O_WRONLY, 0644);
  MUST(fd >= 0);
  char name[64];
  sprintf(name, "/proc/self/fd/%d", fd);
  MUST(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
  expect("= a directory .");
  expect("= c absent named");
}
