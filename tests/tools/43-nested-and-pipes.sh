# bxl inside a pip says why it cannot run anything there; a reader of its words that leaves costs no work.
source "${BASH_SOURCE[0]%/*}/common.sh"

# Another workspace: what it has to run cannot be observed twice; what is up to date there needs no observer.
write "$tmp/inner/build.ninja" 'rule cp
  command = cp $in $out
build out.txt: cp in.txt'
write "$tmp/inner/in.txt" text
write build.ninja "rule nested
  command = $BXL_BIN/bxl -C $tmp/inner --cache $tmp/inner-cache && touch \$out
rule own
  command = $BXL_BIN/bxl -C $ws --cache $cache && touch \$out
build out: nested
build self: own"
bxl_build out
expect_exit 1
expect_said "inside a pip of the build of $ws"
[[ $(grep -c "inside a pip of the build of $ws" "$log") == 1 ]] || fail "it was told more than once"
run "$BXL_BIN/bxl" -C "$tmp/inner" --cache "$tmp/inner-cache"
expect_exit 0
bxl_build out
expect_exit 0
bxl_build self
expect_exit 1
expect_said "a pip cannot build its own workspace"

# | head -1: everything is built and recorded all the same.
mkdir "$tmp/many"
cd "$tmp/many" || exit 1
{
  echo 'rule touch
  command = touch $out; echo "words of $out"'
  for i in {1..30}; do echo "build out$i: touch"; done
} >build.ninja
for options in -v ""; do
  "$BXL_BIN/bxl" $options --cache "$cache" 2>&1 | head -n 1 >"$log"
  [[ -s $log ]] || fail "says nothing"
  codes=("${PIPESTATUS[@]}")
done
run "$BXL_BIN/bxl" --cache "$cache" --summary "$ws.sum"
expect_exit 0
expect_counts clean=30
