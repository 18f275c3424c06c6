// A script whose interpreter is a script: the kernel opens both.
#include "probe.h"

void setup(void) {
  write_file("one", "#!./two with-arg\n", 0755);
  write_file("two", "#! /bin/sh\nexit 0\n", 0755);
}

void run(const char *arg) {
  (void)arg;
  pid_t pid = fork();
  if (pid == 0) {
    execl("./one", "one", (char *)NULL);
    _exit(99);
  }
  int status;
  MUST(waitpid(pid, &status, 0) == pid && status == 0);
  expect("= rx file one");
  expect("= rx file two");
}
