// Asks the name service cache, which is not an input; the probe of its socket is outside this directory.
#include "probe.h"

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/var/run/nscd/socket"};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  (void)!connect(fd, (struct sockaddr *)&to, sizeof to);
}
