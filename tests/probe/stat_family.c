// Attributes, by name and by link; "link/" is what it leads to.
#include "probe.h"
#include <sys/vfs.h>

void setup(void) {
  MUST(mkdir("d", 0755) == 0);
  write_file("f", "x", 0644);
  write_file("g", "x", 0644);
  write_file("h", "x", 0644);
  MUST(symlink("d", "l") == 0 && symlink("f", "k") == 0);
}

void run(const char *arg) {
  (void)arg;
  struct stat st;
  struct statx sx;
  struct statfs fs;
  MUST(stat("f", &st) == 0 && lstat("k", &st) == 0 && S_ISLNK(st.st_mode));
  MUST(lstat("l/", &st) == 0 && S_ISDIR(st.st_mode));
  MUST(statx(AT_FDCWD, "g", 0, STATX_BASIC_STATS, &sx) == 0);
  MUST(statfs("h", &fs) == 0);
  MUST(access("nope", F_OK) != 0);
  expect("= s file f");
  expect("= s symlink k");
  expect("= r symlink l");
  expect("= s directory d");
  expect("= s file g");
  expect("= s file h");
  expect("= a absent nope");
}
