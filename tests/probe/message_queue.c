// A System V queue that somebody else made (key from the test), and one of its own.
#include "probe.h"
#include <sys/ipc.h>
#include <sys/msg.h>

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  MUST(msgget(atoi(arg), 0) >= 0);
  int own = msgget(atoi(arg) + 1, IPC_CREAT | 0600);
  MUST(own >= 0 && msgget(atoi(arg) + 1, 0) == own);
  MUST(msgctl(own, IPC_RMID, NULL) == 0);
  expect("! ipc");
}
