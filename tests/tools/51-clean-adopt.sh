# bxl clean --adopt removes what another tool built, by the graph, and nothing that is under version control.
source "${BASH_SOURCE[0]%/*}/common.sh"
command -v git >/dev/null || skip "no git"

git init -q . && git config user.email t@t && git config user.name t
write in.txt hello
write checked-in.txt "from a release"
write build.ninja 'rule sh
  command = cp in.txt $out
build out.txt: sh in.txt
build checked-in.txt: sh in.txt
build ../outside.txt: sh in.txt
build dir: sh in.txt
rule configure
  command = touch build.ninja
  generator = 1
build build.ninja: configure in.txt'
git add . && git commit -qm1

# As ninja would leave it.
cp in.txt out.txt
echo old >../outside.txt
mkdir dir && echo mine >dir/file
echo "another file" >other.txt
run "$BXL_BIN/bxl" clean -C "$ws" --cache "$cache"
expect_exit 0
expect_said "nothing to remove"
run "$BXL_BIN/bxl" clean -C "$ws" --cache "$cache" --adopt -n
expect_said "would remove out.txt"
expect_file out.txt hello
run "$BXL_BIN/bxl" clean -C "$ws" --cache "$cache" --adopt
expect_exit 0
expect_absent out.txt
expect_said "checked-in.txt is left alone: it is under version control"
expect_said "outside.txt is left alone: it lies outside the build directory"
expect_said "dir is left alone: it is neither file nor symlink"
expect_file checked-in.txt "from a release"
expect_file ../outside.txt old
expect_file dir/file mine
expect_file other.txt "another file"
[[ -s build.ninja ]] || fail "the manifest was removed"

# An index that cannot be read protects everything below it.
cp in.txt out.txt
echo broken >.git/index
run "$BXL_BIN/bxl" clean -C "$ws" --cache "$cache" --adopt
expect_exit 0
expect_said "the index of the repository $ws cannot be read"
expect_file out.txt hello
