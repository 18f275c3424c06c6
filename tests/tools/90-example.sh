# The shipped example: cold, again, outputs deleted, a new build directory, edits; only what must run runs.
source "${BASH_SOURCE[0]%/*}/common.sh"
for tool in cmake ninja cc; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done

cp -r "${here%/tests/tools}/examples/hello" src
run cmake -G Ninja -S src -B out -DCMAKE_BUILD_TYPE=Release
expect_exit 0
build() { bxl_build -C out "$@"; expect_exit 0; }
hashes() { (cd out && sha256sum *.txt hello greet_all banner measure libgreet.so generated/phrases.h text/*.a *.a 2>/dev/null); }

build
expect_counts hit=0 clean=0 failed=0 skipped=0 uncacheable=0
out/hello fi bxl | grep -q 'Hyvaa paivaa, bxl' || fail "the program does not work"
before=$(hashes)

build
expect_counts ran=0 hit=0

ninja -C out -t clean >/dev/null
expect_absent out/hello
build
expect_counts ran=0
[[ $(hashes) == "$before" ]] || fail "replayed files differ"

# A new build directory at the same place, with nothing but the cache.
rm -rf out
cmake -G Ninja -S src -B out -DCMAKE_BUILD_TYPE=Release >/dev/null
build
expect_counts ran=0
[[ $(hashes) == "$before" ]] || fail "files of the new directory differ"

# A comment: the sources that include the header are compiled, nothing further.
echo '// a comment' >>src/text/text.h
build
expect_ran_only '*.c.o'
[[ $(hashes) == "$before" ]] || fail "a comment changed outputs"

# Another phrase: the header is generated anew, one source sees a difference in what it compiles to.
sed -i 's/^fi .*/fi Moi/' src/data/phrases.txt
build
out/hello fi bxl | grep -q '^Moi, bxl$' || fail "the new phrase is not there"
sed -i 's/^fi .*/fi Hyvaa paivaa/' src/data/phrases.txt
build
expect_counts ran=0
[[ $(hashes) == "$before" ]] || fail "the old phrase gives other files"

# What bxl made is what ninja makes.
rm -rf out
cmake -G Ninja -S src -B out -DCMAKE_BUILD_TYPE=Release >/dev/null
ninja -C out >/dev/null
[[ $(hashes) == "$before" ]] || fail "ninja makes other files"
