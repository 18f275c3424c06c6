// Paths through /proc and /dev/fd are what they lead to.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
  write_file("g", "x", 0644);
  MUST(mkdir("d", 0755) == 0);
  write_file("d/h", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  char name[64];
  read_file("/proc/self/cwd/f");
  int dir = open("d", O_RDONLY | O_DIRECTORY);
  sprintf(name, "/dev/fd/%d/h", dir);
  read_file(name);
  char cwd[4000], whole[4100];
  MUST(getcwd(cwd, sizeof cwd) != NULL);
  sprintf(whole, "/proc/thread-self/root%s/g", cwd);
  read_file(whole);
  expect("= r file f");
  expect("= r file g");
  expect("= a directory d");
  expect("= r file d/h");
}
