# The JSON example: cold, again, outputs deleted, a new phrase, a source that is not declared.
source "${BASH_SOURCE[0]%/*}/common.sh"
command -v cc >/dev/null || skip "cc is not installed"

cp -r "${here%/tests/tools}/examples/json/." .
build() { bxl_build "$@"; expect_exit 0; }
build
expect_counts total=7 ran=7 failed=0 uncacheable=0
expect_file out/test.log "Hello, world (1.0)"
[[ -L out/docs/more/usage.txt ]] || fail "the copied tree has lost its link"
build
expect_counts total=7 ran=0 clean=7
rm -r out
build
expect_counts ran=0 hit=7

write phrases.txt 'hello Good morning,'
build
expect_ran "phrases main.o greeter test"
expect_file out/test.log "Good morning, world (1.0)"
expect_absent out/phrases/bye.h

write src/extra.h '#define EXTRA'
sed -i '1i #include "extra.h"' src/main.c
bxl_build
expect_exit 4
expect_said 'it read %ws%/src/extra.h, a source that it does not declare'
build -f "tag='codegen'"
expect_counts total=1 ran=0
