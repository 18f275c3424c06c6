# bxl-cache export and import: what one machine built, another of the same place replays; a delta carries only what is new.
source "${BASH_SOURCE[0]%/*}/common.sh"
ask() { run "$BXL_BIN/bxl-cache" "$@" --cache "$cache"; }
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$log" "$1"; }

write in.txt one
write extra.h 1
write build.ninja 'rule sh
  command = cat in.txt extra.h > $out; ln -sf $out $out.link; mkdir -p d/empty; echo said
build a.out: sh in.txt
build b.out: sh a.out'

ask export "$tmp/first"
expect_exit 6
expect_said "there is no cache"
expect_absent "$tmp/first"

bxl_build
ask export "$tmp/first" --since "$tmp/none" --json
expect_exit 0
grep -qF "$tmp/none is absent" "$log" || fail "a missing --since is not named"
ask export "$tmp/first" --json
[[ $(field entries) == 2 ]] || fail "not both entries"
write extra.h 2
sleep 0.02
bxl_build
expect_counts ran=2
ask export "$tmp/second" --since "$tmp/first" --json
[[ $(field entries) == 2 && $(field already) == 2 ]] || fail "not the two new ones"
(($(stat -c %s "$tmp/second") < 2 * $(stat -c %s "$tmp/first"))) || fail "the delta is not one"

# Elsewhere, with nothing but the files: both states of the tree are replayed.
rm -rf "$cache" .bxl a.out b.out ./*.link d
ask import "$tmp/second"
expect_exit 8
expect_said "was the export that this one continues imported?"
ask import "$tmp/first" "$tmp/second"
expect_exit 0
ask import "$tmp/first"
expect_said "2 were here before"
bxl_build
expect_exit 0
expect_counts ran=0 hit=2
expect_file a.out "one
2"
[[ -L a.out.link && -d d/empty ]] || fail "not everything came back"
write extra.h 1
sleep 0.02
bxl_build
expect_counts ran=0 hit=2
expect_file b.out "one
1"
ask verify
expect_exit 0

# Foreign and damaged files are refused by name, and what was sound counts.
ask import "$tmp/ws/in.txt"
expect_exit 8
expect_said "is no export"
ask import "$tmp/absent"
expect_exit 6
expect_said "No such file"
rm -rf "$cache"
truncate -s -200 "$tmp/first"
ask import "$tmp/first"
expect_exit 8
expect_said "ends early"
ask fsck
expect_exit 0
ask ls
[[ $(wc -l <"$log") == 1 ]] || fail "not the one whole entry"

# A budget is kept.
ask export "$tmp/small" --cache-size 200 --json
expect_exit 0
[[ $(field entries) == 0 && $(field over) == 1 ]] || fail "the budget did not count"
ask export
expect_exit 2
ask import
expect_exit 2
