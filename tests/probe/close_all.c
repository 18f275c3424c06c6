// Closes every descriptor first, as daemons do.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  expect("= r file f");
  for (int fd = 0; fd < 1024; ++fd) close(fd);
  read_file("f");
}
