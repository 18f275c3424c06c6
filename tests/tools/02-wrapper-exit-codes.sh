# The wrapper returns the cause of a failure, not its consequences downstream.
source "${BASH_SOURCE[0]%/*}/common.sh"
source "$here/fake_stages.sh"

# expect_cause CODE NAME=CODE…
expect_cause() {
  local expected=$1 pair
  shift
  all_stages_exit_0
  for pair; do stage_exits "${pair%=*}" "${pair#*=}"; done
  run "$BXL_BIN/bxl" build
  [[ $code == "$expected" ]] || fail "$*: exit $code, expected $expected"
}
expect_cause 0
expect_cause 1 bxl-exec=1 bxl-cache=8 bxl-materialize=8
expect_cause 3 bxl-graph=3 bxl-plan=8 bxl-exec=8 bxl-cache=8 bxl-materialize=8
expect_cause 2 bxl-graph=2 bxl-plan=2 bxl-exec=2 bxl-cache=2 bxl-materialize=2
expect_cause 4 bxl-exec=4 bxl-materialize=1
expect_cause 6 bxl-exec=4 bxl-materialize=6
expect_cause 3 bxl-graph=3 bxl-exec=6
expect_cause 70 bxl-plan=70 bxl-exec=3 bxl-graph=141
expect_cause 130 bxl-exec=130 bxl-graph=3 bxl-cache=8
expect_cause 143 bxl-exec=143 bxl-cache=8
expect_cause 70 bxl-plan=70 bxl-exec=130
expect_cause 5 bxl-exec=5 bxl-materialize=8
expect_cause 7 bxl-plan=7 bxl-exec=8
expect_cause 8 bxl-graph=141 bxl-plan=8
expect_cause 99 bxl-plan=99
expect_cause 8 bxl-plan=99 bxl-exec=8

all_stages_exit_0
stage_does bxl-plan 'kill -SEGV $$'
run "$BXL_BIN/bxl" build
expect_exit 70
expect_said "bxl-plan was ended by signal 11, which is a bug"
all_stages_exit_0
stage_does bxl-exec 'kill -KILL $$'
run "$BXL_BIN/bxl" build
expect_exit 6
expect_said "bxl-exec was killed"
all_stages_exit_0
chmod -x "$BXL_BIN/bxl-cache"
run "$BXL_BIN/bxl" build
expect_exit 2
