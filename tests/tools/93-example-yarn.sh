# The Yarn example: the session of its README. Builds, and tests that are results like any other.
source "${BASH_SOURCE[0]%/*}/common.sh"
command -v node >/dev/null || skip "node is not installed"
cp -r "${here%/tests/tools}/examples/yarn/." .
build() { bxl_build -j2 "$@"; expect_exit 0; }

build
expect_counts total=6 ran=6 uncacheable=0
[[ $(packages/cli/lib/convert 26.2 mile metre) == 42164.8 ]] || fail "the program does not work"
expect_file packages/units/test.log '7 units have a factor'
cp -r packages expected
build
expect_counts ran=0 clean=6
rm packages/*/test.log
build
expect_counts ran=0 hit=3 clean=3
rm -r packages/*/lib packages/*/test.log
build
expect_counts ran=0 hit=6
diff -r packages expected || fail "what was replayed differs"

echo 'yard length 0.9144' >>packages/units/units.txt
build
expect_ran '@measures/units#build @measures/units#test @measures/convert#test @measures/cli#build @measures/cli#test'
expect_file packages/units/test.log '8 units have a factor'
grep -q 'length: .*yard' packages/cli/lib/usage.txt || fail "the usage does not know the unit"
echo '// more' >>tools/strip.js
build
expect_ran '@measures/convert#build @measures/cli#build'

cp packages/units/units.txt units
sed -i 's/^foot.*/foot length 0.3/' packages/units/units.txt
bxl_build
expect_exit 1
expect_said 'is not 5280'
bxl_build -k 0
expect_exit 1
expect_counts failed=2
expect_said '@measures/cli#test'
cp units packages/units/units.txt
build
expect_counts ran=0
build @measures/convert#test
expect_counts total=3 clean=3
build -f "tag='test'"
expect_counts ran=0

# A dependency that is not declared, in the order of -j1 as with any other.
sed -i '/"@measures\/convert"/d' packages/cli/package.json
bxl_build -j1
expect_exit 4
expect_said 'add "@measures/convert" to the dependencies in packages/cli/package.json'
run "$BXL_BIN/bxl" fix-deps -C . --cache "$cache"
expect_exit 0
build
