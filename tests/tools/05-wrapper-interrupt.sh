# Ctrl-C: the wrapper stays until the last stage has ended and returns what bxl-exec made of it.
source "${BASH_SOURCE[0]%/*}/common.sh"
source "$here/fake_stages.sh"

mkfifo "$tmp/up"
stage_does bxl-exec "trap 'echo interrupted >>\"$tmp/calls\"; exit 130' INT; echo >'$tmp/up'; while :; do sleep 0.05; done"
stage_does bxl-materialize "cat >/dev/null; sleep 0.2; echo drained >>'$tmp/calls'"
set -m  # a process group of its own, as in a terminal
# Whoever started the tests in the background of a script ignores SIGINT, and no shell can take that back.
env --default-signal=INT "$BXL_BIN/bxl" build >"$log" 2>&1 &
wrapper=$!
set +m
read -r -t 60 _ <>"$tmp/up" || fail "bxl-exec did not start"
kill -INT -- "-$wrapper"
wait "$wrapper"
code=$?
expect_exit 130
grep -q interrupted "$tmp/calls" || fail "bxl-exec was not interrupted"
grep -q drained "$tmp/calls" || fail "the wrapper did not wait for bxl-materialize"
