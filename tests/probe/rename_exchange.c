// Swaps two files.
#include "probe.h"

void setup(void) {
  write_file("a", "a", 0644);
  write_file("b", "b", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE) == 0);
  expect("= rcu file a");
  expect("= rcu file b");
}
