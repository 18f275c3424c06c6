// A path beyond PATH_MAX reaches no file; a name beyond NAME_MAX is an error of its own.
#include "probe.h"

void setup(void) {}

void run(const char *arg) {
  (void)arg;
  static char path[6000];
  memset(path, 'x', sizeof path - 1);
  MUST(open(path, O_RDONLY) < 0 && errno == ENAMETOOLONG);
  path[300] = '\0';
  MUST(open(path, O_RDONLY) < 0 && errno == ENAMETOOLONG);
  printf("= a absent %s ENAMETOOLONG\n", path);
}
