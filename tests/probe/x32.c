// An x32 number is refused, and so is a number that no kernel has.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(syscall(0x40000000 + SYS_open, "f", O_RDONLY) < 0 && errno == ENOSYS);
  MUST(syscall(5000, "f", O_RDONLY) < 0 && errno == ENOSYS);
}
