# --pip-timeout ends a pip with its whole tree; 7 is the code when nothing else was wrong.
source "${BASH_SOURCE[0]%/*}/common.sh"

write build.ninja 'rule sh
  command = $cmd
build slow: sh
  cmd = echo begun; setsid sh -c "trap : TERM HUP INT; echo \$$\$$ >$tmp/pid; while :; do sleep 5.37; done" & sleep 300; touch slow
build quick: sh
  cmd = touch quick
build bad: sh
  cmd = exit 1
build killed: sh
  cmd = kill -KILL $$$$'
sed -i "s|\$tmp|$tmp|" build.ninja
bxl_build --pip-timeout 1.5 -k0 slow quick
expect_exit 7
expect_counts exitCode=7 failed=1 ran=1
expect_said "FAILED: slow: it ran longer than 1.5 s (--pip-timeout) and was killed with all its processes"
expect_said begun
read -r pid <"$tmp/pid"
[[ -e /proc/$pid ]] && fail "a process of the pip still runs"

# A pip that failed by itself is the better reason; so is a mistake in the option.
BXL_PIP_TIMEOUT=1 run "$BXL_BIN/bxl" -C "$ws" --cache "$cache" -k0 slow bad
expect_exit 1
bxl_build --pip-timeout soon slow
expect_exit 2
expect_said "--pip-timeout: 'soon' is not a number of seconds"

# Killed from outside, as when memory runs out: named, and not cached.
bxl_build killed
expect_exit 1
expect_said "FAILED: killed: it was killed from outside (SIGKILL)"
expect_said " MiB"
bxl_build killed
expect_counts failed=1 hit=0
