# Without /proc relative paths cannot be followed: bxl refuses to run anything, rather than miss what it read.
source "${BASH_SOURCE[0]%/*}/common.sh"
unshare --user --map-root-user --mount true 2>/dev/null || skip "no user namespaces here"
grep -q __asan_init "$BXL_BIN/bxl-exec" && skip "the leak sanitizer needs /proc itself"

write in.txt hello
write build.ninja 'rule cp
  command = cp $in $out
build out.txt: cp in.txt'
without_proc='mount -t tmpfs none /proc && exec "$@"'
run unshare --user --map-root-user --mount sh -c "$without_proc" sh "$BXL_BIN/bxl" -C "$ws" --cache "$cache"
expect_exit 6
expect_said "/proc is not mounted"
expect_absent out.txt
run unshare --user --map-root-user --mount sh -c "$without_proc" sh "$BXL_BIN/bxl-sandbox" --trace -- cp in.txt out.txt
expect_exit 125
expect_said "/proc is not mounted"
bxl_build
expect_exit 0
expect_file out.txt hello
