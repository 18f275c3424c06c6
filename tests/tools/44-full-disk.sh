# Full disks: the cache's costs only caching; the workspace's is exit 6, one sentence, and the next build is right.
source "${BASH_SOURCE[0]%/*}/common.sh"
# Small file systems of our own, in a namespace where we may mount.
if [[ -z ${TEST_NAMESPACE-} ]]; then
  unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size=1m none "$1" && mount -o remount,size=2m "$1"' \
    sh "$ws" 2>/dev/null || skip "tmpfs cannot be mounted and resized in a user namespace here"
  TMPDIR=$tmp TEST_NAMESPACE=1 unshare --user --map-root-user --mount bash "$here/${BASH_SOURCE[0]##*/}"
  exit
fi
unset TEST_NAMESPACE

graph() {
  cat >build.ninja <<'END'
rule sh
  command = $cmd
  description = making $out
build a: sh in
  cmd = head -c 1500000 /dev/zero > a 2>/dev/null; cat in >> a || true
build b: sh in
  cmd = head -c 1500000 /dev/zero | tr '\0' b > b && cat in >> b
build sum: sh a b
  cmd = cat a b | cksum > sum
END
  echo 1 >in
}
# The tree is what the commands make of it, and nothing is left to do or lying about.
expect_right() {
  bxl_build
  expect_exit 0
  bxl_build
  expect_exit 0
  expect_counts clean=3
  [[ $(<sum) == "$(cat <(head -c 1500000 /dev/zero; cat in) <(head -c 1500000 /dev/zero | tr '\0' b; cat in) | cksum)" ]] ||
    fail "sum is wrong"
  [[ -z $(ls .bxl/tmp) ]] || fail "temporary files are left: $(ls .bxl/tmp)"
}

# The cache is too small: everything is built, and the reason is one line.
mkdir "$cache"
mount -t tmpfs -o size=1m none "$cache"
graph
bxl_build
expect_exit 0
expect_counts ran=3 uncacheable=2
[[ $(grep -c "No space left" "$log") == 1 ]] || fail "not told once"
mount -o remount,size=50m "$cache"
expect_right
# So full that not even its directories can be made.
umount "$cache"
mount -t tmpfs -o size=64k none "$cache"
head -c 100000 /dev/zero >"$cache/fill" 2>/dev/null
echo 2 >in
bxl_build
expect_exit 0
expect_counts ran=3
[[ $(grep -c "No space left" "$log") == 1 ]] || fail "not told once"
rm "$cache/fill"
mount -o remount,size=50m "$cache"
expect_right

# The workspace is full at various moments: from the start, while it is built, while it is replayed.
for room in 0 64k 300k 2m; do
  mkdir -p "$tmp/small"
  mount -t tmpfs -o size=40m none "$tmp/small"
  ws=$tmp/small cache=$tmp/cache-$room
  cd "$ws" || exit 1
  graph
  head -c 100m /dev/zero >fill 2>/dev/null
  [[ $room == 0 ]] || truncate -s -"$room" fill
  bxl_build -j1 -k0  # a, which does not look whether it could write, then b
  expect_exit 6
  grep -qiE "no space|full" "$log" || fail "does not say why"
  [[ ! -s sum ]] || fail "sum cannot have been made"
  bxl_build -j1
  expect_exit 6
  rm fill
  expect_right
  # Replayed into what is left.
  rm a b sum
  head -c 100m /dev/zero >fill 2>/dev/null
  [[ $room == 0 ]] || truncate -s -"$room" fill
  bxl_build
  expect_exit 6
  expect_said "No space left"
  rm fill
  expect_right
  # A run in a full workspace that was built before.
  echo 3 >in
  head -c 100m /dev/zero >fill 2>/dev/null
  [[ $room == 0 ]] || truncate -s -"$room" fill
  bxl_build
  [[ $code == 0 || $code == 6 ]] || fail "exit $code"  # a and b fit into their own old place, or not
  rm fill
  expect_right
  cd "$tmp" || exit 1
  umount "$tmp/small"
done
cd / && umount "$tmp/cache"
