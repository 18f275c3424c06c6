# Where a container refuses system calls: builds need none of those that Docker's and Podman's default profiles keep from
# processes without capabilities (unshare, mounts, and in older ones process_vm_readv and pidfd_getfd).
source "${BASH_SOURCE[0]%/*}/common.sh"
command -v cc >/dev/null || skip "no C compiler"
write refuse.c '#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#define REFUSE(call, error) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error)
int main(int count, char** words) {
  struct sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      REFUSE(unshare, EPERM), REFUSE(setns, EPERM), REFUSE(mount, EPERM), REFUSE(umount2, EPERM), REFUSE(pivot_root, EPERM),
      REFUSE(bpf, EPERM), REFUSE(perf_event_open, EPERM), REFUSE(clone3, ENOSYS), REFUSE(process_vm_readv, EPERM),
      REFUSE(process_vm_writev, EPERM), REFUSE(pidfd_getfd, EPERM), REFUSE(ptrace, EPERM), REFUSE(io_uring_setup, EPERM),
      REFUSE(keyctl, EPERM), REFUSE(userfaultfd, EPERM), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (count < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program)) return 98;
  execvp(words[1], words + 1);
  return 99;
}'
cc -o "$tmp/refuse" refuse.c >"$log" 2>&1 || skip "the filter cannot be compiled here"
rm refuse.c
write in.txt hello
write build.ninja 'rule cp
  command = cat $in >$out
build a.txt: cp in.txt
build b.txt: cp a.txt'
below() { rm -f "$ws.sum"; run "$tmp/refuse" "$@"; }
b() { below "$BXL_BIN/bxl" build -C "$ws" --cache "$cache" --summary "$ws.sum" "$@"; }
b
expect_exit 0
expect_ran "a.txt b.txt"
expect_counts uncacheable=0
b
expect_counts clean=2
write in.txt other
b
expect_ran "a.txt b.txt"
expect_file b.txt other
rm a.txt b.txt
b
expect_counts hit=2 ran=0
for tool in "why a.txt" log "cache stats" gc "clean -n" doctor; do
  below "$BXL_BIN/bxl" $tool -C "$ws" --cache "$cache"
  expect_exit 0
done
below "$BXL_BIN/bxl-sandbox" --trace -- cat in.txt
expect_exit 0
expect_said "$ws/in.txt"

# A /tmp that cannot be written: the variable that every program honours names another place.
command -v bwrap >/dev/null && bwrap --ro-bind / / --dev /dev true 2>/dev/null || exit 0
away() { run bwrap --ro-bind / / --dev /dev --proc /proc --bind "$ws" "$ws" --bind "$cache" "$cache" "$@"; }
mkdir temporary
write in.txt third
away env TMPDIR="$ws/temporary" "$BXL_BIN/bxl" -C "$ws" --cache "$cache"
expect_exit 0
expect_file b.txt third
# Without it .bxl is the last resort.
write in.txt fourth
away env -u TMPDIR -u XDG_RUNTIME_DIR "$BXL_BIN/bxl" -C "$ws" --cache "$cache"
expect_exit 0
expect_file b.txt fourth
