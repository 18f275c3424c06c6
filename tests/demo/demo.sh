#!/bin/bash
# demo.sh BIN WORK: builds a real CMake project with bxl, cold, again, after deleting outputs, and after edits.
#
# The project is leveldb from Debian's sources, else examples/hello. Prints a terminal session and fails when a build
# ran more or less than it had to.
set -u
root=$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd -P)
bin=$(cd -- "$1" && pwd -P) || exit 1
mkdir -p "$2" && cd -- "$2" || exit 1
export BXL_CACHE_DIR=$PWD/cache BXL_SUMMARY=$PWD/summary.json
rm -rf cache out project
mkdir project

if tree=$("$root/tests/demo/source-package.sh" leveldb "$PWD/src"); then
  cp -r "$tree/." project
  name=${tree##*/} flags=(-DLEVELDB_BUILD_TESTS=OFF -DLEVELDB_BUILD_BENCHMARKS=OFF)
  header=util/hash.h
else
  echo "No source package can be had here, so the shipped example has to do."
  cp -r "$root/examples/hello/." project
  name=examples/hello flags=()
  header=text/text.h
fi

# shell COMMAND…: shows and runs it.
shell() {
  echo "\$ $*"
  "$@" || { echo "demo: $1 failed" >&2; exit 1; }
}
# count KEY: a number of the summary.
count() {
  [[ $(<summary.json) =~ \"$1\":\ *([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}
# bxl_build MEANING CONDITION: builds; the condition is arithmetic over total, clean, hit, ran.
bxl_build() {
  local meaning=$1 condition=$2 total clean hit ran
  rm -f summary.json
  echo "\$ bxl -C out"
  "$bin/bxl" -C out || { echo "demo: bxl failed with exit code $?" >&2; exit 1; }
  total=$(count total) clean=$(count clean) hit=$(count hit) ran=$(count ran)
  echo "  # $meaning: $total pips, $clean up to date, $hit from the cache, $ran run"
  ((condition)) || { echo "demo: expected $condition" >&2; exit 1; }
  echo
}

echo "# $name"
configure=(cmake -G Ninja -S project -B out -DCMAKE_BUILD_TYPE=Release "${flags[@]}")
echo "\$ ${configure[*]}"
"${configure[@]}" >cmake.log 2>&1 || { tail -n 20 cmake.log >&2; exit 1; }
bxl_build "a cold build" "total > 0 && ran == total"
bxl_build "again" "ran == 0"
shell ninja -C out -t clean
bxl_build "outputs deleted" "ran == 0"
cp "project/$header" header.before
echo "\$ echo '// a comment' >> project/$header"
echo '// a comment' >>"project/$header"
bxl_build "a comment in a header: compiled, but nothing is linked again" "0 < ran && ran < total"
compiled=$(count ran)
echo "\$ echo 'extern int unused;' >> project/$header"
echo 'extern int unused;' >>"project/$header"
bxl_build "a declaration that no code uses" "ran == compiled"
shell cp header.before "project/$header"
bxl_build "the edits undone" "ran == 0"
