// Interrupted calls are restarted where the handler asks for it.
#include "probe.h"
#include <signal.h>
#include <sys/time.h>

static void nothing(int signal) { (void)signal; }

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
  struct itimerval every = {{0, 100}, {0, 100}};
  MUST(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &every, NULL) == 0);
  for (int i = 0; i < 300; ++i) {
    MUST(mkdir("d", 0755) == 0);
    MUST(rmdir("d") == 0);
  }
  expect("= ud absent d");
}
