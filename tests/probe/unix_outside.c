// Talks to a socket that somebody else made (named by the test).
#include "probe.h"

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strcpy(to.sun_path, arg);
  int client = socket(AF_UNIX, SOCK_STREAM, 0);
  MUST(connect(client, (struct sockaddr *)&to, sizeof to) == 0);
  printf("= a other %s\n! daemon\n", arg);
}
