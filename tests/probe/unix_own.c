// Talks to a socket that it made itself.
#include "probe.h"

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "sock"};
  int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  MUST(connect(client, (struct sockaddr *)&to, sizeof to) != 0 && errno == ENOENT);
  MUST(bind(server, (struct sockaddr *)&to, sizeof to) == 0 && listen(server, 1) == 0);
  MUST(connect(client, (struct sockaddr *)&to, sizeof to) == 0);
  expect("= ac absent sock");
}
