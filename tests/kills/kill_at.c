// Preloaded into bxl-exec: counts the notifications that its supervisors receive and answer, and kills
// the process at one of them. $KILL_COUNT names a file of 8 bytes that holds the count, $KILL_AT the
// number to die at (0: never). Receiving and answering count as one each, so that the kill comes both
// while a system call waits for its answer and just after it went on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile unsigned long *count;
static unsigned long at;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("KILL_COUNT"), *number = getenv("KILL_AT");
  if (strcmp(program_invocation_short_name, "bxl-exec") != 0 || !file) return;
  int fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *map = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (map == MAP_FAILED) return;
  at = number ? strtoul(number, NULL, 10) : 0;
  count = map;
}

int ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  const int result = (int)syscall(SYS_ioctl, fd, request, argument);
  const int error = errno;
  if (count && result >= 0 &&
      (request == SECCOMP_IOCTL_NOTIF_RECV || request == SECCOMP_IOCTL_NOTIF_SEND) &&
      __sync_add_and_fetch(count, 1) == at)
    kill(getpid(), SIGKILL);
  errno = error;
  return result;
}
