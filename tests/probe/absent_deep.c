// Probes through directories that are not there.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  struct stat st;
  MUST(open("no/such/dir/f", O_RDONLY) < 0);
  MUST(stat("gone/../f", &st) != 0);
  MUST(stat("f/below", &st) != 0 && errno == ENOTDIR);
  MUST(stat("f/..", &st) != 0 && errno == ENOTDIR);
  MUST(open("missing/new", O_WRONLY | O_CREAT, 0644) < 0);
  expect("= r absent no/such/dir/f");
  expect("= s absent gone");
  expect("= s absent f/below");
  expect("= s file f");
  expect("= a absent missing/new");
}
