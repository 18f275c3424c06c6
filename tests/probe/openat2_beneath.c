// Opens with openat2, beneath a directory.
#include "probe.h"

#include <linux/openat2.h>

void setup(void) {
  MUST(mkdir("d", 0755) == 0);
  write_file("d/f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
  int dir = open("d", O_RDONLY | O_DIRECTORY);
  MUST(dir >= 0);
  MUST(syscall(SYS_openat2, dir, "f", &how, sizeof how) >= 0);
  MUST(syscall(SYS_openat2, dir, "nope", &how, sizeof how) < 0);
  expect("= a directory d");
  expect("= r file d/f");
  expect("= r absent d/nope");
}
