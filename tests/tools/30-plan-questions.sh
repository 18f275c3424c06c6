# -n and --explain print text, also into a pipe, and build nothing; what does not exist yet is refused, not ignored.
source "${BASH_SOURCE[0]%/*}/common.sh"
write in.txt hello
write build.ninja 'rule cp
  command = cp $in $out
build out.txt: cp in.txt'

bxl_build -n
expect_exit 0
grep -q $'^miss\tout.txt\t' "$log" || fail "the plan was not printed"
expect_absent out.txt

bxl_build
expect_ran "out.txt"
bxl_build --dry-run
grep -q $'^clean\tout.txt' "$log" || fail "the plan was not printed"

# What a build would remove is said too.
sed -i 's/out.txt/other.txt/' build.ninja
bxl_build -n
expect_said $'scrub\t'"$ws/out.txt"$'\t'"made by out.txt, which no longer makes it"
expect_file out.txt hello
sed -i 's/other.txt/out.txt/' build.ninja

# The text that is printed is the text that was hashed.
bxl_build --explain out.txt
expect_exit 0
expect_said "cp in.txt out.txt"
"$BXL_BIN/bxl-graph" 2>/dev/null | "$BXL_BIN/bxl-plan" --cache "$cache" --explain out.txt >"$tmp/explained" || fail "exit"
cmp -s "$log" "$tmp/explained" || fail "the tools alone print something else"

bxl_build --explain nothing
expect_exit 2
expect_said "unknown pip 'nothing'"
bxl_build --filter "tag='x'"
expect_exit 2
expect_said "DX0295: no pip matches the filter"
for remote in "--remote grpc://127.0.0.1:1" --remote=nonsense --remote --remote-exec; do
  bxl_build $remote
  expect_exit 2
  expect_said "--remote"
  expect_said "this version has no remote cache; leave it out"
done
BXL_REMOTE=x bxl_build
expect_exit 2
expect_said "BXL_REMOTE: this version has no remote cache"
"$BXL_BIN/bxl" --help | grep -qi remote && fail "offers what is not there"
true
