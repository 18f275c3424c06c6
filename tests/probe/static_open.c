// The same, from a program without a dynamic loader.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  struct stat st;
  read_file("f");
  MUST(stat("nope", &st) != 0);
  write_file("out", "x", 0644);
  expect("= r file f");
  expect("= s absent nope");
  expect("= wc absent out");
}
