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

# Outside of any workspace there is nothing to build: said once too, and nothing is left behind.
mkdir "$tmp/empty"
run "$BXL_BIN/bxl" build -C "$tmp/empty"
[[ $code == 2 || $code == 3 ]] || fail "exit $code, expected 2 or 3"
[[ $(wc -l <"$log") == 1 ]] || fail "more than one line"
expect_absent "$tmp/empty/.bxl"
