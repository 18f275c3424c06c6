# Read-only and unreadable places: a cache costs only caching, a workspace is refused by a clear sentence.
source "${BASH_SOURCE[0]%/*}/common.sh"
if [[ -z ${TEST_NAMESPACE-} ]]; then
  unshare --user --map-root-user --mount sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"' sh "$ws" 2>/dev/null ||
    skip "nothing can be mounted in a user namespace here"
  TMPDIR=$tmp TEST_NAMESPACE=1 unshare --user --map-root-user --mount bash "$here/${BASH_SOURCE[0]##*/}"
  exit
fi
unset TEST_NAMESPACE

write build.ninja 'rule cp
  command = cat $in > $out
build out: cp in
build more: cp out'
write in text
mkdir "$cache"
mount --bind "$cache" "$cache"
mount --bind "$ws" "$ws"
cd "$ws" || exit 1

mount -o remount,bind,ro "$ws"
bxl_build
expect_exit 6
expect_said "cannot create $ws/.bxl: Read-only file system"
[[ $(wc -l <"$log") == 1 ]] || fail "more than one line"
mount -o remount,bind,rw "$ws"

# An empty cache that cannot be written: a build without it.
mount -o remount,bind,ro "$cache"
bxl_build
expect_exit 0
expect_counts ran=2
expect_said "the cache cannot be used"
[[ $(grep -c "Read-only file system" "$log") == 1 ]] || fail "not told once"
expect_file more text

# A filled one still gives.
mount -o remount,bind,rw "$cache"
rm -rf .bxl out more
bxl_build
expect_counts ran=2
mount -o remount,bind,ro "$cache"
rm -rf .bxl out more
bxl_build
expect_exit 0
expect_counts hit=2
write in other
bxl_build
expect_exit 0
expect_file more other
[[ $(grep -c "Read-only file system" "$log") == 1 ]] || fail "not told once"

# A workspace that was built, and is read-only since.
mount -o remount,bind,ro "$ws"
bxl_build
expect_exit 6
expect_said "cannot open $ws/.bxl/lock for writing: Read-only file system"
cd / && umount "$ws" "$cache"
