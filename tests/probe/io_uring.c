// io_uring is refused: its opens would bypass the filter.
#include "probe.h"

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  char params[256] = {0};
  MUST(syscall(SYS_io_uring_setup, 4, params) < 0 && errno == ENOSYS);
}
