// Threads and processes make no reason.
#include "probe.h"

static void *work(void *unused) {
  (void)unused;
  read_file("f");
  return NULL;
}

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  pthread_t thread;
  MUST(pthread_create(&thread, NULL, work, NULL) == 0);
  pthread_join(thread, NULL);
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  MUST(waitpid(pid, NULL, 0) == pid);
  expect("= r file f");
}
