# One build per workspace at a time: a second waits and says for whom, --no-wait and nested builds do not.
source "${BASH_SOURCE[0]%/*}/common.sh"
source "$here/fake_stages.sh"

# The first build holds the lock until $tmp/go exists.
mkfifo "$tmp/up"
stage_does bxl-exec "echo >'$tmp/up'; while [[ ! -e '$tmp/go' ]]; do sleep 0.05; done"
"$BXL_BIN/bxl" build >/dev/null 2>&1 &
first=$!
read -r _ <"$tmp/up"

run "$BXL_BIN/bxl" build --no-wait
expect_exit 6
expect_said "held by the build of PID $first (started "
BXL_NO_WAIT=1 run "$BXL_BIN/bxl" build
expect_exit 6

# Another workspace is free.
mkdir "$tmp/other"
touch "$tmp/other/build.ninja"
rm "$tmp/bxl-exec.sh"
run "$BXL_BIN/bxl" build -C "$tmp/other" --no-wait
expect_exit 0

# The waiting build starts only when the first has ended.
"$BXL_BIN/bxl" build >"$tmp/second" 2>&1 &
second=$!
until grep -q "waiting for the build of PID $first" "$tmp/second"; do
  kill -0 "$second" 2>/dev/null || fail "the second build did not wait: $(<"$tmp/second")"
  sleep 0.05
done
touch "$tmp/go"
wait "$first" || fail "first build: exit $?"
wait "$second" || fail "second build: exit $?"

# Inside a pip of the same workspace: no waiting, it would be for ever.
BXL_INSIDE=$ws run "$BXL_BIN/bxl" build
expect_exit 2
expect_said "a pip cannot build its own workspace"
BXL_INSIDE=$tmp/other run "$BXL_BIN/bxl" build
expect_exit 0

# The stages find the lock on a descriptor they inherit.
all_stages_exit_0
stage_does bxl-exec '[[ $BXL_LOCK_ROOT/.bxl/lock -ef /proc/self/fd/$BXL_LOCK_FD && $BXL_WRAPPER_PID == $PPID ]] || exit 9'
run "$BXL_BIN/bxl" build
expect_exit 0

# .bxl may be removed between two builds, and cannot be made in a read-only workspace.
rm -rf .bxl
run "$BXL_BIN/bxl" build
expect_exit 0
if ((EUID != 0)); then
  rm -rf .bxl
  chmod a-w .
  run "$BXL_BIN/bxl" build
  chmod u+w .
  expect_exit 6
  expect_said "cannot create $ws/.bxl"
fi
