# Full disks elsewhere: no temporary files for commands is exit 6 or an uncached result; exports and imports keep what was there.
source "${BASH_SOURCE[0]%/*}/common.sh"
if [[ -z ${TEST_NAMESPACE-} ]]; then
  # Where bxl keeps temporary files of the namespace's root.
  mkdir -m 700 /tmp/bxl-0 2>/dev/null && trap 'rmdir /tmp/bxl-0; rm -rf "$tmp"' EXIT
  unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o mode=0700,size=1m none /tmp/bxl-0 && mount -o remount,size=2m /tmp/bxl-0' \
    2>/dev/null || skip "tmpfs cannot be mounted and resized in a user namespace here"
  TMPDIR=$tmp TEST_NAMESPACE=1 unshare --user --map-root-user --mount bash "$here/${BASH_SOURCE[0]##*/}"
  exit
fi
unset TEST_NAMESPACE TMPDIR XDG_RUNTIME_DIR
temp=/tmp/bxl-0

write in.txt one
write build.ninja 'rule sh
  command = $cmd
build lenient: sh in.txt
  cmd = head -c 1500000 /dev/zero > $$TMPDIR/big 2>/dev/null; wc -c < $$TMPDIR/big > lenient
build strict: sh in.txt lenient
  cmd = head -c 1500000 /dev/zero > $$TMPDIR/big && wc -c < $$TMPDIR/big > strict'
expect_right() {
  bxl_build
  expect_exit 0
  expect_file lenient 1500000
  expect_file strict 1500000
  bxl_build
  expect_counts clean=2
}

# No directory can be made.
mount -t tmpfs -o mode=0700,nr_inodes=1 none "$temp"
bxl_build
expect_exit 6
expect_said "No space left"
expect_absent strict
umount "$temp"
expect_right

# One can, but the files of the commands do not fit: who looks fails, who does not is not believed.
write in.txt two
mount -t tmpfs -o mode=0700,size=1m none "$temp"
bxl_build -j1
expect_exit 6
expect_said "no space was left on the file system of"
expect_absent strict
python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["uncacheable"] >= 1' "$ws.sum" || fail "the result cut short was cached"
mount -o remount,size=50m "$temp"
expect_right
[[ -z $(find "$temp" -type f ! -name '*.lock') ]] || fail "temporary files are left: $(find "$temp" -type f)"
umount "$temp"

# A cache that fills while it takes over an export; an export onto a full disk.
ask() { run "$BXL_BIN/bxl-cache" "$@"; }
write in.txt three
write build.ninja 'rule sh
  command = head -c 600000 /dev/urandom > $out
build a: sh in.txt
build b: sh in.txt
build c: sh in.txt'
bxl_build
expect_exit 0
mkdir "$tmp/small"
mount -t tmpfs -o size=1500k none "$tmp/small"
echo old >"$tmp/small/export"
ask export "$tmp/small/export" --cache "$cache"
expect_exit 6
expect_said "No space left"
expect_file "$tmp/small/export" old
[[ $(ls -A "$tmp/small") == export ]] || fail "left: $(ls -A "$tmp/small")"
rm "$tmp/small/export"
ask export "$tmp/all" --cache "$cache"
expect_exit 0
ask import "$tmp/all" --cache "$tmp/small/cache"
expect_exit 6
expect_said "No space left"
mount -o remount,size=50m "$tmp/small"
ask fsck --cache "$tmp/small/cache"
expect_exit 0
ask verify --cache "$tmp/small/cache"
expect_exit 0
ask import "$tmp/all" --cache "$tmp/small/cache"
expect_exit 0
cmp -s a <(:) && fail "a is empty"
cache=$tmp/small/cache
cp a "$tmp/a" && rm -rf .bxl a b c
bxl_build
expect_counts hit=3
cmp a "$tmp/a" || fail "a is not what it was"
cd / && umount "$tmp/small"
