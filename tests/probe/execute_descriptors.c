// Executes by descriptor: fexecve, a name relative to a directory's descriptor, and memory.
#include "probe.h"

extern char **environ;

void setup(void) {
  MUST(mkdir("d", 0755) == 0);
  copy_self("by_descriptor");
  copy_self("d/by_directory");
  copy_self("to_memory");
}

static void in_child(void (*executes)(char **argv)) {
  char *argv[] = {(char *)"x", (char *)"done", NULL};
  int status;
  pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    executes(argv);
    _exit(77);
  }
  MUST(waitpid(pid, &status, 0) == pid && status == 0);
}

static void by_descriptor(char **argv) {
  fexecve(open("by_descriptor", O_RDONLY | O_CLOEXEC), argv, environ);
}
static void by_directory(char **argv) {
  syscall(SYS_execveat, open("d", O_PATH | O_DIRECTORY), "by_directory", argv, environ, 0);
}
static void from_memory(char **argv) {
  char chunk[65536];
  ssize_t n;
  int in = open("to_memory", O_RDONLY), out = memfd_create("program", MFD_CLOEXEC);
  while ((n = read(in, chunk, sizeof chunk)) > 0) MUST(write(out, chunk, n) == n);
  fexecve(out, argv, environ);
}

void run(const char *arg) {
  (void)arg;
  in_child(by_descriptor);
  expect("= rx file by_descriptor");
  in_child(by_directory);
  expect("= a directory d");
  expect("= rx file d/by_directory");
  in_child(from_memory);
  expect("= r file to_memory");
}
