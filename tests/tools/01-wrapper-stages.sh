# The wrapper calls the five stages with the same arguments, and the right tool for each command.
source "${BASH_SOURCE[0]%/*}/common.sh"
source "$here/fake_stages.sh"

expect_calls() {
  printf '%s\n' "$@" | sort | cmp -s - <(sort "$tmp/calls") || fail "calls: $(<"$tmp/calls")"
  rm -f "$tmp/calls"
}

run "$BXL_BIN/bxl" build -C "$ws" "a b" --lazy=all
expect_exit 0
expect_calls "bxl-graph build -C $ws a b --lazy=all" "bxl-plan build -C $ws a b --lazy=all" \
  "bxl-exec build -C $ws a b --lazy=all" "bxl-cache publish build -C $ws a b --lazy=all" \
  "bxl-materialize build -C $ws a b --lazy=all"

run "$BXL_BIN/bxl" build build  # the second one is a target
expect_calls "bxl-graph build build" "bxl-plan build build" "bxl-exec build build" \
  "bxl-cache publish build build" "bxl-materialize build build"

# A question about the plan ends with the plan.
for question in -n -vn --dry-run "--explain x" --explain=x; do
  run "$BXL_BIN/bxl" build $question
  expect_exit 0
  expect_said stream
  expect_calls "bxl-graph build $question" "bxl-plan build $question"
done

for command in "why x:bxl-log why x" "log -v:bxl-log -v" "gc:bxl-cache gc" \
  "doctor -C x:bxl-doctor -C x" "cache stats:bxl-cache stats" "graph show:bxl-graph show" "plan:bxl-plan "; do
  run "$BXL_BIN/bxl" ${command%%:*}
  expect_calls "${command#*:}"
done

# Cleaning needs the graph for the places it names, and nothing else of a build.
run "$BXL_BIN/bxl" clean -C "$ws" --all
expect_exit 0
expect_calls "bxl-graph build -C $ws --all" "bxl-materialize clean -C $ws --all"

# The streams of five stages cannot share one file.
run "$BXL_BIN/bxl" --out=x
expect_exit 2
expect_said "--out names the stream of one tool"

# A symlink to the wrapper still finds its tools, an absent tool is named.
unset BXL_BIN
ln -s "$tmp/bin/bxl" "$tmp/link"
run "$tmp/link" build
expect_exit 0
rm -f "$tmp/calls" "$tmp/bin/bxl-log"
run "$tmp/link" why x
expect_exit 2
expect_said "bxl-log is not in $tmp/bin"
