// The rows of the i386 table: 32-bit programs, and int 0x80 of any program. Reviewed against Linux
// 6.18.
//
// Most calls have a namesake among the x86-64 ones that means the same with the same arguments:
// such a row names its number and takes over the verdict. Where only widths differ (16-bit user
// ids, 64-bit lengths in two arguments, 32-bit structures), decode_32bit.cc makes up for it.
#include <array>
#include <cerrno>

#include "sandbox/syscall_table.h"

namespace bxl::sandbox {

namespace {

constexpr SyscallRow like(std::uint16_t nr, const char* name, std::uint16_t x86_64) {
  SyscallRow row;
  row.number = nr;
  row.name = name;
  row.like = x86_64;
  return row;
}
constexpr SyscallRow trap(std::uint16_t nr, const char* name, Kind kind) {
  return {nr, name, Verdict::Trap, kind, {}, 0, "", nr};
}
constexpr SyscallRow gone(std::uint16_t nr, const char* name) {
  return {nr, name, Verdict::Refuse, Kind::None, {}, ENOSYS, "never did anything in Linux", nr};
}

constexpr std::uint16_t kFirstCommon = 424;  // from here on both tables have the same numbers

// Comments name the x86-64 call where it is called otherwise.
constexpr SyscallRow kRows[] = {
    like(0, "restart_syscall", 219),
    like(1, "exit", 60),
    like(2, "fork", 57),
    like(3, "read", 0),
    like(4, "write", 1),
    like(5, "open", 2),
    like(6, "close", 3),
    like(7, "waitpid", 61),  // wait4
    like(8, "creat", 85),
    like(9, "link", 86),
    like(10, "unlink", 87),
    like(11, "execve", 59),
    like(12, "chdir", 80),
    like(13, "time", 201),
    like(14, "mknod", 133),
    like(15, "chmod", 90),
    like(16, "lchown", 94),
    gone(17, "break"),
    like(18, "oldstat", 4),  // stat
    like(19, "lseek", 8),
    like(20, "getpid", 39),
    like(21, "mount", 165),
    like(22, "umount", 166),  // umount2
    like(23, "setuid", 105),
    like(24, "getuid", 102),
    like(25, "stime", 164),  // settimeofday
    like(26, "ptrace", 101),
    like(27, "alarm", 37),
    like(28, "oldfstat", 5),  // fstat
    like(29, "pause", 34),
    like(30, "utime", 132),
    gone(31, "stty"),
    gone(32, "gtty"),
    like(33, "access", 21),
    like(34, "nice", 141),  // setpriority
    gone(35, "ftime"),
    like(36, "sync", 162),
    like(37, "kill", 62),
    like(38, "rename", 82),
    like(39, "mkdir", 83),
    like(40, "rmdir", 84),
    like(41, "dup", 32),
    like(42, "pipe", 22),
    like(43, "times", 100),
    gone(44, "prof"),
    like(45, "brk", 12),
    like(46, "setgid", 106),
    like(47, "getgid", 104),
    like(48, "signal", 13),  // rt_sigaction
    like(49, "geteuid", 107),
    like(50, "getegid", 108),
    like(51, "acct", 163),
    like(52, "umount2", 166),
    gone(53, "lock"),
    like(54, "ioctl", 16),
    like(55, "fcntl", 72),
    gone(56, "mpx"),
    like(57, "setpgid", 109),
    gone(58, "ulimit"),
    like(59, "oldolduname", 63),  // uname
    like(60, "umask", 95),
    like(61, "chroot", 161),
    like(62, "ustat", 136),
    like(63, "dup2", 33),
    like(64, "getppid", 110),
    like(65, "getpgrp", 111),
    like(66, "setsid", 112),
    like(67, "sigaction", 13),  // rt_sigaction
    like(68, "sgetmask", 14),   // rt_sigprocmask
    like(69, "ssetmask", 14),   // rt_sigprocmask
    like(70, "setreuid", 113),
    like(71, "setregid", 114),
    like(72, "sigsuspend", 130),  // rt_sigsuspend
    like(73, "sigpending", 127),  // rt_sigpending
    like(74, "sethostname", 170),
    like(75, "setrlimit", 160),
    like(76, "getrlimit", 97),
    like(77, "getrusage", 98),
    like(78, "gettimeofday", 96),
    like(79, "settimeofday", 164),
    like(80, "getgroups", 115),
    like(81, "setgroups", 116),
    like(82, "select", 23),
    like(83, "symlink", 88),
    like(84, "oldlstat", 6),  // lstat
    like(85, "readlink", 89),
    like(86, "uselib", 134),
    like(87, "swapon", 167),
    like(88, "reboot", 169),
    like(89, "readdir", 78),  // getdents
    like(90, "mmap", 9),
    like(91, "munmap", 11),
    like(92, "truncate", 76),
    like(93, "ftruncate", 77),
    like(94, "fchmod", 91),
    like(95, "fchown", 93),
    like(96, "getpriority", 140),
    like(97, "setpriority", 141),
    gone(98, "profil"),
    like(99, "statfs", 137),
    like(100, "fstatfs", 138),
    like(101, "ioperm", 173),
    trap(102, "socketcall", Kind::Socketcall),
    like(103, "syslog", 103),
    like(104, "setitimer", 38),
    like(105, "getitimer", 36),
    like(106, "stat", 4),
    like(107, "lstat", 6),
    like(108, "fstat", 5),
    like(109, "olduname", 63),  // uname
    like(110, "iopl", 172),
    like(111, "vhangup", 153),
    gone(112, "idle"),
    gone(113, "vm86old"),
    like(114, "wait4", 61),
    like(115, "swapoff", 168),
    like(116, "sysinfo", 99),
    trap(117, "ipc", Kind::Ipc),
    like(118, "fsync", 74),
    like(119, "sigreturn", 15),  // rt_sigreturn
    like(120, "clone", 56),
    like(121, "setdomainname", 171),
    like(122, "uname", 63),
    like(123, "modify_ldt", 154),
    like(124, "adjtimex", 159),
    like(125, "mprotect", 10),
    like(126, "sigprocmask", 14),  // rt_sigprocmask
    like(127, "create_module", 174),
    like(128, "init_module", 175),
    like(129, "delete_module", 176),
    like(130, "get_kernel_syms", 177),
    like(131, "quotactl", 179),
    like(132, "getpgid", 121),
    like(133, "fchdir", 81),
    gone(134, "bdflush"),
    like(135, "sysfs", 139),
    like(136, "personality", 135),
    like(137, "afs_syscall", 183),
    like(138, "setfsuid", 122),
    like(139, "setfsgid", 123),
    like(140, "_llseek", 8),  // lseek
    like(141, "getdents", 78),
    like(142, "_newselect", 23),  // select
    like(143, "flock", 73),
    like(144, "msync", 26),
    like(145, "readv", 19),
    like(146, "writev", 20),
    like(147, "getsid", 124),
    like(148, "fdatasync", 75),
    like(149, "_sysctl", 156),
    like(150, "mlock", 149),
    like(151, "munlock", 150),
    like(152, "mlockall", 151),
    like(153, "munlockall", 152),
    like(154, "sched_setparam", 142),
    like(155, "sched_getparam", 143),
    like(156, "sched_setscheduler", 144),
    like(157, "sched_getscheduler", 145),
    like(158, "sched_yield", 24),
    like(159, "sched_get_priority_max", 146),
    like(160, "sched_get_priority_min", 147),
    like(161, "sched_rr_get_interval", 148),
    like(162, "nanosleep", 35),
    like(163, "mremap", 25),
    like(164, "setresuid", 117),
    like(165, "getresuid", 118),
    gone(166, "vm86"),
    like(167, "query_module", 178),
    like(168, "poll", 7),
    like(169, "nfsservctl", 180),
    like(170, "setresgid", 119),
    like(171, "getresgid", 120),
    like(172, "prctl", 157),
    like(173, "rt_sigreturn", 15),
    like(174, "rt_sigaction", 13),
    like(175, "rt_sigprocmask", 14),
    like(176, "rt_sigpending", 127),
    like(177, "rt_sigtimedwait", 128),
    like(178, "rt_sigqueueinfo", 129),
    like(179, "rt_sigsuspend", 130),
    like(180, "pread64", 17),
    like(181, "pwrite64", 18),
    like(182, "chown", 92),
    like(183, "getcwd", 79),
    like(184, "capget", 125),
    like(185, "capset", 126),
    like(186, "sigaltstack", 131),
    like(187, "sendfile", 40),
    like(188, "getpmsg", 181),
    like(189, "putpmsg", 182),
    like(190, "vfork", 58),
    like(191, "ugetrlimit", 97),    // getrlimit
    like(192, "mmap2", 9),          // mmap
    like(193, "truncate64", 76),    // truncate
    like(194, "ftruncate64", 77),   // ftruncate
    like(195, "stat64", 4),         // stat
    like(196, "lstat64", 6),        // lstat
    like(197, "fstat64", 5),        // fstat
    like(198, "lchown32", 94),      // lchown
    like(199, "getuid32", 102),     // getuid
    like(200, "getgid32", 104),     // getgid
    like(201, "geteuid32", 107),    // geteuid
    like(202, "getegid32", 108),    // getegid
    like(203, "setreuid32", 113),   // setreuid
    like(204, "setregid32", 114),   // setregid
    like(205, "getgroups32", 115),  // getgroups
    like(206, "setgroups32", 116),  // setgroups
    like(207, "fchown32", 93),      // fchown
    like(208, "setresuid32", 117),  // setresuid
    like(209, "getresuid32", 118),  // getresuid
    like(210, "setresgid32", 119),  // setresgid
    like(211, "getresgid32", 120),  // getresgid
    like(212, "chown32", 92),       // chown
    like(213, "setuid32", 105),     // setuid
    like(214, "setgid32", 106),     // setgid
    like(215, "setfsuid32", 122),   // setfsuid
    like(216, "setfsgid32", 123),   // setfsgid
    like(217, "pivot_root", 155),
    like(218, "mincore", 27),
    like(219, "madvise", 28),
    like(220, "getdents64", 217),
    like(221, "fcntl64", 72),  // fcntl
    like(224, "gettid", 186),
    like(225, "readahead", 187),
    like(226, "setxattr", 188),
    like(227, "lsetxattr", 189),
    like(228, "fsetxattr", 190),
    like(229, "getxattr", 191),
    like(230, "lgetxattr", 192),
    like(231, "fgetxattr", 193),
    like(232, "listxattr", 194),
    like(233, "llistxattr", 195),
    like(234, "flistxattr", 196),
    like(235, "removexattr", 197),
    like(236, "lremovexattr", 198),
    like(237, "fremovexattr", 199),
    like(238, "tkill", 200),
    like(239, "sendfile64", 40),  // sendfile
    like(240, "futex", 202),
    like(241, "sched_setaffinity", 203),
    like(242, "sched_getaffinity", 204),
    like(243, "set_thread_area", 205),
    like(244, "get_thread_area", 211),
    like(245, "io_setup", 206),
    like(246, "io_destroy", 207),
    like(247, "io_getevents", 208),
    like(248, "io_submit", 209),
    like(249, "io_cancel", 210),
    like(250, "fadvise64", 221),
    like(252, "exit_group", 231),
    like(253, "lookup_dcookie", 212),
    like(254, "epoll_create", 213),
    like(255, "epoll_ctl", 233),
    like(256, "epoll_wait", 232),
    like(257, "remap_file_pages", 216),
    like(258, "set_tid_address", 218),
    like(259, "timer_create", 222),
    like(260, "timer_settime", 223),
    like(261, "timer_gettime", 224),
    like(262, "timer_getoverrun", 225),
    like(263, "timer_delete", 226),
    like(264, "clock_settime", 227),
    like(265, "clock_gettime", 228),
    like(266, "clock_getres", 229),
    like(267, "clock_nanosleep", 230),
    like(268, "statfs64", 137),   // statfs
    like(269, "fstatfs64", 138),  // fstatfs
    like(270, "tgkill", 234),
    like(271, "utimes", 235),
    like(272, "fadvise64_64", 221),  // fadvise64
    like(273, "vserver", 236),
    like(274, "mbind", 237),
    like(275, "get_mempolicy", 239),
    like(276, "set_mempolicy", 238),
    like(277, "mq_open", 240),
    like(278, "mq_unlink", 241),
    like(279, "mq_timedsend", 242),
    like(280, "mq_timedreceive", 243),
    like(281, "mq_notify", 244),
    like(282, "mq_getsetattr", 245),
    like(283, "kexec_load", 246),
    like(284, "waitid", 247),
    like(286, "add_key", 248),
    like(287, "request_key", 249),
    like(288, "keyctl", 250),
    like(289, "ioprio_set", 251),
    like(290, "ioprio_get", 252),
    like(291, "inotify_init", 253),
    like(292, "inotify_add_watch", 254),
    like(293, "inotify_rm_watch", 255),
    like(294, "migrate_pages", 256),
    like(295, "openat", 257),
    like(296, "mkdirat", 258),
    like(297, "mknodat", 259),
    like(298, "fchownat", 260),
    like(299, "futimesat", 261),
    like(300, "fstatat64", 262),  // newfstatat
    like(301, "unlinkat", 263),
    like(302, "renameat", 264),
    like(303, "linkat", 265),
    like(304, "symlinkat", 266),
    like(305, "readlinkat", 267),
    like(306, "fchmodat", 268),
    like(307, "faccessat", 269),
    like(308, "pselect6", 270),
    like(309, "ppoll", 271),
    like(310, "unshare", 272),
    like(311, "set_robust_list", 273),
    like(312, "get_robust_list", 274),
    like(313, "splice", 275),
    like(314, "sync_file_range", 277),
    like(315, "tee", 276),
    like(316, "vmsplice", 278),
    like(317, "move_pages", 279),
    like(318, "getcpu", 309),
    like(319, "epoll_pwait", 281),
    like(320, "utimensat", 280),
    like(321, "signalfd", 282),
    like(322, "timerfd_create", 283),
    like(323, "eventfd", 284),
    like(324, "fallocate", 285),
    like(325, "timerfd_settime", 286),
    like(326, "timerfd_gettime", 287),
    like(327, "signalfd4", 289),
    like(328, "eventfd2", 290),
    like(329, "epoll_create1", 291),
    like(330, "dup3", 292),
    like(331, "pipe2", 293),
    like(332, "inotify_init1", 294),
    like(333, "preadv", 295),
    like(334, "pwritev", 296),
    like(335, "rt_tgsigqueueinfo", 297),
    like(336, "perf_event_open", 298),
    like(337, "recvmmsg", 299),
    like(338, "fanotify_init", 300),
    {339,
     "fanotify_mark",
     Verdict::Trap,
     Kind::Watch,
     {.dir = 4, .path = 5},
     0,
     "",
     301},  // its 64-bit mask takes two arguments
    like(340, "prlimit64", 302),
    like(341, "name_to_handle_at", 303),
    like(342, "open_by_handle_at", 304),
    like(343, "clock_adjtime", 305),
    like(344, "syncfs", 306),
    like(345, "sendmmsg", 307),
    like(346, "setns", 308),
    like(347, "process_vm_readv", 310),
    like(348, "process_vm_writev", 311),
    like(349, "kcmp", 312),
    like(350, "finit_module", 313),
    like(351, "sched_setattr", 314),
    like(352, "sched_getattr", 315),
    like(353, "renameat2", 316),
    like(354, "seccomp", 317),
    like(355, "getrandom", 318),
    like(356, "memfd_create", 319),
    like(357, "bpf", 321),
    like(358, "execveat", 322),
    like(359, "socket", 41),
    like(360, "socketpair", 53),
    like(361, "bind", 49),
    like(362, "connect", 42),
    like(363, "listen", 50),
    like(364, "accept4", 288),
    like(365, "getsockopt", 55),
    like(366, "setsockopt", 54),
    like(367, "getsockname", 51),
    like(368, "getpeername", 52),
    like(369, "sendto", 44),
    like(370, "sendmsg", 46),
    like(371, "recvfrom", 45),
    like(372, "recvmsg", 47),
    like(373, "shutdown", 48),
    like(374, "userfaultfd", 323),
    like(375, "membarrier", 324),
    like(376, "mlock2", 325),
    like(377, "copy_file_range", 326),
    like(378, "preadv2", 327),
    like(379, "pwritev2", 328),
    like(380, "pkey_mprotect", 329),
    like(381, "pkey_alloc", 330),
    like(382, "pkey_free", 331),
    like(383, "statx", 332),
    like(384, "arch_prctl", 158),
    like(385, "io_pgetevents", 333),
    like(386, "rseq", 334),
    like(393, "semget", 64),
    like(394, "semctl", 66),
    like(395, "shmget", 29),
    like(396, "shmctl", 31),
    like(397, "shmat", 30),
    like(398, "shmdt", 67),
    like(399, "msgget", 68),
    like(400, "msgsnd", 69),
    like(401, "msgrcv", 70),
    like(402, "msgctl", 71),
    like(403, "clock_gettime64", 228),               // clock_gettime
    like(404, "clock_settime64", 227),               // clock_settime
    like(405, "clock_adjtime64", 305),               // clock_adjtime
    like(406, "clock_getres_time64", 229),           // clock_getres
    like(407, "clock_nanosleep_time64", 230),        // clock_nanosleep
    like(408, "timer_gettime64", 224),               // timer_gettime
    like(409, "timer_settime64", 223),               // timer_settime
    like(410, "timerfd_gettime64", 287),             // timerfd_gettime
    like(411, "timerfd_settime64", 286),             // timerfd_settime
    like(412, "utimensat_time64", 280),              // utimensat
    like(413, "pselect6_time64", 270),               // pselect6
    like(414, "ppoll_time64", 271),                  // ppoll
    like(416, "io_pgetevents_time64", 333),          // io_pgetevents
    like(417, "recvmmsg_time64", 299),               // recvmmsg
    like(418, "mq_timedsend_time64", 242),           // mq_timedsend
    like(419, "mq_timedreceive_time64", 243),        // mq_timedreceive
    like(420, "semtimedop_time64", 220),             // semtimedop
    like(421, "rt_sigtimedwait_time64", 128),        // rt_sigtimedwait
    like(422, "futex_time64", 202),                  // futex
    like(423, "sched_rr_get_interval_time64", 148),  // sched_rr_get_interval
};

struct Table {
  std::array<SyscallRow, kLastSyscall + 1> rows{};
  std::array<bool, kLastSyscall + 1> known{};

  Table() {
    for (SyscallRow row : kRows) {
      if (row.verdict == Verdict::Refuse && row.errnum == 0) {
        const SyscallRow& model = *syscall_row(row.like);
        row.verdict = model.verdict;
        row.kind = model.kind;
        row.args = model.args;
        row.errnum = model.errnum;
        row.why = model.why;
      }
      put(row);
    }
    for (const SyscallRow& row : syscall_rows())
      if (row.number >= kFirstCommon) put(row);
  }
  void put(const SyscallRow& row) {
    rows[row.number] = row;
    known[row.number] = true;
  }
};

}  // namespace

const SyscallRow* syscall32_row(std::uint32_t number) {
  static const Table table;
  return number <= kLastSyscall && table.known[number] ? &table.rows[number] : nullptr;
}

}  // namespace bxl::sandbox
