// What permissions forbid is a reason, not an absence and not a write.
#include "probe.h"

void setup(void) {
  MUST(mkdir("locked", 0755) == 0);
  write_file("fixed", "x", 0444);
  write_file("locked/f", "x", 0644);
  MUST(mkdir("closed", 0555) == 0 && chmod("locked", 0) == 0);
}

void run(const char *arg) {
  (void)arg;
  struct stat st;
  MUST(stat("locked/f", &st) != 0 && errno == EACCES);
  MUST(open("closed/new", O_WRONLY | O_CREAT, 0644) < 0);
  MUST(open("fixed", O_RDWR) < 0);
  expect("= s absent locked/f EACCES");
  expect("= a absent closed/new");
  expect("= a file fixed");
  expect("! denied");
}
