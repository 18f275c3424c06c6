# The Nx example with nx itself: the session of its README, and the same files as nx makes.
source "${BASH_SOURCE[0]%/*}/../tools/common.sh"
for tool in node npm git; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
cp -r "${here%/tests/tools}/examples/nx/." .
timeout 300 npm install --no-audit --no-fund --prefer-offline >"$log" 2>&1 || skip "no npm registry here"
cp -a . "$tmp/native"
build() { bxl_build -j2 "$@"; expect_exit 0; }
outputs() { (cd "$1" && find packages -name lib -o -name check.log | LC_ALL=C sort | xargs tar -c --mtime=@0 | sha256sum); }

build
expect_said "asking nx run-many --graph"
expect_counts total=5 ran=5 uncacheable=0
expect_file packages/catalogue/check.log 2
before=$(outputs .)
build
expect_counts ran=0 clean=5
rm -r packages/*/lib
build
expect_counts ran=0 hit=3 clean=2
[[ $(outputs .) == "$before" ]] || fail "replayed files differ"
expect_absent .nx

sed -i 's/70 120 60/70 130 60/' packages/palette/colours.txt
build
expect_counts ran=5
sed -i 's/70 130 60/70 120 60/' packages/palette/colours.txt
build
expect_counts ran=0
[[ $(outputs .) == "$before" ]] || fail "the old colour gives other files"
echo 'rose 200 90 110' >>packages/palette/colours.txt
build
expect_ran '@gallery/palette#build @gallery/icons#build'
write packages/icons/shapes/line.txt 'sand M1 1 L15 15'
build
expect_ran '@gallery/icons#build @gallery/icons#check @gallery/catalogue#build @gallery/catalogue#check'

sed -i '/"@gallery\/icons"/d' packages/catalogue/package.json
bxl_build
expect_exit 4
expect_said 'add "@gallery/icons" to the dependencies in packages/catalogue/package.json'
run "$BXL_BIN/bxl" fix-deps -C . --cache "$cache"
expect_exit 0
build

# Nx itself, elsewhere. Not compared: .nx, its cache and its database.
cd "$tmp/native" || exit 1
git init -q . && git add -A && git -c user.name=x -c user.email=x@x commit -qm x || fail "git does not work"
export NX_DAEMON=false NX_TUI=false NX_NO_CLOUD=true
run npx nx run-many -t build check
expect_exit 0
[[ $(outputs .) == "$before" ]] || fail "nx makes other files: $(diff -rq "$tmp/native/packages" "$ws/packages")"
