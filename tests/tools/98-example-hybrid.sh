# The example of C and JavaScript in one build: the session of its README.
source "${BASH_SOURCE[0]%/*}/common.sh"
for tool in node cmake ninja cc; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
cp -r "${here%/tests/tools}/examples/hybrid/." .
configure() { cmake -G Ninja -S native -B native/out >"$log" 2>&1 || fail "cmake does not work"; }
build() { bxl_build -j2 "$@"; expect_exit 0; }
hashes() { sha256sum native/out/{stop_words.c,count_words} native/out/CMakeFiles/count_words.dir/*.o packages/*/lib/* packages/report/*.{txt,log}; }

configure
build
expect_counts total=7 ran=7 uncacheable=0
expect_file packages/report/report.txt 'crow: stone
fox: fox, grapes, high, jumped'
before=$(hashes)
build
expect_counts ran=0 clean=7
ninja -C native/out -t clean >/dev/null
rm -r packages/words/lib
build
expect_counts ran=0 hit=5 clean=2
[[ $(hashes) == "$before" ]] || fail "replayed files differ"

echo stone >>native/stop_words.txt
bxl_build
expect_exit 1
expect_said '@reader/report#test'
sed -i '$d' native/stop_words.txt
build
expect_counts ran=0
[[ $(hashes) == "$before" ]] || fail "the old list gives other files"
echo '/* more */' >>native/count_words.c
build
expect_ran native/out/CMakeFiles/count_words.dir/count_words.c.o
build native/out/count_words
expect_counts total=4 ran=0

echo 'target_compile_options(count_words PRIVATE -O2)' >>native/CMakeLists.txt
build
expect_said 'Re-running CMake'
expect_counts ran=4 clean=3
sed -i '$d' native/CMakeLists.txt
build
expect_counts ran=0

sed -i '/additionalDependencies: \[/,/^            \],$/d' config.dsc
bxl_build
expect_exit 4
expect_said 'add {dependencies: [f`native/out/count_words`], dependents: ["@reader/words"]} to additionalDependencies'
rm native/out/count_words
bxl_build -j1
[[ $code != 0 ]] || fail "an undeclared program was there by luck"
