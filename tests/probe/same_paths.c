// Eight threads look for the same names at the same time, found and not.
#include "probe.h"

enum { kNames = 200 };

static pthread_barrier_t start;

void setup(void) {
  char name[32];
  for (int i = 0; i < kNames; i += 2) {
    snprintf(name, sizeof name, "n%d", i);
    write_file(name, "x", 0644);
  }
}

static void *looks(void *unused) {
  struct stat st;
  char name[32];
  pthread_barrier_wait(&start);
  for (int i = 0; i < kNames; ++i) {
    snprintf(name, sizeof name, "n%d", i);
    MUST((stat(name, &st) == 0) == (i % 2 == 0));
  }
  return unused;
}

void run(const char *arg) {
  pthread_t threads[8];
  char line[64];
  (void)arg;
  MUST(pthread_barrier_init(&start, NULL, 8) == 0);
  for (int i = 0; i < 8; ++i) MUST(pthread_create(&threads[i], NULL, looks, NULL) == 0);
  for (int i = 0; i < 8; ++i) pthread_join(threads[i], NULL);
  for (int i = 0; i < kNames; ++i) {
    snprintf(line, sizeof line, "= s %s n%d", i % 2 == 0 ? "file" : "absent", i);
    expect(line);
  }
}
