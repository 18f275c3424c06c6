// realpath, fopen and their like answer as libc's own, whoever stands before them.
#include "probe.h"

#include <dlfcn.h>
#include <limits.h>

static void* libc;

static void same_realpath(const char* path) {
  char* (*own)(const char*, char*) = (char* (*)(const char*, char*))dlsym(libc, "realpath");
  char a[PATH_MAX], b[PATH_MAX];
  errno = 0;
  char* x = realpath(path, a);
  int x_errno = errno;
  errno = 0;
  char* y = own(path, b);
  int y_errno = errno;
  if ((x == NULL) != (y == NULL) || (x && strcmp(a, b) != 0) || (!x && x_errno != y_errno)) {
    printf("# realpath(\"%.80s\"): %s %s, libc %s %s\n", path ? path : "(null)", x ? x : "-",
           strerror(x_errno), y ? y : "-", strerror(y_errno));
    exit(1);
  }
  char* allocated = path ? realpath(path, NULL) : NULL;
  MUST((allocated == NULL) == (path == NULL || y == NULL));
  MUST(!allocated || strcmp(allocated, b) == 0);
  free(allocated);
}

static void same_fopen(const char* path, const char* mode) {
  FILE* (*own)(const char*, const char*) = (FILE * (*)(const char*, const char*)) dlsym(libc, "fopen");
  errno = 0;
  FILE* x = fopen(path, mode);
  int x_errno = errno;
  int x_flags = x ? fcntl(fileno(x), F_GETFD) : -1, x_status = x ? fcntl(fileno(x), F_GETFL) : -1;
  if (x) fclose(x);
  errno = 0;
  FILE* y = own(path, mode);
  int y_errno = errno;
  int y_flags = y ? fcntl(fileno(y), F_GETFD) : -1, y_status = y ? fcntl(fileno(y), F_GETFL) : -1;
  if (y) fclose(y);
  // An open directory is a stream whose reads fail, in both.
  if ((x == NULL) != (y == NULL) || (!x && x_errno != y_errno) || x_flags != y_flags ||
      x_status != y_status) {
    printf("# fopen(\"%s\", \"%s\"): %s, libc %s; %d %d, %o %o\n", path, mode, strerror(x_errno),
           strerror(y_errno), x_flags, y_flags, x_status, y_status);
    exit(1);
  }
}

void setup(void) {
  write_file("file", "a", 0644);
  MUST(mkdir("dir", 0755) == 0 && mkdir("dir/sub", 0755) == 0);
  MUST(symlink("dir/sub", "to_sub") == 0 && symlink("../file", "dir/up") == 0);
  MUST(symlink("nowhere", "dangling") == 0 && symlink("loop", "loop") == 0);
  MUST(symlink("loop_b", "loop_a") == 0 && symlink("loop_a", "loop_b") == 0);
}

void run(const char* arg) {
  (void)arg;
  libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
  MUST(libc != NULL);
  char here[PATH_MAX], text[2 * PATH_MAX];
  MUST(getcwd(here, sizeof here) != NULL);
  const char* paths[] = {"file",        "./file",     "dir/../file",      "file/..",   "file/.",
                         "file/",       "dir/",       "dir//sub/./..",    "to_sub",    "to_sub/..",
                         "to_sub/../up", "dir/up",    "dangling",         "loop",      "loop_a",
                         "missing",     "missing/x",  "missing/../file",  "",          ".",
                         "..",          "/",          "//",               "/..",       "/usr/bin/../lib",
                         "/bin/sh",     "/proc/self", "/proc/self/cwd",   "/dev/null", "/dev/stdin",
                         NULL};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; ++i) {
    same_realpath(paths[i]);
    if (!paths[i] || paths[i][0] == '/') continue;
    snprintf(text, sizeof text, "%s/%s", here, paths[i]);
    same_realpath(text);
  }
  memset(text, 'x', sizeof text);
  text[NAME_MAX + 1] = 0;
  same_realpath(text);
  memset(text, 'x', sizeof text);
  for (size_t i = 0; i < sizeof text; i += 100) text[i] = '/';
  text[PATH_MAX + 10] = 0;
  same_realpath(text);
  const char* modes[] = {"r",  "rb", "re", "rbe", "r+", "r+e", "w",  "wx",         "a",
                         "ab+", "rm", "rc", "",    "q",  "re,ccs=UTF-8"};
  const char* files[] = {"file", "missing", "dir", "dangling/x", "loop"};
  for (size_t f = 0; f < sizeof files / sizeof *files; ++f)
    for (size_t m = 0; m < sizeof modes / sizeof *modes; ++m) {
      if (strcmp(files[f], "missing") == 0 && modes[m][0] != 'r') continue;
      same_fopen(files[f], modes[m]);
    }
  // Pointers that are none: errors, no crashes.
  struct stat st;
  MUST(open(NULL, O_RDONLY) == -1 && errno == EFAULT);
  MUST(stat((const char*)1, &st) == -1 && errno == EFAULT);
  MUST(access(NULL, F_OK) == -1 && errno == EFAULT);
  MUST(opendir("file") == NULL && errno == ENOTDIR);
  MUST(opendir("missing") == NULL && errno == ENOENT);
  MUST(opendir("") == NULL && errno == ENOENT);
  char small[3];
  MUST(readlink("to_sub", small, sizeof small) == 3 && memcmp(small, "dir", 3) == 0);
  MUST(readlink("file", small, sizeof small) == -1 && errno == EINVAL);
  expect("done");
}
