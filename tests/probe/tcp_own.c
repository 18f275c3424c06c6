// Talks to its own server on the loopback, and to a port where nobody listens.
#include "probe.h"
#include <netinet/in.h>

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof to;
  int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  MUST(bind(server, (struct sockaddr *)&to, sizeof to) == 0 && listen(server, 1) == 0);
  MUST(getsockname(server, (struct sockaddr *)&to, &size) == 0);
  MUST(connect(client, (struct sockaddr *)&to, sizeof to) == 0);
  to.sin_port = htons(1);
  (void)!connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to);
}
