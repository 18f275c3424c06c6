// What every probe shares. A probe does one thing; it is run as `PROBE setup` unobserved and then
// as `PROBE run [ARG]` observed, both in the same empty directory.
//
// In run() it prints what it must have been seen doing, one line per path below that directory, in
// any order:
//   = OPS KIND PATH          OPS as bxl-sandbox --trace writes them, KIND the state before the
//   first access = OPS KIND PATH [A B]    a listing with its members ! WHAT                   a
//   Reason
// The test demands exactly these, no more and no fewer.
#ifndef BXL_PROBE_H
#define BXL_PROBE_H

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

void setup(void);
void run(const char* arg);

// The probe itself went wrong: the test fails with this text.
#define MUST(cond)                                                             \
  do {                                                                         \
    if (!(cond)) {                                                             \
      printf("# %s:%d: %s: %s\n", __FILE__, __LINE__, #cond, strerror(errno)); \
      fflush(stdout);                                                          \
      _exit(1);                                                                \
    }                                                                          \
  } while (0)

static inline void expect(const char* line) {
  printf("%s\n", line);
  fflush(stdout);
}

static inline void write_file(const char* path, const char* text, int mode) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  MUST(fd >= 0);
  MUST(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
}

static inline void read_file(const char* path) {
  char byte;
  int fd = open(path, O_RDONLY);
  MUST(fd >= 0);
  MUST(read(fd, &byte, 1) >= 0);
  close(fd);
}

// A copy of this very program, to be executed as `NAME done`.
static inline void copy_self(const char* to) {
  char chunk[65536];
  ssize_t n;
  int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
  MUST(in >= 0 && out >= 0);
  while ((n = read(in, chunk, sizeof chunk)) > 0) MUST(write(out, chunk, n) == n);
  close(in);
  close(out);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "setup") == 0) setup();
  if (argc > 1 && strcmp(argv[1], "run") == 0) run(argc > 2 ? argv[2] : "");
  return 0;
}

#endif
