// A System V message queue that somebody else made, by the one number that i386 has for all of it.
#include "freestanding.h"

BXL_START

void setup(void) {
}

void run(const char *arg) {
  u32 key = 0;
  for (; *arg; ++arg) key = key * 10 + (u32)(*arg - '0');
  MUST(CALL(nr_ipc, 13, key, 0, 0, 0, 0) >= 0);
  expect("! ipc");
}
