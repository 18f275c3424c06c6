// Datagrams: asking for a route is no talk, sending is.
#include "probe.h"
#include <netinet/in.h>

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  MUST(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
  MUST(sendto(fd, "x", 1, 0, NULL, 0) >= 0 || errno != ENOSYS);
  to.sin_port = htons(atoi(arg));
  struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to};
  int other = socket(AF_INET, SOCK_DGRAM, 0);
  (void)!sendmsg(other, &message, 0);
  expect("! network");
}
