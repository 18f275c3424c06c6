#!/bin/bash
# The long checks of ./dev check, after ./dev build: all of them, or the steps named as arguments.
#
#   sanitize  unit, script and end-to-end tests under address and undefined-behaviour sanitizers
#   threads   unit tests under the thread sanitizer
#   tidy      clang-tidy over lib and tools
#   coverage  lines of lib that the unit tests execute, per module
#   fuzz      the readers of foreign bytes under libFuzzer, 60 s ($BXL_FUZZ_SECONDS): ninja language, config.dsc, streams,
#             exports of a cache
#   kills     500 kills at random moments of builds, 200 of bxl-exec at random notifications: nothing wrong, nothing lost,
#             nothing left running
#   races     eleven pairs of commands that disturb each other, 100 times each in both orders: always told
#   storm     3 minutes ($BXL_STORM_SECONDS) of builds, collections, verifications and kills over one cache
#   javascript  examples and installations with the real lage, rush, nx, Yarn and pnpm, compared with what these make
#   projects  real projects from Debian: the same tree as ninja's, replayed, nothing uncacheable
#   targets   what people type in real CMake projects (test, install, package) does what it does under ninja
#   bare      build, demo and tests in a Debian that has nothing installed (needs root)
# Every step runs, also after a failure; the last lines say which failed. A step that passed is not run again on the same commit
# with nothing edited: a check that was stopped goes on where it was. --again as the first argument runs it all the same. Outputs
# and stamps lie in build/check/COMMIT/.
set -u
cd -- "${BASH_SOURCE[0]%/*}/.." || exit 1
jobs=$(nproc)
# The sanitizers' shadow memory collides with mappings that recent kernels place at random.
fixed_addresses=(setarch "$(uname -m)" --addr-no-randomize)

build_preset() {
  cmake --preset "$1" --log-level=WARNING >/dev/null &&
    "${fixed_addresses[@]}" cmake --build --preset "$1" -j "$jobs"
}

step_sanitize() {
  build_preset asan || return
  export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  local failed=0
  "${fixed_addresses[@]}" ctest --test-dir build-asan --output-on-failure -j "$jobs" || failed=1
  BXL_BIN=$PWD/build-asan/bin "${fixed_addresses[@]}" tests/tools/run.sh -j "$jobs" || failed=1
  [[ ! -f tests/e2e/run.py ]] ||
    BXL_BIN=$PWD/build-asan/bin "${fixed_addresses[@]}" python3 tests/e2e/run.py -j2 || failed=1
  return "$failed"
}

step_threads() {
  build_preset tsan || return
  TSAN_OPTIONS=halt_on_error=1 "${fixed_addresses[@]}" ctest --test-dir build-tsan --output-on-failure -j "$jobs"
}

# Not what includes Cap'n Proto: clang does not compile the comparisons in its headers as C++20.
step_tidy() {
  local files
  files=$(git ls-files 'lib/*.cc' 'tools/*.cc' | xargs grep -LE 'capnp/|wire/(codec|record_|stream_frames|graph_body|path_map)' | tr '\n' '|')
  run-clang-tidy-19 -quiet -p build -j "$jobs" "/(${files%|})$" 2>&1 |
    grep -v -e '^\[' -e ' warnings generated' -e '^clang-tidy' -e '^$' -e 'Running clang-tidy'
  return "${PIPESTATUS[0]}"
}

step_coverage() {
  cmake -S . -B build-coverage -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_FLAGS=--coverage -DCMAKE_CXX_FLAGS=--coverage >/dev/null &&
    cmake --build build-coverage -j "$jobs" || return
  find build-coverage -name '*.gcda' -delete
  ctest --test-dir build-coverage -j "$jobs" >build-coverage/ctest.log 2>&1 || tail -n 20 build-coverage/ctest.log
  python3 tests/coverage.py build-coverage
}

step_fuzz() { tests/fuzz/run.sh; }

