// Talks to a server of somebody else on the loopback (port from the test).
#include "probe.h"
#include <netinet/in.h>

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  to.sin_port = htons(atoi(arg));
  MUST(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to) == 0);
  expect("! network");
}
