# bxl clean removes what bxl made, by record, and nothing else; what it removed comes back from the cache.
source "${BASH_SOURCE[0]%/*}/common.sh"

write in.txt hello
write build.ninja 'rule sh
  command = $cmd
build deep/er/out.txt: sh in.txt
  cmd = cat in.txt > deep/er/out.txt; mkdir -p made/empty; echo side > made/side.txt; ln -s out.txt deep/er/link
build clean: sh in.txt
  cmd = cp in.txt clean'
bxl() { run "$BXL_BIN/bxl" "$1" -C "$ws" --cache "$cache" "${@:2}"; }
snapshot() { find . -path ./.bxl -prune -o -print | sort; }

before=$(snapshot)
bxl_build
expect_exit 0
expect_counts ran=2

# What would go is said first, and only said.
built=$(snapshot)
bxl clean -n
expect_exit 0
for path in deep/er/out.txt deep/er/link deep/er deep made/side.txt made/empty made clean; do
  grep -qx "would remove $path" "$log" || fail "not announced: $path"
done
[[ $(snapshot) == "$built" ]] || fail "-n changed the tree"

# Undeclared outputs, links and directories go too; the user's files, new ones and edited ones, stay.
write made/mine.txt mine
write clean edited
bxl clean
expect_exit 0
expect_said "left $ws/clean alone: it was changed since bxl made it"
expect_file made/mine.txt mine
expect_file clean edited
rm -r made clean
[[ $(snapshot) == "$before" ]] || fail "left: $(snapshot)"
bxl clean
expect_exit 0
expect_said "nothing to remove"

# A target called clean, and what a clean takes away is replayed.
bxl_build clean
expect_exit 0
expect_counts hit=1 ran=0
expect_file clean hello
bxl clean clean
expect_exit 2
expect_said "a target called clean is built by: bxl build clean"
bxl_build
expect_counts hit=1 clean=1 ran=0
[[ -L deep/er/link ]] || fail "the undeclared link did not come back"

# An inode of the user's under a recorded name is the user's, an empty directory too.
mkdir made/empty.new && rmdir made/empty && mv made/empty.new made/empty  # another inode
bxl clean
[[ -d made/empty ]] || fail "an empty directory of the user was removed"
rm -r made

# .bxl is gone: the copy of the record in the cache still knows; the manifest may be gone as well.
bxl_build
rm -rf .bxl
bxl clean
expect_exit 0
[[ $(snapshot) == "$before" ]] || fail "without .bxl, left: $(snapshot)"
bxl_build
mv build.ninja elsewhere.ninja
bxl clean
expect_exit 0
expect_absent deep
mv elsewhere.ninja build.ninja

# --all takes .bxl, but never the files that were set aside.
write clean "a file of the user"
bxl_build
expect_said "set aside"
bxl clean --all -n
expect_said "would keep 1 file of yours in $ws/.bxl/saved"
[[ -d .bxl/log ]] || fail "-n removed something"
bxl clean --all
expect_exit 0
expect_said "kept 1 file of yours in $ws/.bxl/saved"
[[ $(ls -A .bxl) == $'.gitignore\nsaved' ]] || fail "left in .bxl: $(ls -A .bxl)"
[[ $(cat .bxl/saved/*/*) == "a file of the user" ]] || fail "the user's file was lost"
rm -r .bxl/saved/*
bxl clean --all
expect_exit 0
expect_absent .bxl
[[ $(snapshot) == "$before" ]] || fail "after --all, left: $(snapshot)"
[[ ! -e $cache/workspaces || -z $(ls -A "$cache/workspaces") ]] || fail "the copy of the record was left"

# What cannot be removed stays on record, and .bxl with it.
if ((EUID != 0)); then
  bxl_build
  chmod a-w deep/er
  bxl clean --all
  expect_exit 6
  expect_said "it is the record of what could not be removed"
  chmod u+w deep/er
  bxl clean --all
  expect_exit 0
  expect_absent .bxl
fi
