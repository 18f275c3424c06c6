// Writes through a shared mapping.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  int fd = open("f", O_RDWR);
  char *at = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  MUST(at != MAP_FAILED);
  *at = 'y';
  expect("= rw file f");
}
