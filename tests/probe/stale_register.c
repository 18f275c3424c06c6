// A raw system call straight after one of libc's: whatever is left in the registers opens nothing
// unseen.
#include "probe.h"

#include <signal.h>

static long raw_open(const char* path) {
  long result;
  register long r10 __asm__("r10") = 0;
  // The sixth argument register stays as the call before left it.
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(SYS_openat), "D"((long)AT_FDCWD), "S"(path), "d"((long)O_RDONLY), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}

static volatile int opened;
static void on_signal(int number) {
  (void)number;
  opened = (int)raw_open("in_handler");
}

void setup(void) {
  write_file("wrapped", "a", 0644);
  write_file("raw", "b", 0644);
  write_file("in_handler", "c", 0644);
}

void run(const char* arg) {
  (void)arg;
  signal(SIGUSR1, on_signal);
  int fd = open("wrapped", O_RDONLY);
  long other = raw_open("raw");
  MUST(fd >= 0 && other >= 0);
  raise(SIGUSR1);
  MUST(opened >= 0);
  expect("= r file wrapped");
  expect("= r file raw");
  expect("= r file in_handler");
}
