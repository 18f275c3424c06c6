// What each way of opening means.
#include "probe.h"

void setup(void) {
  write_file("trunc", "x", 0644);
  write_file("append", "x", 0644);
  write_file("update", "x", 0644);
  write_file("taken", "x", 0644);
  write_file("looked", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  struct stat st;
  MUST(open("created", O_WRONLY | O_CREAT, 0644) >= 0);
  MUST(open("trunc", O_WRONLY | O_CREAT | O_TRUNC, 0644) >= 0);
  MUST(open("append", O_WRONLY | O_APPEND) >= 0);
  MUST(open("update", O_RDWR) >= 0);
  MUST(open("taken", O_WRONLY | O_CREAT | O_EXCL, 0644) < 0);
  MUST(open("nowrite", O_WRONLY) < 0);
  int fd = open("looked", O_PATH);
  MUST(fd >= 0 && fstat(fd, &st) == 0);
  expect("= wc absent created");
  expect("= w file trunc");
  expect("= rw file append");
  expect("= rw file update");
  expect("= a file taken");
  expect("= a absent nowrite");
  expect("= sa file looked");
}
