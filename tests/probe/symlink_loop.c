// A loop of links is an error, not an absence.
#include "probe.h"

void setup(void) {
  MUST(symlink("two", "one") == 0 && symlink("one", "two") == 0);
}

void run(const char *arg) {
  (void)arg;
  MUST(open("one", O_RDONLY) < 0 && errno == ELOOP);
  expect("= ra symlink one ELOOP");
  expect("= r symlink two");
}
