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

for command in "why x:bxl-log why build x" "why build:bxl-log why build build" "log -v:bxl-log -v" "gc:bxl-cache gc" \
  "doctor -C x:bxl-doctor -C x" "cache stats:bxl-cache stats" "graph show:bxl-graph show" "plan:bxl-plan "; do
  run "$BXL_BIN/bxl" ${command%%:*}
  expect_calls "${command#*:}"
done

# Options may stand before the command, as with git. Every option of the table, with a value that is spelled like a
# command: a list in the wrapper that lacks one takes its value for the command.
"$real_bin/bxl-graph" --help | sed -nE '/^Options:/,/^$/s/^  +((-[a-zA-Z], )?--[a-z-]+)/\1/p' >"$tmp/table"
[[ $(wc -l <"$tmp/table") -gt 20 ]] || fail "the option table was not understood"
while read -r line; do
  words=()
  [[ $line == -?,* ]] && words+=("${line%%,*}") && line=${line#*, }
  words+=("${line%% *}")
  rest=${line#"${line%% *}"}
  for word in "${words[@]}"; do
    if [[ $rest =~ ^\ [^\ ] ]]; then given=("$word" why); else given=("$word"); fi  # a value is one space away
    run "$BXL_BIN/bxl" "${given[@]}" gc
    case $word in -h | --help | --version) expect_calls "bxl-cache gc $word" ;; *) expect_calls "bxl-cache gc ${given[*]}" ;; esac
  done
done <"$tmp/table"
for command in "-C out why x:bxl-log why build -C out x" "-vC out log last:bxl-log -vC out last" \
  "--cache=D cache stats:bxl-cache --cache=D stats" "/c:a.dsc --lazy all doctor:bxl-doctor /c:a.dsc --lazy all" \
  "-Cout -qj4 graph show:bxl-graph -Cout -qj4 show" "help why:bxl-log why build --help"; do
  run "$BXL_BIN/bxl" ${command%%:bxl*}
  expect_calls "bxl${command#*:bxl}"
done
for given in "-j4 -C $ws build clean" "-j4 -C $ws -- clean"; do  # a target all the same
  run "$BXL_BIN/bxl" $given
  given=${given/ build / }
  expect_calls "bxl-graph build $given" "bxl-plan build $given" "bxl-exec build $given" "bxl-cache publish build $given" \
    "bxl-materialize build $given"
done
run "$BXL_BIN/bxl" -j4 -C "$ws" clean
expect_calls "bxl-graph build -j4 -C $ws" "bxl-materialize clean -j4 -C $ws"

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
