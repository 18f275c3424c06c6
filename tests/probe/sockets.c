// Makes a socket of each family that matters and says how it went; talks to itself over AF_UNIX.
#include "probe.h"

#include <linux/netlink.h>

void setup(void) {
}

static void says(const char *way, long result) {
  printf("%s %s\n", way, result >= 0 ? "done" : strerrorname_np(errno));
  fflush(stdout);
}

void run(const char *arg) {
  (void)arg;
  int pair[2];
  says("inet", socket(AF_INET, SOCK_STREAM, 0));
  says("inet_udp", socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  says("inet6", socket(AF_INET6, SOCK_STREAM, 0));
  says("packet", socket(AF_PACKET, SOCK_RAW, 0));
  says("vsock", syscall(SYS_socket, 40, SOCK_STREAM, 0));
  says("unix", socket(AF_UNIX, SOCK_STREAM, 0));
  says("pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  says("netlink", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}
