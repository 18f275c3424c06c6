// A 32-bit program without any library: `gcc -m32 -static -nostdlib` needs no multilib packages.
// Same conduct as ../probe.h: `PROBE setup`, then `PROBE run [ARG]` prints what must be seen.
#ifndef BXL_FREESTANDING_H
#define BXL_FREESTANDING_H

typedef unsigned int u32;
typedef unsigned long long u64;

static inline int call6(int number, u32 a, u32 b, u32 c, u32 d, u32 e, u32 f) {
  int result;
  // %ebp is the frame pointer: by hand.
  u32 block[2] = {(u32)number, f};
  __asm__ volatile(
      "push %%ebp\n\t"
      "mov 4(%%eax), %%ebp\n\t"
      "mov (%%eax), %%eax\n\t"
      "int $0x80\n\t"
      "pop %%ebp"
      : "=a"(result)
      : "a"(block), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
      : "memory");
  return result;
}
#define CALL(nr, a, b, c, d, e, f) \
  call6(nr, (u32)(a), (u32)(b), (u32)(c), (u32)(d), (u32)(e), (u32)(f))
#define CALL0(nr) CALL(nr, 0, 0, 0, 0, 0, 0)
#define CALL1(nr, a) CALL(nr, a, 0, 0, 0, 0, 0)
#define CALL2(nr, a, b) CALL(nr, a, b, 0, 0, 0, 0)
#define CALL3(nr, a, b, c) CALL(nr, a, b, c, 0, 0, 0)
#define CALL4(nr, a, b, c, d) CALL(nr, a, b, c, d, 0, 0)
#define CALL5(nr, a, b, c, d, e) CALL(nr, a, b, c, d, e, 0)

// Numbers of arch/x86/entry/syscalls/syscall_32.tbl.
enum {
  nr_exit = 1, nr_read = 3, nr_write = 4, nr_open = 5, nr_close = 6, nr_creat = 8, nr_link = 9,
  nr_unlink = 10, nr_execve = 11, nr_chdir = 12, nr_chmod = 15, nr_access = 33, nr_rename = 38,
  nr_mkdir = 39, nr_rmdir = 40, nr_symlink = 83, nr_readlink = 85, nr_oldreaddir = 89,
  nr_truncate = 92, nr_socketcall = 102, nr_stat = 106, nr_lstat = 107, nr_ipc = 117,
  nr_getdents = 141, nr_setresuid16 = 164, nr_truncate64 = 193, nr_stat64 = 195, nr_lstat64 = 196,
  nr_setresuid = 208, nr_getdents64 = 220, nr_statfs64 = 268, nr_openat = 295, nr_unlinkat = 301,
  nr_utimensat = 320, nr_statx = 383, nr_fstatat64 = 300, nr_socket = 359, nr_connect = 362,
  nr_sendto = 369, nr_utimensat_time64 = 412, nr_io_uring_setup = 425, nr_openat2 = 437
};

static inline u32 length_of(const char *text) {
  u32 n = 0;
  while (text[n]) ++n;
  return n;
}
static inline void expect(const char *line) {
  CALL3(nr_write, 1, line, length_of(line));
  CALL3(nr_write, 1, "\n", 1);
}
static inline int equal(const char *a, const char *b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}
static inline void must(int condition, const char *text) {
  if (condition) return;
  CALL3(nr_write, 1, "# ", 2);
  expect(text);
  CALL1(nr_exit, 1);
}
#define MUST(condition) must(condition, #condition)

static inline void write_file(const char *path, const char *text) {
  int fd = CALL2(nr_creat, path, 0644);
  MUST(fd >= 0);
  CALL3(nr_write, fd, text, length_of(text));
  CALL1(nr_close, fd);
}

void setup(void);
void run(const char *arg);
extern char **program_arguments;

#define BXL_START                                                          \
  char **program_arguments;                                                \
  __attribute__((used)) static void begin(u32 *stack) {                    \
    int argc = (int)stack[0];                                              \
    char **argv = (char **)(stack + 1);                                    \
    program_arguments = argv;                                              \
    if (argc > 1 && equal(argv[1], "setup")) setup();                      \
    if (argc > 1 && equal(argv[1], "run")) run(argc > 2 ? argv[2] : "");   \
    CALL1(nr_exit, 0);                                                     \
  }                                                                        \
  __asm__(".globl _start\n_start: mov %esp, %eax\n push %eax\n call begin\n hlt\n");

#endif
