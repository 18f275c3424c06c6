// Tries to change what lies in another directory, in every way there is, and says how it went: one
// line "WAY ERRNO" each. `PROBE run OUTSIDE` in a directory that may be written.
#include "probe.h"

#include <sys/xattr.h>

void setup(void) {
}

static char path[4096];
static const char *outside;

static const char *at(const char *name) {
  static char paths[2][4096];
  static int turn;
  turn = !turn;
  snprintf(paths[turn], sizeof paths[turn], "%s/%s", outside, name);
  return paths[turn];
}

static void says(const char *way, long result) {
  printf("%s %s\n", way, result >= 0 ? "done" : strerrorname_np(errno));
  fflush(stdout);
}

static void binds(const char *way, const char *name) {
  struct sockaddr_un here = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(here.sun_path, sizeof here.sun_path, "%s", name);
  says(way, bind(fd, (struct sockaddr *)&here, sizeof here));
}

void run(const char *arg) {
  outside = arg;
  snprintf(path, sizeof path, "%s", arg);
  write_file("mine", "mine", 0644);

  says("create", open(at("new"), O_WRONLY | O_CREAT, 0644));
  says("write", open(at("file"), O_WRONLY));
  says("append", open(at("file"), O_WRONLY | O_APPEND));
  says("truncate_open", open(at("file"), O_RDONLY | O_TRUNC));
  says("truncate", truncate(at("file"), 1));
  says("raw", syscall(SYS_openat, AT_FDCWD, at("raw"), O_RDWR | O_CREAT, 0644));
  says("mkdir", mkdir(at("made"), 0755));
  says("rmdir", rmdir(at("empty")));
  says("unlink", unlink(at("victim")));
  says("symlink", symlink("file", at("link")));
  says("fifo", mkfifo(at("fifo"), 0644));
  binds("bind", at("socket"));
  says("rename_out", rename("mine", at("moved")));
  says("rename_in", rename(at("file"), "stolen"));
  says("rename_there", rename(at("file"), at("other")));
  says("link_out", link("mine", at("linked")));
  says("link_in", link(at("file"), "alias"));
  says("chmod", chmod(at("file"), 0600));
  int fd = open(at("file"), O_RDONLY);
  says("fchmod", fchmod(fd, 0600));
  says("futimens", futimens(fd, NULL));
  says("utimes", utimensat(AT_FDCWD, at("file"), NULL, 0));
  says("chown", chown(at("file"), getuid(), getgid()));
  says("xattr", setxattr(at("file"), "user.bxl", "x", 1, 0));
  fd = open(outside, O_TMPFILE | O_WRONLY, 0644);
  if (fd >= 0) {
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    says("tmpfile", linkat(AT_FDCWD, path, AT_FDCWD, at("tmpfile"), AT_SYMLINK_FOLLOW));
  } else {
    says("tmpfile", -1);
  }
  // What may be done still can be.
  says("own", open("own", O_WRONLY | O_CREAT, 0644));
  says("own_link", link("mine", "also_mine"));
  says("own_chmod", chmod("mine", 0600));
  says("null", open("/dev/null", O_WRONLY));
}
