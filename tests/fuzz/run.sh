#!/bin/bash
# Builds the fuzzers of this directory with clang and runs each for $BXL_FUZZ_SECONDS (60), all at once.
#
#   tests/fuzz/run.sh [ninja|wire|dsc|transfer]…     after ./dev build; what was learned stays in build/fuzz/NAME
#
# Exit code 1 when one found something: the input lies beside its corpus, and the last lines say how to run it again.
set -u
cd -- "${BASH_SOURCE[0]%/*}/../.." || exit 1
seconds=${BXL_FUZZ_SECONDS:-60}
fuzzers=("$@")
((${#fuzzers[@]})) || fuzzers=(ninja wire dsc transfer)
compiler=(clang++-19)
command -v ccache >/dev/null && compiler=(ccache clang++-19)
flags=(-std=c++20 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
  -Wno-deprecated-declarations -Ilib -isystem build/gen -Ibuild/generated/cache -include tests/fuzz/capnp_for_clang.h)
wire=(lib/wire/*.cc lib/os/file.cc lib/base/*.cc build/gen/wire/bxl.capnp.c++)
sources_ninja=(tests/fuzz/ninja_fuzz.cc lib/frontend/ninja/*.cc lib/frontend/source.cc lib/frontend/reads.cc lib/graph/*.cc "${wire[@]}")
shopt -s extglob
sources_dsc=(tests/fuzz/dsc_fuzz.cc lib/frontend/dsc/!(disk).cc lib/frontend/{source,wildcard}.cc lib/base/*.cc
  lib/frontend/javascript/{exports,policies,resolver,resolver_options,scheduling,selectors,shapes,tasks,top_level}.cc)
sources_wire=(tests/fuzz/wire_fuzz.cc "${wire[@]}")
sources_transfer=(tests/fuzz/transfer_fuzz.cc lib/cache/{importer,export_file,machine_salt,metadata_store,sqlite}.cc
  lib/cas/{blob_store,packing,usage,lease}.cc lib/os/read_at.cc "${wire[@]}")

# compile SOURCE: into build/fuzz/objects, under the source's name with its slashes replaced.
compile() { "${compiler[@]}" "${flags[@]}" -c -x c++ "$1" -o "build/fuzz/objects/${1//\//_}.o"; }
# build FUZZER…: every source once, as many at a time as there are processors.
build() {
  local name source running=0 failed=0 object objects
  declare -A seen=()
  for name; do
    declare -n sources=sources_$name
    for source in "${sources[@]}"; do
      [[ -n ${seen[$source]-} ]] && continue
      seen[$source]=1
      if ((running == $(nproc))); then wait -n || failed=1; else running=$((running + 1)); fi
      compile "$source" &
    done
  done
  for ((; running > 0; running--)); do wait -n || failed=1; done
  ((failed == 0)) || return
  for name; do
    declare -n sources=sources_$name
    objects=()
    for source in "${sources[@]}"; do objects+=("build/fuzz/objects/${source//\//_}.o"); done
    clang++-19 -fsanitize=fuzzer,address,undefined "${objects[@]}" -lcapnp -lkj -lxxhash -lsqlite3 -lzstd -o "build/fuzz/${name}_fuzz" || return
  done
}

# Damaged streams may claim any size; a manifest of 4 kB has room for every statement.
options_ninja=(-max_len=4096 -dict=tests/fuzz/ninja.dict)
seeds_ninja=(tests/frontend/data build/fuzz/ninja-cases)
options_dsc=(-max_len=2048 -dict=tests/fuzz/dsc.dict)
seeds_dsc=(tests/frontend/dsc_data)
options_wire=(-max_len=4096)
seeds_wire=(tests/wire/data)
options_transfer=(-max_len=2048)
seeds_transfer=()

rm -rf build/fuzz/ninja-cases  # of cases that are gone
mkdir -p build/fuzz/ninja-cases build/fuzz/objects
# Each case of tests/language as one input: its files, a form feed between them.
awk 'function put() { if (text != "") printf "%s", text > ("build/fuzz/ninja-cases/" name); close("build/fuzz/ninja-cases/" name) }
  /^### / { put(); name = $2; sub(/:.*/, "", name); text = ""; on = 0; next }
  /^=== / { if (text != "") text = text "\f"; on = 1; next }
  /^>>> / { on = 0; next }
  on { text = text $0 "\n" }
  END { put() }' tests/language/*.txt

pids=() failed=0
build "${fuzzers[@]}" || { echo "fuzz: the fuzzers do not compile" >&2; exit 1; }
for name in "${fuzzers[@]}"; do
  declare -n options=options_$name seeds=seeds_$name
  mkdir -p "build/fuzz/$name"
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
