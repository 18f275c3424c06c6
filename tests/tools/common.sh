# Helpers for end-to-end scripts: a temporary workspace, a private cache, builds and what to expect of them.
#
# A script sources this file, then reads like a session:
#     write in.txt hello
#     write build.ninja 'rule cp
#       command = cp $in $out
#     build out.txt: cp in.txt'
#     bxl_build;  expect_exit 0;  expect_ran "out.txt";  expect_file out.txt hello
#     bxl_build;  expect_exit 0;  expect_counts ran=0 clean=1
# The workspace $ws is the current directory. Everything lies in $tmp, which goes away when the script ends.
# A failed expectation prints what bxl said and ends the script with 1; skip REASON ends it with 77.
set -u

here=$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)
export BXL_BIN=${BXL_BIN:-${here%/tests/tools}/build/bin}
[[ -x $BXL_BIN/bxl ]] || { echo "no bxl in $BXL_BIN; run ./dev build or set BXL_BIN" >&2; exit 1; }
for name in $(compgen -e BXL_); do [[ $name == BXL_BIN ]] || unset "$name"; done

tmp=$(mktemp -d "${TMPDIR:-/tmp}/bxl-test.XXXXXX") || exit 1
trap 'chmod -R u+w "$tmp" 2>/dev/null; rm -rf "$tmp"' EXIT
export XDG_CACHE_HOME=$tmp/xdg-cache
ws=$tmp/ws cache=$tmp/cache log=$tmp/log code=-1
mkdir "$ws"
cd "$ws" || exit 1

fail() {
  echo "FAILED: $* (${BASH_SOURCE[-1]##*/}:${BASH_LINENO[-2]})" >&2
  [[ -s $log ]] && sed 's/^/  | /' "$log" >&2
  exit 1
}
skip() { echo "skipped: $*"; exit 77; }

# write FILE TEXT: makes FILE with TEXT and a newline, and its directories.
write() {
  [[ $1 == */* ]] && mkdir -p "${1%/*}"
  printf '%s\n' "$2" >"$1"
}

# run COMMAND…: its exit status in $code, what it printed in $log.
run() {
  "$@" >"$log" 2>&1 </dev/null
  code=$?
}

# bxl_build ARGUMENT…: builds the workspace; the summary lies in $ws.sum.
bxl_build() {
  rm -f "$ws.sum"
  run "$BXL_BIN/bxl" build -C "$ws" --cache "$cache" --summary "$ws.sum" "$@"
}

expect_exit() { [[ $code == "$1" ]] || fail "exit $code, expected $1"; }
expect_said() { grep -qF -e "$1" "$log" || fail "did not say: $1"; }

# expect_ran "ID ID…": exactly these pips were executed, in any order.
expect_ran() {
  python3 - "$ws.sum" "$1" <<'PY' || fail "other pips ran than expected"
import json, sys
ran, expected = sorted(json.load(open(sys.argv[1]))["ran"]), sorted(sys.argv[2].split())
if ran != expected:
    sys.exit(f"ran {ran}, expected {expected}")
PY
}

# expect_ran_only PATTERN: something was executed, and nothing whose id does not match the shell pattern.
expect_ran_only() {
  python3 - "$ws.sum" "$1" <<'PY' || fail "other pips ran than expected"
import fnmatch, json, sys
ran = json.load(open(sys.argv[1]))["ran"]
others = [pip for pip in ran if not fnmatch.fnmatchcase(pip, sys.argv[2])]
if others or not ran:
    sys.exit(f"ran {others or 'nothing'}, expected only {sys.argv[2]}")
PY
}

# expect_counts KEY=VALUE…: keys of "pips" in the summary (total, clean, hit, ran, failed, skipped) or of the whole.
expect_counts() {
  python3 - "$ws.sum" "$@" <<'PY' || fail "counts differ"
import json, sys
summary = json.load(open(sys.argv[1]))
values = {**summary, **summary["pips"]}
wrong = [f"{key}={values.get(key)}, expected {value}"
         for key, value in (pair.split("=") for pair in sys.argv[2:]) if str(values.get(key)) != value]
if wrong:
    sys.exit("; ".join(wrong))
PY
}

# expect_file FILE TEXT: FILE holds TEXT and a newline.
expect_file() {
  [[ -f $1 ]] || fail "$1 is missing"
  printf '%s\n' "$2" | cmp -s - "$1" || fail "$1 holds '$(head -c 200 "$1")', expected '$2'"
}
expect_absent() { [[ ! -e $1 && ! -L $1 ]] || fail "$1 exists"; }
