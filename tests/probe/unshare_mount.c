// A mount namespace of its own, and a chroot where permitted.
#include "probe.h"
#include <sched.h>

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) unshare(CLONE_NEWNS);
  MUST(chroot("/") == 0 || errno == EPERM);
  expect("! namespace");
  expect("! mount");
}
