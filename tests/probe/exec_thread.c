// Executes a program from a thread that is not the main one.
#include "probe.h"

static void *execute(void *unused) {
  (void)unused;
  execl("./child", "child", "done", (char *)NULL);
  return NULL;
}

void setup(void) {
  copy_self("child");
}

void run(const char *arg) {
  (void)arg;
  pthread_t thread;
  expect("= rx file child");
  MUST(pthread_create(&thread, NULL, execute, NULL) == 0);
  pthread_join(thread, NULL);
  MUST(0);
}