step_kills() {
  local failed=0
  python3 tests/kills/kills.py --bin build/bin --count "${BXL_KILLS:-500}" || failed=1
  python3 tests/kills/supervisor.py --bin build/bin --count "${BXL_SUPERVISOR_KILLS:-200}" || failed=1
  return "$failed"
}

step_races() { python3 tests/races/races.py --bin build/bin --count "${BXL_RACES:-100}"; }
step_storm() { python3 tests/kills/storm.py --bin build/bin --seconds "${BXL_STORM_SECONDS:-180}"; }

# C++ with heavy headers, small C executables, generated files, custom commands, and Fortran whose modules are ordered by
# dyndep files (LAPACK in single precision: four of its edges are actions).
step_projects() {
  local project failed=0
  for project in "leveldb -DLEVELDB_BUILD_TESTS=OFF -DLEVELDB_BUILD_BENCHMARKS=OFF" cjson "yaml-cpp -DYAML_CPP_BUILD_TESTS=OFF" "libuv1 -DLIBUV_BUILD_TESTS=OFF" curl \
    "--actions 4 lapack -DBUILD_SINGLE=ON -DBUILD_DOUBLE=OFF -DBUILD_COMPLEX=OFF -DBUILD_COMPLEX16=OFF -DBUILD_TESTING=OFF"; do
    # shellcheck disable=SC2086  # words
    python3 tests/real/same_as_ninja.py --bin "$PWD/build/bin" --work "$PWD/build/real" $project || failed=1
  done
  return "$failed"
}

step_targets() {
  local project failed=0
  for project in utf8proc cmocka lz4/build/cmake pugixml tinyxml2 libjsoncpp googletest; do
    python3 tests/real/targets_like_ninja.py --bin "$PWD/build/bin" --work "$PWD/build/real" "$project" || failed=1
  done
  return "$failed"
}

# Each installs its tools, which needs npm and its registry; without them it is skipped.
step_javascript() { BXL_BIN=$PWD/build/bin tests/tools/run.sh -C tests/javascript -j1; }

step_bare() { tests/bare-debian.sh; }

again=
[[ ${1-} == --again ]] && { again=1; shift; }
steps=("$@")
((${#steps[@]})) || steps=(sanitize threads tidy coverage fuzz kills storm races javascript projects targets bare)
for step in "${steps[@]}"; do
  declare -F "step_$step" >/dev/null || { echo "check: no step $step" >&2; exit 2; }
done

commit=$(git rev-parse HEAD 2>/dev/null)
# A stamp says that the whole step passed on the commit: not on what is edited or untracked, nor a part that a variable chose.
whole_commit() {
  [[ -n $commit && $(git rev-parse HEAD) == "$commit" && -z $(git status --porcelain) &&
    -z ${BXL_FUZZ_SECONDS-}${BXL_KILLS-}${BXL_SUPERVISOR_KILLS-}${BXL_RACES-}${BXL_STORM_SECONDS-} ]]
}
log_dir=build/check/${commit:-none}
mkdir -p "$log_dir" || exit 1

failed=() resumed=()
for step in "${steps[@]}"; do
  stamp=$log_dir/$step.passed
  if [[ -z $again && -e $stamp ]] && whole_commit; then
    echo "== $step: passed on this commit $(<"$stamp")"
    resumed+=("$step")
    continue
  fi
  echo "== $step"
  rm -f "$stamp"
  ("step_$step") 2>&1 | tee "$log_dir/$step.log"
  if ((PIPESTATUS[0] != 0)); then
    failed+=("$step")
  elif whole_commit; then  # still, after all that time
    date '+on %F at %T' >"$stamp"
  fi
done
if ((${#failed[@]})); then
  echo "check: FAILED: ${failed[*]}"
  exit 1
fi
echo "check: passed: ${steps[*]}${resumed:+ (before: ${resumed[*]})}"
