#!/bin/bash
# Runs the numbered scripts of this directory, or those whose names contain one of the arguments, and counts.
#
#   run.sh [-C DIRECTORY] [-j N] [WORD…]     exit 1 when one failed; a script that exits 77 was skipped
set -u
directory=${BASH_SOURCE[0]%/*}
[[ ${1-} == -C ]] && { directory=$2; shift 2; }
cd -- "$directory" || exit 1
jobs=2
[[ ${1-} == -j ]] && { jobs=$2; shift 2; }
[[ ${1-} == -j* ]] && { jobs=${1#-j}; shift; }

scripts=()
for script in [0-9]*.sh; do
  chosen=$(($# == 0))
  for word; do [[ $script == *"$word"* ]] && chosen=1; done
  ((chosen)) && scripts+=("$script")
done
results=$(mktemp -d) || exit 1
trap 'rm -rf "$results"' EXIT

run_one() {
  timeout --kill-after=5 300 bash "./$1" >"$results/$1.log" 2>&1 </dev/null
  echo $? >"$results/$1.code"
}
running=0
for script in "${scripts[@]}"; do
  if ((running == jobs)); then
    wait -n
    running=$((running - 1))
  fi
  run_one "$script" &
  running=$((running + 1))
done
wait

passed=0 failed=0 skipped=0
for script in "${scripts[@]}"; do
  case $(<"$results/$script.code") in
    0) passed=$((passed + 1)) ;;
    124 | 137) failed=$((failed + 1)); echo "FAIL $script: not done after 300 s"; sed 's/^/     /' "$results/$script.log" ;;
    77) skipped=$((skipped + 1)); echo "SKIP $script: $(tail -n 1 "$results/$script.log")" ;;
    *) failed=$((failed + 1)); echo "FAIL $script"; sed 's/^/     /' "$results/$script.log" ;;
  esac
done
echo "script tests: $passed passed, $failed failed, $skipped skipped"
((failed == 0))
