// Leaves a process behind, in a session of its own, with the console still open.
#include "probe.h"

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  if (fork() == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    sleep(1000);
  }
  expect("! survivor");
}
