# The npm example: the session of its README.
source "${BASH_SOURCE[0]%/*}/common.sh"
command -v node >/dev/null || skip "node is not installed"
cp -r "${here%/tests/tools}/examples/npm/." .
build() { bxl_build -j2 "$@"; expect_exit 0; }

build
expect_counts total=4 ran=4 uncacheable=0
grep -q '<li>beans &amp; peas</li>' packages/site/public/plants.html || fail "a page is not as it should be"
cp -r packages expected
build
expect_counts ran=0 clean=4
rm -r packages/*/lib packages/site/public
build
expect_counts ran=0 hit=4
diff -r packages expected || fail "what was replayed differs"

echo 'And cake.' >>packages/site/pages/index.md
build
expect_ran '@garden/site#build'
grep -q 'And cake' packages/site/public/index.html || fail "the edit is not there"
echo '// Five characters.' >>packages/template/src/escape.js
build
expect_ran '@garden/template#build'
cp packages/theme/colours.json colours
sed -i s/3a7d44/00aa00/ packages/theme/colours.json
build
expect_ran '@garden/theme#build @garden/site#build'
grep -q 00aa00 packages/site/public/style.css || fail "the colour is the old one"
run "$BXL_BIN/bxl" why -C . --cache "$cache" @garden/site#build
expect_said "packages/theme/lib/style.css changed"
cp colours packages/theme/colours.json
build
expect_counts ran=0 hit=2

write packages/site/pages/cake.md '# Cake'
build
expect_ran '@garden/site#build'
grep -q 'href="cake.html"' packages/site/public/plants.html || fail "nothing links to the new page"
rm packages/site/pages/cake.md
build
expect_counts ran=0
expect_absent packages/site/public/cake.html

sed -i '/@garden\/template/d' packages/site/package.json
bxl_build
expect_exit 4
expect_said 'R  %ws%/packages/template/lib/template.js'
expect_said 'add "@garden/template" to the dependencies in packages/site/package.json'
run "$BXL_BIN/bxl" fix-deps -C . --cache "$cache"
expect_exit 0
expect_said '+    "@garden/template": "1.0.0"'
build
build
expect_counts clean=4

# What npm itself makes of it: `npm run` needs no installed packages.
command -v npm >/dev/null || skip "npm is not installed; all else was checked"
mkdir native
cp -r "${here%/tests/tools}/examples/npm/." native
(cd native && HOME=$tmp npm_config_update_notifier=false npm run build >"$log" 2>&1) || fail "npm does not build it"
diff -r native/packages expected || fail "npm makes other files"
