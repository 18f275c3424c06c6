// A 32-bit system call from a 64-bit program.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  long result;
  char *low = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  MUST(low != MAP_FAILED);
  strcpy(low, "f");
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(5), "b"(low), "c"(0), "d"(0) : "memory");
  // A kernel without 32-bit calls answers ENOSYS after the notification: the attempt is seen.
  MUST(result >= 0 || result == -ENOSYS);
  expect("= r file f");
}
