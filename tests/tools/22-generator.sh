# CMake's re-run is observed: it runs when something that it read is not as it was, and never without need.
source "${BASH_SOURCE[0]%/*}/common.sh"
for tool in cmake ninja cc; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done

write src/CMakeLists.txt 'cmake_minimum_required(VERSION 3.16)
project(p C)
include(cmake/more.cmake)
configure_file(config.h.in config.h)
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/app/*.c)
file(GLOB plain ${CMAKE_SOURCE_DIR}/plain/*.c)
if(EXISTS ${CMAKE_SOURCE_DIR}/optional.txt)
  add_compile_definitions(OPTIONAL)
endif()
file(READ ${CMAKE_SOURCE_DIR}/version.txt version)
message(STATUS "version ${version} $ENV{EXTRA} ${MORE}")
add_compile_definitions(EXTRA="$ENV{EXTRA}")
include_directories(${CMAKE_BINARY_DIR})
add_executable(app ${sources} ${plain})'
write src/cmake/more.cmake 'set(MORE 1)'
write src/config.h.in '#define CONFIG 1'
write src/version.txt 1
write src/app/main.c 'int main(void) { return 0; }'
write src/plain/a.c 'int a;'

export CMAKE_EXPORT_COMPILE_COMMANDS=1
run cmake -G Ninja -S src -B out
expect_exit 0
# build WHAT: a build in which CMake must run (yes) or must not (no).
build() {
  local what=$1
  shift
  sleep 0.02
  bxl_build -C out "$@"
  expect_exit 0
  if [[ $what == yes ]]; then
    grep -q 'Configuring done' "$log" || fail "CMake did not run"
  else
    ! grep -q 'Configuring done' "$log" || fail "CMake ran without need"
  fi
}

build no
before=$(sha256sum out/compile_commands.json; stat -c %y out/compile_commands.json)
build no
[[ $(sha256sum out/compile_commands.json; stat -c %y out/compile_commands.json) == "$before" ]] ||
  fail "compile_commands.json was touched"

# What the manifest declares, before any observed run: contents count, not times.
touch src/CMakeLists.txt src/cmake/more.cmake src/config.h.in
build no
write src/cmake/more.cmake 'set(MORE 2)'
build yes
build no
write src/config.h.in '#define CONFIG 2'
build yes
build no
touch src/config.h.in src/CMakeLists.txt src/app/main.c
build no
expect_counts ran=0
# An edit undone before the build is none.
write src/config.h.in '#define CONFIG 3'
write src/config.h.in '#define CONFIG 2'
build no

# A glob with CONFIGURE_DEPENDS, by CMake's own check.
write src/app/b.c 'int b;'
build yes
build no
expect_counts ran=0
write src/app/b.c 'int b = 1;'
build no
rm src/app/b.c
build yes
build no

# From here on what CMake was seen to read: a glob that it does not check, a file it only read, one it looked for.
write src/plain/b.c 'int plain_b;'
build yes
expect_said 'src/plain changed'
grep -q plain/b.c out/build.ninja || fail "the new source is not in the manifest"
build no
write src/version.txt 2
build yes
expect_said 'version 2'
build no
touch src/version.txt
build no
write src/optional.txt ''
build yes
build no
rm src/optional.txt
build yes
build no

# An environment variable that a script names; others do not matter.
EXTRA=1 build yes
EXTRA=1 build no
EXTRA=1 UNRELATED=1 build no
build yes
build no

# CMake run by hand: its run is not known, and nothing is done twice.
write src/version.txt 3
run cmake out
expect_exit 0
sed -i 's/^# CMAKE generated/# cmake generated/' out/build.ninja
build no

# A CMake that fails is tried again until it works.
write src/cmake/more.cmake 'message(FATAL_ERROR no)'
bxl_build -C out
expect_exit 3
bxl_build -C out
expect_exit 3
expect_said 'the generator of'
write src/cmake/more.cmake 'set(MORE 2)'
bxl_build -C out
expect_exit 0
build no
