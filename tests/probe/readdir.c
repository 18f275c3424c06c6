// Lists a directory, and opens another without listing it.
#include "probe.h"

void setup(void) {
  MUST(mkdir("listed", 0755) == 0 && mkdir("entered", 0755) == 0);
  write_file("listed/one", "1", 0644);
  write_file("listed/two", "2", 0644);
}

void run(const char *arg) {
  (void)arg;
  DIR *dir = opendir("listed");
  MUST(dir != NULL);
  int count = 0;
  while (readdir(dir) != NULL) ++count;
  MUST(count == 4);
  closedir(dir);
  int fd = open("entered", O_RDONLY | O_DIRECTORY);
  MUST(fd >= 0 && fchdir(fd) == 0);
  expect("= ae directory listed [one two]");
  expect("= a directory entered");
}
