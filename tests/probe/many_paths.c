// More names than the shim's table holds.
#include "probe.h"

void setup(void) {}

void run(const char* arg) {
  (void)arg;
  char name[64];
  for (int i = 0; i < 30000; ++i) {
    snprintf(name, sizeof name, "/nowhere-%d", i);
    MUST(access(name, F_OK) != 0);
  }
}
