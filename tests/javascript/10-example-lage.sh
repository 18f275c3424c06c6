# The Lage example with lage itself: the session of its README, and the same files as lage makes.
source "${BASH_SOURCE[0]%/*}/../tools/common.sh"
for tool in node npm git; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
cp -r "${here%/tests/tools}/examples/lage/." .
timeout 300 npm install --no-audit --no-fund --prefer-offline >"$log" 2>&1 || skip "no npm registry here"
cp -a . "$tmp/native"
build() { bxl_build -j2 "$@"; expect_exit 0; }
outputs() { (cd "$1" && find packages -name lib -o -name '*.log' | LC_ALL=C sort | xargs tar -c --mtime=@0 | sha256sum); }

build
expect_said "asking lage info"
expect_counts total=9 ran=9 uncacheable=0
expect_file packages/parser/lint.log 'parser is fine'
before=$(outputs .)
build
expect_counts ran=0 clean=9
rm -r packages/*/lib packages/*/*.log
build
expect_counts ran=0 hit=9
[[ $(outputs .) == "$before" ]] || fail "replayed files differ"

echo '// No negative numbers yet.' >>packages/tokens/src/index.js
build
expect_ran '@calc/tokens#build @calc/tokens#lint'
sed -i 's/100/90/' tools/rules.json
build
expect_ran '@calc/tokens#lint @calc/parser#lint @calc/calc#lint'
echo '// TODO: brackets' >>packages/parser/src/index.js
bxl_build
expect_exit 1
expect_said "index.js:23: 'TODO'"
sed -i '$d' packages/parser/src/index.js
build

sed -i '/"@calc\/parser"/d' packages/calc/package.json
bxl_build
expect_exit 4
expect_said 'add "@calc/parser" to the dependencies in packages/calc/package.json'
run "$BXL_BIN/bxl" fix-deps -C . --cache "$cache"
expect_exit 0
build

# Lage itself, without its cache, needs a repository of git's. Its files: node_modules/.cache and .lage, not compared.
cd "$tmp/native" || exit 1
git init -q . && git add -A && git -c user.name=x -c user.email=x@x commit -qm x || fail "git does not work"
run npx lage build test lint --no-cache
expect_exit 0
[[ $(outputs .) == "$before" ]] || fail "lage makes other files: $(diff -rq "$tmp/native/packages" "$ws/packages")"
# What its cache does not see, as the README says.
run npx lage lint
sed -i 's/100/90/' tools/rules.json
run npx lage lint
expect_exit 0
expect_said 'skipped: 3'
