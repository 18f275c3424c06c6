// Executes itself by another name.
#include "freestanding.h"

BXL_START

void setup(void) {
}

void run(const char *arg) {
  (void)arg;
  char *argv[] = {(char *)"exec32", (char *)"done", 0};
  char *envp[] = {0};
  MUST(CALL2(nr_symlink, program_arguments[0], "self") == 0);
  expect("= rcl absent self");
  CALL3(nr_execve, "self", argv, envp);
  MUST(!"executed");
}
