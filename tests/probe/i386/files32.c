// The calls about files that a 32-bit program makes, old and new numbers.
#include "freestanding.h"

BXL_START

void setup(void) {
  write_file("r", "text");
  write_file("s", "text");
  write_file("cut", "text");
  write_file("empty", "text");
  write_file("victim", "text");
  write_file("from", "text");
  write_file("mode", "text");
  CALL2(nr_mkdir, "d", 0755);
  CALL2(nr_mkdir, "e", 0755);
  write_file("d/x", "text");
  CALL2(nr_symlink, "r", "link");
}

void run(const char *arg) {
  char buffer[4096];
  u64 how[3] = {0, 0, 0};
  int fd;
  (void)arg;

  fd = CALL2(nr_open, "r", 0);
  MUST(fd >= 0 && CALL3(nr_read, fd, buffer, 4) == 4);
  MUST(CALL4(nr_openat2, -100, "absent", how, sizeof how) == -2);
  expect("= r file r");
  expect("= r absent absent");

  MUST(CALL2(nr_stat64, "s", buffer) == 0 && CALL2(nr_stat, "s", buffer) == 0);
  MUST(CALL4(nr_fstatat64, -100, "s", buffer, 0) == 0);
  MUST(CALL5(nr_statx, -100, "s", 0, 0xfff, buffer) == 0);
  MUST(CALL3(nr_statfs64, "s", 84, buffer) == 0);
  expect("= s file s");
  MUST(CALL3(nr_readlink, "link", buffer, sizeof buffer) == 1);
  MUST(CALL2(nr_lstat64, "link", buffer) == 0 && CALL2(nr_lstat, "link", buffer) == 0);
  expect("= rs symlink link");

  fd = CALL3(nr_openat, -100, "d", 0x10000);
  MUST(fd >= 0 && CALL3(nr_getdents64, fd, buffer, sizeof buffer) > 0);
  expect("= ae directory d [x]");
  MUST(CALL2(nr_access, "e", 0) == 0);
  fd = CALL2(nr_open, "e", 0);
  MUST(fd >= 0 && CALL3(nr_getdents, fd, buffer, sizeof buffer) > 0);
  expect("= ae directory e []");

  MUST(CALL2(nr_mkdir, "new", 0755) == 0 && CALL1(nr_rmdir, "new") == 0);
  expect("= ud absent new");
  write_file("made", "text");
  expect("= wc absent made");
  MUST(CALL1(nr_unlink, "victim") == 0);
  expect("= u file victim");
  MUST(CALL2(nr_rename, "from", "to") == 0);
  expect("= ru file from");
  expect("= c absent to");
  MUST(CALL2(nr_symlink, "r", "made_link") == 0);
  expect("= cl absent made_link");
  MUST(CALL2(nr_chmod, "mode", 0600) == 0);
  MUST(CALL4(nr_utimensat, -100, "mode", 0, 0) == 0);
  MUST(CALL4(nr_utimensat_time64, -100, "mode", 0, 0) == 0);
  expect("= m file mode");
  // A length whose lower half is zero keeps what was there.
  MUST(CALL3(nr_truncate64, "cut", 0, 1) == 0);
  expect("= rw file cut");
  MUST(CALL3(nr_truncate64, "empty", 0, 0) == 0);
  expect("= w file empty");
  MUST(CALL2(nr_io_uring_setup, 1, buffer) == -38);
}
