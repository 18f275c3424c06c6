# What people type in the first hour, with CMake's targets: exit code and effect are ninja's.
source "${BASH_SOURCE[0]%/*}/common.sh"
command -v cmake >/dev/null && command -v ninja >/dev/null && command -v cc >/dev/null || skip "no cmake, ninja or cc"

mkdir src
write src/hello.c 'int main(void) { return 0; }'
write src/style.txt 'two  blanks'
write src/told.sh 'echo "told: DISPLAY=$DISPLAY TMPDIR=$TMPDIR umask=$(umask) files=$(ulimit -n)"'
write src/CMakeLists.txt 'cmake_minimum_required(VERSION 3.16)
project(first C)
add_executable(hello hello.c)
enable_testing()
add_test(NAME runs COMMAND hello)
install(TARGETS hello DESTINATION bin)
include(CPack)
set(S ${CMAKE_SOURCE_DIR})
add_custom_target(format COMMAND sed -i "s/  / /" ${S}/style.txt)
add_custom_target(told COMMAND sh ${S}/told.sh)
add_custom_target(stamp ALL COMMAND sh -c "date +%N >${CMAKE_BINARY_DIR}/now" BYPRODUCTS now)
add_custom_command(OUTPUT copy COMMAND cp now copy DEPENDS now)
add_custom_target(late DEPENDS copy)
add_custom_target(fails COMMAND sh -c "echo reason && exit 7")'
cmake -G Ninja -S src -B out -DCMAKE_INSTALL_PREFIX="$tmp/prefix" -DCPACK_GENERATOR=TGZ >"$log" 2>&1 || skip "cmake cannot configure here"
b() { run "$BXL_BIN/bxl" build -C out --cache "$cache" --summary "$ws.sum" "$@"; }
quiet() { expect_exit 0; ! grep -q -e "DX5" -e "not cached" -e "set aside" "$log" || fail "an action is talked about"; }

b
quiet
for target in test list_install_components rebuild_cache edit_cache; do
  b "$target"
  quiet
done
expect_absent out/.bxl/saved

# DESTDIR reaches it, and the prefix stays as it was.
for target in install install/strip; do
  rm -rf "$tmp/stage"
  DESTDIR=$tmp/stage b "$target"
  quiet
  [[ -x $tmp/stage$tmp/prefix/bin/hello ]] || fail "$target staged nothing"
  expect_absent "$tmp/prefix"
done
b package
quiet
compgen -G 'out/*.tar.gz' >/dev/null || fail "nothing was packed"

# A formatter rewrites sources; that is an edit like another.
b format
quiet
expect_file src/style.txt 'two blanks'

# The whole environment, umask and limits.
told() { sed -n 's/^told: //p' "$log"; }
(export DISPLAY=:7 TMPDIR=$tmp; umask 027; ulimit -S -n 300; ninja -C out told) >"$log" 2>&1
theirs=$(told)
(export DISPLAY=:7 TMPDIR=$tmp; umask 027; ulimit -S -n 300; "$BXL_BIN/bxl" -C out --cache "$cache" told) >"$log" 2>&1
ours=$(told)
[[ $theirs == "DISPLAY=:7 TMPDIR=$tmp umask=0027 files=300" && $ours == "$theirs" ]] || fail "ninja: $theirs, bxl: $ours"

# What an action makes and others read is what they get.
b late
expect_exit 0
cmp -s out/now out/copy || fail "the copy is not of this build's file"

b fails
expect_exit 1
expect_said reason

# A target brings all it needs to disk, and what runs always is no news.
ninja -C out -t clean >/dev/null
b hello
expect_exit 0
out/hello || fail "hello does not run"
[[ -e out/CMakeFiles/hello.dir/hello.c.o ]] || fail "what hello is made of stayed in the cache"
b hello
expect_counts ran=0 uncacheable=0

# A project in a project: its steps write one directory, one declares what another makes.
mkdir -p outer/inner
write outer/inner/CMakeLists.txt 'cmake_minimum_required(VERSION 3.16)
project(inner C)
add_library(inner STATIC inner.c)
install(TARGETS inner DESTINATION lib)'
write outer/inner/inner.c 'int inner(void) { return 3; }'
write outer/main.c 'int inner(void); int main(void) { return inner(); }'
write outer/CMakeLists.txt 'cmake_minimum_required(VERSION 3.16)
project(outer C)
include(ExternalProject)
set(B ${CMAKE_BINARY_DIR})
ExternalProject_Add(ep SOURCE_DIR ${CMAKE_SOURCE_DIR}/inner BINARY_DIR ${B}/ib CMAKE_ARGS -DCMAKE_INSTALL_PREFIX=${B}/stage
  BUILD_BYPRODUCTS ${B}/stage/lib/libinner.a)
add_executable(app main.c)
add_dependencies(app ep)
target_link_libraries(app ${B}/stage/lib/libinner.a)'
cmake -G Ninja -S outer -B outer/b >"$log" 2>&1 || fail "cmake"
ep() { run "$BXL_BIN/bxl" build -C outer/b --cache "$cache" --summary "$ws.sum" "$@"; }
says() { outer/b/app; [[ $? == "$1" ]] || fail "app does not say $1"; }
ep
quiet
says 3
ep
expect_counts ran=0
write outer/inner/inner.c 'int inner(void) { return 4; }'
ep
quiet
says 4
ep
expect_counts ran=0
write outer/inner/CMakeLists.txt "$(<outer/inner/CMakeLists.txt)
# configured anew"
ep
quiet
ep
expect_counts ran=0
