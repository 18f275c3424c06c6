// Attributes, by name and by link; "link/" is what it leads to.
#include "probe.h"
#include <sys/vfs.h>

void setup(void) {
  MUST(mkdir("d", 0755) == 0);
  write_file("e", "xyz", 0644);
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
  // A descriptor says nothing that opening it did not say; the empty name of a directory's is the
  // directory, of the working directory's too.
  int fd = open("e", O_RDONLY), dir = open("d", O_PATH);
  MUST(fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && st.st_size == 3);
  MUST(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &sx) == 0 && sx.stx_size == 3);
  MUST(syscall(SYS_statx, dir, "", AT_EMPTY_PATH, STATX_MODE, &sx) == 0 && S_ISDIR(sx.stx_mode));
  MUST(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH) == 0 && S_ISDIR(st.st_mode));
  MUST(statx(dir, "", 0, STATX_SIZE, &sx) != 0 && errno == ENOENT);
  MUST(statx(999, "", AT_EMPTY_PATH, STATX_SIZE, &sx) != 0 && errno == EBADF);
  MUST(statx(fd, (const char *)8, AT_EMPTY_PATH, STATX_SIZE, &sx) != 0 && errno == EFAULT);
  MUST(statfs("h", &fs) == 0);
  MUST(access("nope", F_OK) != 0);
  expect("= r file e");
  expect("= s file f");
  expect("= s symlink k");
  expect("= r symlink l");
  expect("= sa directory d");
  expect("= s file g");
  expect("= s file h");
  expect("= a absent nope");
}
