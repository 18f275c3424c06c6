// A vfork child changes its directory; its parent does not.
#include "probe.h"

void setup(void) {
  MUST(mkdir("sub", 0755) == 0);
  write_file("sub/f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  for (int i = 0; i < 50; ++i) {
    struct stat st;
    pid_t pid = vfork();
    if (pid == 0) {
      int bad = chdir("sub") != 0 || stat("f", &st) != 0;
      _exit(bad);
    }
    int status;
    MUST(waitpid(pid, &status, 0) == pid && status == 0);
    MUST(stat("f", &st) != 0);
  }
  expect("= a directory sub");
  expect("= s file sub/f");
  expect("= s absent f");
}
