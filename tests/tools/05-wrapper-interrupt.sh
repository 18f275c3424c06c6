# Ctrl-C: the wrapper stays until the last stage has ended and returns what bxl-exec made of it; the last line says so.
source "${BASH_SOURCE[0]%/*}/common.sh"
source "$here/fake_stages.sh"

mkfifo "$tmp/up"
# interrupt ARGUMENT…: starts bxl as a terminal would, sends SIGINT to its process group when $tmp/up was written to.
interrupt() {
  set -m  # a process group of its own, as in a terminal
  # Whoever started the tests in the background of a script ignores SIGINT, and no shell can take that back.
  env --default-signal=INT "$BXL_BIN/bxl" build "$@" >"$log" 2>&1 &
  wrapper=$!
  set +m
  read -r -t 60 _ <>"$tmp/up" || fail "nothing started"
  kill -INT -- "-$wrapper"
  wait "$wrapper"
  code=$?
}
stage_does bxl-exec "trap 'echo interrupted >>\"$tmp/calls\"; exit 130' INT; echo >'$tmp/up'; while :; do sleep 0.05; done"
stage_does bxl-materialize "cat >/dev/null; sleep 0.2; echo drained >>'$tmp/calls'"
interrupt
expect_exit 130
grep -q interrupted "$tmp/calls" || fail "bxl-exec was not interrupted"
grep -q drained "$tmp/calls" || fail "the wrapper did not wait for bxl-materialize"

# A stage that is ended before anything can be reported: the wrapper has the last word.
all_stages_exit_0
stage_does bxl-exec "echo >'$tmp/up'; exit 130"
stage_exits bxl-materialize 8
interrupt
expect_exit 130
[[ $(tail -n 1 "$log") == "bxl: interrupted" ]] || fail "the last line is another one"

# The real stages: with what was done until then.
BXL_BIN=$real_bin
write build.ninja "rule sh
  command = \$cmd
build first: sh
  cmd = touch first
build second: sh || first
  cmd = echo >'$tmp/up'; sleep 60"
interrupt --cache "$cache"
expect_exit 130
[[ $(tail -n 1 "$log") == "bxl: interrupted; 2 pips: 1 ran, "* ]] || fail "the last line is another one"
