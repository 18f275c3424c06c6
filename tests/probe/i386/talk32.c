// Sockets by socketcall() and a System V queue by ipc(), each of somebody outside.
#include "freestanding.h"

BXL_START

void setup(void) {
}

void run(const char *arg) {
  struct {
    unsigned short family;
    char path[108];
  } name = {1, {0}};
  u32 args[6] = {1, 1, 0};
  u32 i, fd;
  for (i = 0; arg[i] && i < 107; ++i) name.path[i] = arg[i];
  fd = (u32)CALL2(nr_socketcall, 1, args);
  MUST((int)fd >= 0);
  args[0] = fd;
  args[1] = (u32)&name;
  args[2] = sizeof name;
  MUST(CALL2(nr_socketcall, 3, args) == 0);
  expect("! daemon");

  // Datagram to 192.0.2.1, port 9: one message by sendmsg, whose structure has 32-bit members.
  unsigned char inet[16] = {2, 0, 0, 9, 192, 0, 2, 1};
  u32 message[7] = {(u32)inet, sizeof inet, 0, 0, 0, 0, 0};
  args[0] = 2, args[1] = 2, args[2] = 0;
  fd = (u32)CALL2(nr_socketcall, 1, args);
  MUST((int)fd >= 0);
  args[0] = fd, args[1] = (u32)message, args[2] = 0;
  CALL2(nr_socketcall, 16, args);
  expect("! network");
}
