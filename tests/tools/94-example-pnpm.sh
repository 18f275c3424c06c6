# The pnpm example: the session of its README. A pipeline with generated code.
source "${BASH_SOURCE[0]%/*}/common.sh"
command -v node >/dev/null || skip "node is not installed"
cp -r "${here%/tests/tools}/examples/pnpm/." .
build() { bxl_build -j2 "$@"; expect_exit 0; }

build
expect_counts total=4 ran=4 uncacheable=0
grep -q 'hill: 13 mm in 3 days' site/charts/hill.svg || fail "a chart is not as it should be"
mkdir expected
cp -r packages site expected
same() { diff -r packages expected/packages && diff -r site expected/site || fail "what was replayed differs"; }
build
expect_counts ran=0 clean=4
rm -r site packages/schema/generated packages/readings/out
build
expect_counts ran=0 hit=3 clean=1
same

cp packages/readings/raw/hill.csv hill.csv
echo '# moved to the summit' >>packages/readings/raw/hill.csv
build
expect_ran '@weather/readings#build'
echo 'hill,4,5,0' >>packages/readings/raw/hill.csv
build
expect_ran '@weather/readings#build @weather/summary#build @weather/charts#build'
cp hill.csv packages/readings/raw/hill.csv
write packages/readings/raw/wood.csv 'wood,1,12,4'
build
expect_ran '@weather/readings#build @weather/summary#build @weather/charts#build'
[[ -f site/charts/wood.svg ]] || fail "the new chart is missing"
rm packages/readings/raw/wood.csv
build
expect_counts ran=0
same

sed -i s/rain/water/ packages/schema/reading.json
build
expect_counts ran=4
expect_absent packages/schema/generated/rain.md
[[ -f packages/schema/generated/water.md ]] || fail "the new page is missing"
sed -i s/water/rain/ packages/schema/reading.json
build
expect_counts ran=0 hit=4
same

echo 'hill,4,100,0' >>packages/readings/raw/hill.csv
bxl_build
expect_exit 1
expect_said "celsius in 'hill,4,100,0'"
cp hill.csv packages/readings/raw/hill.csv
build

rm -r packages/charts/bxlconfig.json site
bxl_build
expect_exit 4
expect_said '@weather/charts#build'
expect_said '"<workspaceDir>/site/charts" to "outputDirectories" in packages/charts/bxlconfig.json'
