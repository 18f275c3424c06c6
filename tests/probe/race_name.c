// One thread makes files by a name that another one keeps changing from inside to outside: what was
// looked at is not always what the kernel uses. `PROBE run OUTSIDE`.
#include "probe.h"

static char name[4096];
static char choices[2][4096];
static volatile int over;

static void *swaps(void *unused) {
  (void)unused;
  for (int i = 0; !over; ++i) memcpy(name, choices[i & 1], 200);
  return NULL;
}

void setup(void) {
}

void run(const char *arg) {
  pthread_t other;
  // The same length, so that no mixture is a third name.
  snprintf(choices[1], sizeof choices[1], "%s/new", arg);
  MUST(getcwd(choices[0], sizeof choices[0]) && strlen(choices[0]) == strlen(arg));
  strcat(choices[0], "/new");
  strcpy(name, choices[0]);
  MUST(pthread_create(&other, NULL, swaps, NULL) == 0);
  for (int i = 0; i < 20000; ++i) {
    int fd = open(name, O_WRONLY | O_CREAT, 0644);
    if (fd >= 0) close(fd);
  }
  over = 1;
  pthread_join(other, NULL);
}
