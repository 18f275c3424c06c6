#!/bin/bash
# Builds the fuzzers of this directory with clang and runs each for $BXL_FUZZ_SECONDS (60), all at once.
#
#   tests/fuzz/run.sh [ninja|wire]…     after ./dev build; what was learned stays in build/fuzz/NAME
#
# Exit code 1 when one found something: the input lies beside its corpus, and the last lines say how to run it again.
set -u
cd -- "${BASH_SOURCE[0]%/*}/../.." || exit 1
seconds=${BXL_FUZZ_SECONDS:-60}
fuzzers=("$@")
((${#fuzzers[@]})) || fuzzers=(ninja wire)
flags=(-std=c++20 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Wno-deprecated-declarations
  -Ilib -isystem build/gen -include tests/fuzz/capnp_for_clang.h)
wire=(lib/wire/*.cc lib/os/file.cc lib/base/*.cc -x c++ build/gen/wire/bxl.capnp.c++)
libraries=(-lcapnp -lkj -lxxhash)

build_ninja() { clang++-19 "${flags[@]}" tests/fuzz/ninja_fuzz.cc lib/frontend/ninja/*.cc lib/frontend/reads.cc lib/graph/*.cc "${wire[@]}" "${libraries[@]}" -o build/fuzz/ninja_fuzz; }
build_wire() { clang++-19 "${flags[@]}" tests/fuzz/wire_fuzz.cc "${wire[@]}" "${libraries[@]}" -o build/fuzz/wire_fuzz; }
# Damaged streams may claim any size; a manifest of 4 kB has room for every statement.
options_ninja=(-max_len=4096 -dict=tests/fuzz/ninja.dict)
seeds_ninja=(tests/frontend/data build/fuzz/ninja-cases)
options_wire=(-max_len=4096)
seeds_wire=(tests/wire/data)

mkdir -p build/fuzz/ninja-cases
# Each case of tests/language as one input: its files, a form feed between them.
awk 'function put() { if (text != "") printf "%s", text > ("build/fuzz/ninja-cases/" name); close("build/fuzz/ninja-cases/" name) }
  /^### / { put(); name = $2; sub(/:.*/, "", name); text = ""; on = 0; next }
  /^=== / { if (text != "") text = text "\f"; on = 1; next }
  /^>>> / { on = 0; next }
  on { text = text $0 "\n" }
  END { put() }' tests/language/*.txt

pids=() failed=0
for name in "${fuzzers[@]}"; do
  "build_$name" || exit 1
  mkdir -p "build/fuzz/$name"
done
for name in "${fuzzers[@]}"; do
  declare -n options=options_$name seeds=seeds_$name
  "build/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/$name-" "${options[@]}" "build/fuzz/$name" "${seeds[@]}" >"build/fuzz/$name.log" 2>&1 &
  pids+=($!)
done
for i in "${!pids[@]}"; do
  name=${fuzzers[i]}
  if wait "${pids[i]}"; then
    echo "fuzz: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log") inputs in $seconds s, nothing found"
  else
    failed=1
    grep -aE -A 12 'ERROR|runtime error|SUMMARY' "build/fuzz/$name.log" | head -n 40
    echo "fuzz: $name: FAILED; again with: build/fuzz/${name}_fuzz $(sed -n 's/.*Test unit written to //p' "build/fuzz/$name.log")"
  fi
done
exit "$failed"
