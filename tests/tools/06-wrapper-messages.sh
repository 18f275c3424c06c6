# Help and mistakes are told once, by the real tools.
source "${BASH_SOURCE[0]%/*}/common.sh"
touch build.ninja

run "$BXL_BIN/bxl" --help
expect_exit 0
[[ $(head -n 1 "$log") == "Examples:" ]] || fail "examples do not come first"
expect_said "--summary FILE"
expect_said "Exit codes:"
run "$BXL_BIN/bxl" build -vh
expect_exit 0

run "$BXL_BIN/bxl" --version
expect_exit 0
grep -qE '^bxl [0-9.]+ \(streams 1\.' "$log" || fail "no version"

run "$BXL_BIN/bxl" build --sumary x
expect_exit 2
expect_said "unknown option --sumary; did you mean --summary?"
[[ $(wc -l <"$log") == 1 ]] || fail "the mistake was told more than once"
write build.ninja 'build all: phony'
run "$BXL_BIN/bxl" --cache "$cache"
expect_exit 0
for command in clean verify; do  # the first of these has no bxl-graph, once a graph is stored
  run "$BXL_BIN/bxl" $command --sumary x
  expect_exit 2
  expect_said "unknown option --sumary"
  [[ $(wc -l <"$log") == 1 ]] || fail "the mistake was told more than once"
done

# A command that is misspelt, or stands behind a target.
write build.ninja 'build net: phony'
for typed in wyh lgo clena docter verfy cahce; do
  run "$BXL_BIN/bxl" build "$typed"
  expect_exit 2
  grep -qE "did you mean the command 'bxl (why|log|clean|doctor|verify|cache)'" "$log" || fail "no guess for $typed"
done
run "$BXL_BIN/bxl" -j2 nte
expect_said "did you mean 'net'?"
run "$BXL_BIN/bxl" net why
expect_said "did you mean the command 'bxl why'?"
run "$BXL_BIN/bxl" net wyh
grep -q command "$log" && fail "takes the second of two targets for a command"
run "$BXL_BIN/bxl" -C / docter
expect_said "did you mean the command 'bxl doctor'?"

# Outside of any workspace there is nothing to build: said once too, and nothing is left behind.
mkdir "$tmp/empty"
run "$BXL_BIN/bxl" build -C "$tmp/empty"
[[ $code == 2 || $code == 3 ]] || fail "exit $code, expected 2 or 3"
[[ $(wc -l <"$log") == 1 ]] || fail "more than one line"
expect_absent "$tmp/empty/.bxl"
