// Becomes somebody else (as root only).
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  MUST(setuid(getuid()) == 0);
  if (getuid() == 0) {
    MUST(setresuid(65534, 65534, 65534) == 0);
    expect("! credentials");
  }
}
