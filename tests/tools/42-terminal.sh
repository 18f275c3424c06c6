# On a terminal: the status line, and Ctrl-C that leaves no process behind, also none that has its own session.
source "${BASH_SOURCE[0]%/*}/common.sh"

write build.ninja 'rule sh
  command = $cmd
  description = making $out
build first: sh
  cmd = touch first
build stubborn: sh || first
  cmd = setsid sh -c '"'trap : INT TERM HUP; echo \$\$\$\$ >$tmp/pid; while :; do sleep 4.41; done'"' & while :; do sleep 1; done
build fails: sh
  cmd = setsid sh -c '"'trap : INT TERM HUP; echo \$\$\$\$ >$tmp/pid; while :; do sleep 4.42; done'"' & while ! test -s '"$tmp/pid"'; do sleep 0.1; done; exit 1'

# on_terminal FILE COMMAND…: runs it with a terminal of 50 columns, presses Ctrl-C when FILE has something in it and the
# status line names the pip; what was printed to $log, exit status in $code.
on_terminal() {
  TERM=xterm python3 - "$@" >"$log" <<'PY'
import fcntl, os, pty, select, struct, sys, termios, time
file, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
pressed, seen, end = False, b"", time.monotonic() + 120
while time.monotonic() < end:
    if not pressed and file and os.path.exists(file) and os.path.getsize(file) and b"stubborn (" in seen:
        os.write(terminal, b"\x03")
        pressed = True
    if select.select([terminal], [], [], 0.02)[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # EIO: nobody has the terminal any more
            break
        if not chunk:
            break
        seen += chunk
sys.stdout.buffer.write(seen)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
  code=$?
}
expect_gone() {
  local pid
  read -r pid <"$tmp/pid" || fail "it did not start"
  [[ ! -e /proc/$pid ]] || fail "a process that ignores signals in a session of its own still runs"
}

on_terminal "$tmp/pid" "$BXL_BIN/bxl" -C "$ws" --cache "$cache" stubborn
expect_exit 130
expect_gone
# Erased at the end: what stands after the last erasure is the last line alone, at the left margin.
last=$(python3 -c 'import sys; print(open(sys.argv[1], newline="").read().split("\r\x1b[K")[-1])' "$log")
[[ $last == *"bxl: interrupted; 2 pips: 1 ran"* ]] || fail "the status line was not erased: $last"
expect_said "making stubborn ("
python3 - "$log" <<'PY' || fail "the status line is wider than the terminal"
import re, sys
drawn = re.findall(r"\r(\[[^\r\n]*?)\x1b\[K", open(sys.argv[1], newline="").read())
sys.exit(not drawn or any(len(line) > 49 for line in drawn))
PY

# The same after a failure, without Ctrl-C; and the failure is the last word but one.
rm "$tmp/pid"
NO_COLOR=1 on_terminal "" "$BXL_BIN/bxl" -C "$ws" --cache "$cache" fails
expect_exit 1
expect_gone
expect_said "FAILED: fails: it exited with 1"
