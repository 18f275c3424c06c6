# The wrapper finds the workspace itself only where nothing could overrule it; otherwise bxl-graph is asked.
source "${BASH_SOURCE[0]%/*}/common.sh"
source "$here/fake_stages.sh"

# expect_asked yes|no ARGUMENT…
expect_asked() {
  local expected=$1 asked=no
  shift
  rm -f "$tmp/calls"
  run "$BXL_BIN/bxl" build "$@"
  expect_exit 0
  grep -q '^bxl-graph root' "$tmp/calls" && asked=yes
  [[ $asked == "$expected" ]] || fail "$*: bxl-graph root asked: $asked"
}
expect_asked no
expect_asked no -C .
expect_asked no -vC . -j 2 --cache "$cache"
expect_asked no -C "$tmp/nowhere" -C .
expect_asked yes -c other.dsc
expect_asked yes /c:other.dsc
expect_asked no --filter -c
mkdir -p sub
expect_asked yes -C sub
expect_asked yes -Csub
expect_asked yes --directory=sub
expect_asked no -- -C sub
BXL_CONFIG=x expect_asked yes
HOME=$ws expect_asked yes
touch config.dsc
expect_asked yes
rm config.dsc

# The root is a real path, also of directories with odd names and through links.
odd=$'-odd \n dir'
mkdir "./$odd" "$tmp/real"
touch "./$odd/build.ninja" "$tmp/real/build.ninja"
ln -s "$tmp/real" link
stage_does bxl-exec "printf %s \"\$BXL_LOCK_ROOT\" >'$tmp/root'"
run "$BXL_BIN/bxl" build -C "$odd"
[[ $(<"$tmp/root") == "$ws/$odd" ]] || fail "root $(<"$tmp/root")"
run "$BXL_BIN/bxl" build -C link
[[ $(<"$tmp/root") == "$tmp/real" ]] || fail "root $(<"$tmp/root")"
