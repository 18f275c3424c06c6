# bxl why offers the names that were probably meant; bxl log trace shows the last build that has a timeline.
source "${BASH_SOURCE[0]%/*}/common.sh"

write lib/item.h 'int item;'
write build.ninja 'rule cat
  command = cat lib/item.h $in > $out
build out/shop: cat in.txt
build out/net: cat in.txt'
write in.txt text
bxl_build
expect_exit 0

asked() {  # asked NAME GUESS: no guess when that is empty
  run "$BXL_BIN/bxl" -C "$ws" why "$1"
  expect_exit 2
  if [[ -n $2 ]]; then expect_said "; did you mean $2?"; else ! grep -q 'did you mean' "$log" || fail "guesses"; fi
}
asked item.h lib/item.h            # a file by the end of its path
asked include/item.h lib/item.h    # from a place that is not the one
asked itme.h lib/item.h            # slips
asked shop out/shop
asked shp out/shop
asked out/sohp out/shop
asked nothing-like-it ""
asked cax ""  # /bin/cat is near, but so is always something of the system
run "$BXL_BIN/bxl" -C "$ws/lib" why item.h  # where it is, no guess is needed
expect_exit 0
expect_said "lib/item.h is made by no pip; used by 2 pips"

# A package without its task; the same file in several packages.
mkdir "$tmp/npm"
cd "$tmp/npm" || exit 1
write package.json '{"private": true, "workspaces": ["packages/*"]}'
for name in api web; do
  write packages/$name/package.json '{"name": "@shop/'$name'", "scripts": {"build": "cat settings.txt > made"}}'
  write packages/$name/settings.txt $name
done
ws=$PWD
run "$BXL_BIN/bxl" -C "$ws" --cache "$cache"
if [[ $code == 0 ]]; then
  asked @shop/api @shop/api#build
  asked api @shop/api#build
  asked @shop/ap @shop/api#build
  asked settings.txt "packages/api/settings.txt or packages/web/settings.txt"
fi

# The timeline of the last build that ran something: replays have none.
cd "$tmp/ws" || exit 1
ws=$PWD
rm -r out
bxl_build
expect_counts ran=0 hit=2
run "$BXL_BIN/bxl" log trace
expect_exit 0
expect_said "the last build ran no command: this is the timeline of that of"
"$BXL_BIN/bxl" log trace 2>/dev/null | python3 -c '
import json, sys
names = {e["name"] for e in json.load(sys.stdin)["traceEvents"] if e["ph"] == "X"}
sys.exit(names != {"out/shop", "out/net"})' || fail "another timeline"
