// System calls made without libc.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(syscall(SYS_open, "f", O_RDONLY) >= 0);
  struct stat st;
  MUST(syscall(SYS_stat, "g", &st) != 0);
  MUST(syscall(SYS_creat, "h", 0644) >= 0);
  expect("= r file f");
  expect("= s absent g");
  expect("= wc absent h");
}
