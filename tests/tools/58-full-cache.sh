# A cache that fills up at any point, in its database too: the build is right and exits 0, what entered the cache is sound.
source "${BASH_SOURCE[0]%/*}/common.sh"
if [[ -z ${TEST_NAMESPACE-} ]]; then
  unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size=1m none "$1" && mount -o remount,size=2m "$1"' \
    sh "$ws" 2>/dev/null || skip "tmpfs cannot be mounted and resized in a user namespace here"
  TMPDIR=$tmp TEST_NAMESPACE=1 unshare --user --map-root-user --mount bash "$here/${BASH_SOURCE[0]##*/}"
  exit
fi
unset TEST_NAMESPACE
ask() { run "$BXL_BIN/bxl-cache" "$@" --cache "$cache"; }

pips=20
{
  echo 'rule sh'
  echo '  command = head -c 5000 /dev/zero > $out; echo >> $out; cat in >> $out; echo made $n'
  for ((i = 0; i < pips; i++)); do printf 'build o%d: sh in\n  n = %d\n' $i $i; done
} >build.ninja
expect_right() {
  expect_exit 0
  for ((i = 0; i < pips; i++)); do [[ $(tail -n 1 o$i) == "$size" && $(stat -c %s o$i) -gt 5000 ]] || fail "o$i is wrong"; done
  rm -rf .bxl o*
}
mkdir "$cache"
partly=0
for size in 40 90 150 240; do  # KiB: from not even a database to nearly everything
  mount -t tmpfs -o size=1m none "$cache"
  mount -o remount,size=${size}k "$cache"
  echo $size >in
  bxl_build
  expect_right
  ((size < 120)) || { ask verify && expect_exit 0; }
  ask ls
  found=$(wc -l <"$log")
  ((code == 0 && found > 0 && found < pips)) && partly=$((partly + 1))
  bxl_build
  expect_right
  mount -o remount,size=50m "$cache"
  bxl_build
  expect_right
  bxl_build
  expect_right
  expect_counts hit=$pips
  ask fsck
  expect_exit 0
  umount "$cache"
done
((partly >= 1)) || fail "no size was in between: this test is no longer one"
