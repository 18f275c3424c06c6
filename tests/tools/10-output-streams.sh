# What a build says goes to stdout, as ninja's; what is wrong with bxl or its use goes to stderr. Who does not listen
# costs the build nothing.
source "${BASH_SOURCE[0]%/*}/common.sh"

write in.txt hello
write build.ninja 'rule sh
  command = $cmd
  description = making $out
build said: sh in.txt
  cmd = echo words; echo aside >&2; cp in.txt said
build fails: sh
  cmd = echo why-it-failed; exit 3'

# build ARGUMENT…: stdout in $log, stderr in $tmp/errors, the exit code in $code.
build() {
  "$BXL_BIN/bxl" -C "$ws" --cache "$cache" "$@" >"$log" 2>"$tmp/errors" </dev/null
  code=$?
}
expect_no_errors() { [[ ! -s $tmp/errors ]] || fail "stderr: $(<"$tmp/errors")"; }
anew() { rm -rf said .bxl "$cache"; }

build said
expect_exit 0
[[ $(head -n 3 "$log") == $'[1/1] making said\nwords\naside' && $(tail -n 1 "$log") == "bxl: 1 pip: 1 ran, "* ]] || fail "the lines"
expect_no_errors
"$BXL_BIN/bxl" -C "$ws" --cache "$cache" said 2>/dev/null | grep -q '^bxl: 1 pip: .* 1 up to date' || fail "| tee: empty"

# Failures are results; a mistake is told on stderr alone.
build -k0
expect_exit 1
expect_said "FAILED: fails: it exited with 3"
expect_said "why-it-failed"
expect_no_errors
build nothing-like-it
expect_exit 2
[[ ! -s $log && $(<"$tmp/errors") == *"unknown target"* ]] || fail "the mistake is not on stderr alone"
anew
build -q said
[[ $(<"$log") == "bxl: 1 pip: 1 ran, "* ]] || fail "-q"
build -qq said
[[ ! -s $log ]] || fail "-qq says something"
expect_no_errors

# Data are alone on stdout.
touch "$tmp/untouched"
build -vn said
grep -qvP '^(clean|hit|miss)\t' "$log" && fail "-n mixes words into its lines"
build verify --json -v said
[[ $code -gt 1 ]] || python3 -m json.tool <"$log" >/dev/null || fail "verify --json mixes words into its JSON"
build -q clean
[[ ! -s $log ]] || fail "clean -q says something"
build said
build clean
expect_said "bxl: removed 1 file"

# A generator's words are the build's, too.
write build.ninja.in 'build.ninja'
write build.ninja 'rule regenerate
  command = echo generating; touch build.ninja
  generator = 1
rule cp
  command = cp in.txt $out
build build.ninja: regenerate build.ninja.in
build said: cp in.txt'
sleep 0.02
touch build.ninja.in
build said
expect_exit 0
expect_said generating
expect_no_errors

# Nobody listens: a reader that leaves, a closed or a full standard output. The build is whole all the same.
many='rule touch
  command = touch $out; echo "words of $out"'
for i in {1..20}; do many+=$'\n'"build out$i: touch"; done
write build.ninja "$many"
"$BXL_BIN/bxl" --cache "$cache" | head -n 1 >"$log"
[[ ${PIPESTATUS[0]} == 0 && -s $log ]] || fail "| head"
build
expect_said "20 up to date"
for fds in '>&-' '2>&-' '>&- 2>&-' '<&- >&- 2>&-' '>/dev/full' '>/dev/null'; do
  rm -rf out* .bxl
  eval '"$BXL_BIN/bxl" --cache "$tmp/cache$fds" '"$fds"
  code=$?
  expect_exit 0
  ls out* | wc -l >"$log"
  [[ $(<"$log") == 20 ]] || fail "$fds: not everything was made"
done 2>/dev/null

# But a tool whose whole product is its output fails when that cannot be written.
"$BXL_BIN/bxl-graph" --out "$tmp/graph" && "$BXL_BIN/bxl-plan" --cache "$cache" --in "$tmp/graph" --out "$tmp/plan" || fail "stages"
for command in "bxl-graph" "bxl-graph show --in $tmp/graph" "bxl-graph compdb" "bxl-plan --in $tmp/graph" "bxl-exec --in $tmp/plan" \
  "bxl -n" "bxl why out1" "bxl log" "bxl cache stats" "bxl --help"; do
  for fds in '>&-' '>/dev/full'; do
    eval '"$BXL_BIN/"$command --cache "$cache" '"$fds" 2>"$log"
    code=$?
    [[ $code != 0 ]] || fail "$command $fds: exit 0"
    [[ -s $log ]] || fail "$command $fds: not a word"
  done
done

# Stages joined by hand talk on stderr: their stdout are the streams between them.
rm -rf out* .bxl
"$BXL_BIN/bxl-graph" | "$BXL_BIN/bxl-plan" --cache "$cache" | "$BXL_BIN/bxl-exec" --cache "$cache" 2>"$tmp/errors" |
  "$BXL_BIN/bxl-cache" publish --cache "$cache" | "$BXL_BIN/bxl-materialize" --cache "$cache" >"$log" 2>>"$tmp/errors"
[[ ${PIPESTATUS[*]} == "0 0 0 0 0" && ! -s $log ]] || fail "stages joined by hand"
grep -q '^bxl: 20 pips: ' "$tmp/errors" || fail "stages joined by hand say nothing"
