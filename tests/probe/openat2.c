// Opens with openat2, beneath a directory and inside a root.
#include "probe.h"
#include <linux/openat2.h>

void setup(void) {
  MUST(mkdir("d", 0755) == 0);
  write_file("d/f", "x", 0644);
  write_file("d/g", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
  int dir = open("d", O_RDONLY | O_DIRECTORY);
  MUST(dir >= 0);
  MUST(syscall(SYS_openat2, dir, "f", &how, sizeof how) >= 0);
  how.resolve = RESOLVE_IN_ROOT;
  MUST(syscall(SYS_openat2, dir, "/../g", &how, sizeof how) >= 0);
  how.flags = O_WRONLY | O_CREAT;
  how.mode = 0644;
  MUST(syscall(SYS_openat2, dir, "new", &how, sizeof how) >= 0);
  expect("= a directory d");
  expect("= r file d/f");
  expect("= r file d/g");
  expect("= wc absent d/new");
}
