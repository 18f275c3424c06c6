// A path that ends right before an unmapped page, one that crosses a page, and pointers that lead nowhere.
#include "probe.h"

void setup(void) {
  write_file("f", "x", 0644);
}

void run(const char *arg) {
  (void)arg;
  long page = sysconf(_SC_PAGESIZE);
  char *at = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MUST(at != MAP_FAILED && munmap(at + 2 * page, page) == 0);
  strcpy(at + 2 * page - 2, "f");
  read_file(at + 2 * page - 2);
  strcpy(at + page - 3, "./././absent");
  MUST(open(at + page - 3, O_RDONLY) < 0 && errno == ENOENT);
  memset(at + page, 'x', page);
  MUST(open(at + page + 1, O_RDONLY) < 0 && errno == EFAULT);
  MUST(open((char *)8, O_RDONLY) < 0 && errno == EFAULT);
  MUST(syscall(SYS_open, NULL, O_RDONLY) < 0 && errno == EFAULT);
  expect("= r file f");
  expect("= r absent absent");
}
