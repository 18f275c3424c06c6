# The Rush example with Rush itself, phased: the session of its README, and the same files as Rush makes.
source "${BASH_SOURCE[0]%/*}/../tools/common.sh"
for tool in node npm git; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
cp -r "${here%/tests/tools}/examples/rush/." .
# Rush keeps pnpm and its own state in the home directory.
export HOME=$tmp/home
mkdir "$HOME"
git init -q . && git add -A && git -c user.name=x -c user.email=x@x commit -qm x || fail "git does not work"
(cd tools && timeout 240 npm install --no-audit --no-fund --prefer-offline >"$log" 2>&1) || skip "no npm registry here"
timeout 120 tools/node_modules/.bin/rush update >"$log" 2>&1 || skip "rush update does not work here"
build() { bxl_build -j2 "$@"; expect_exit 0; }
# Not compared: what Rush keeps beside (common/temp, .rush, rush-logs) and logs it writes.
outputs() { (cd "$1" && find libs apps \( -name lib -o -name tested.txt \) -not -path '*/node_modules/*' | LC_ALL=C sort | xargs tar -c --mtime=@0 | sha256sum); }

build
expect_said "asking rush test"
expect_counts total=5 ran=5 uncacheable=0
grep -q '^  *1\* *2' apps/printer/lib/2027-01.txt || fail "new year is no feast"
before=$(outputs .)
build
expect_counts ran=0 clean=5
rm -r libs/*/lib apps/*/lib libs/*/tested.txt
build
expect_counts ran=0 hit=5
[[ $(outputs .) == "$before" ]] || fail "replayed files differ"
rm -r libs/*/lib apps/*/lib

echo '06-21 midsummer' >>libs/dates/feasts.txt
build
expect_ran '@almanac/dates#_phase:build @almanac/dates#_phase:test @almanac/calendar#_phase:test @almanac/printer#_phase:build'
sed -i '$d' libs/dates/feasts.txt
build
expect_counts ran=0
[[ $(outputs .) == "$before" ]] || fail "the old feasts give other files"
echo '// Weeks begin on Monday.' >>libs/calendar/test.js
build
expect_ran '@almanac/calendar#_phase:test'

# The dependency is there, as the installation left it; nothing says that it is waited for.
sed -i 's/"@almanac\/dates": "workspace:\*"//' libs/calendar/package.json
bxl_build
expect_exit 4
expect_said 'add "@almanac/dates" to the dependencies in libs/calendar/package.json'
run "$BXL_BIN/bxl" fix-deps -C . --cache "$cache"
expect_exit 0
expect_said '+    "@almanac/dates": "workspace:*"'
build

# Rush itself, on what bxl did not touch.
git stash -q
run "$BXL_BIN/bxl" clean -C . --cache "$cache"
expect_exit 0
expect_absent apps/printer/lib
tools/node_modules/.bin/rush test >"$log" 2>&1 || fail "rush does not build it"
[[ $(outputs .) == "$before" ]] || fail "rush makes other files"
