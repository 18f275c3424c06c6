# bxl verify runs commands again beside the tree: finds those that make something else each time, forgets their results, touches nothing.
source "${BASH_SOURCE[0]%/*}/common.sh"
verify() { run "$BXL_BIN/bxl" verify -C "$ws" --cache "$cache" "$@"; }
# Everything about every file of the tree, inode and times included.
snapshot() { find . -path ./.bxl/log -prune -o -path ./.bxl/run -prune -o -path './.bxl/lock*' -prune -o -path ./.bxl/verify -prune -o \
  -type f -printf '%p %i %s %T@ %C@ %m\n' -o -printf '%p %i %m %l\n' | sort; }

verify
expect_exit 2
write in.txt one
write build.ninja "rule sh
  command = \$cmd
build good: sh in.txt
  cmd = cat in.txt > good; ls > list; mkdir -p made/empty; ln -s in.txt made/link; cat $ws/in.txt > made/side
build date: sh in.txt || good
  cmd = date +%s%N > date; echo same > stable; mkdir -p extra; : > extra/\$\$\$\$
build after: sh date good
  cmd = wc -w date good > after; echo \$\$RANDOM took \$\$(date +%N)
build alone: sh in.txt good
  cmd = cat in.txt good > alone"
verify
[[ $code == 6 ]] && skip "$(tail -n 1 "$log")"
expect_exit 0
expect_said "nothing was run"
expect_said "4 more have to be built first"

bxl_build -j1
expect_exit 0
before=$(snapshot)

# Only said, as often as one likes.
for i in 1 2; do
  verify -n
  expect_exit 1
  expect_said "date: date differs from byte "
  expect_said " was not made before"
  expect_said "4 commands run again beside the tree: 3 made the same, 1 did not"
  expect_said "what they printed differs: after"
  [[ $(snapshot) == "$before" ]] || fail "the tree is not as it was: $(diff <(echo "$before") <(snapshot))"
done
run "$BXL_BIN/bxl-cache" ls date --cache "$cache"
[[ -s $log ]] || fail "-n has forgotten the entry"

# Now what differs is forgotten, and its other version kept for a look.
verify --json
expect_exit 1
python3 - "$log" "$ws" <<'PY' || fail "the JSON"
import json, os, sys
report = json.load(open(sys.argv[1]))
assert report["run"] == 4 and report["same"] == 3 and report["forgotten"] == 1, report
(date,) = report["differ"]
assert date["pip"] == "date" and not date["failure"], date
outputs = {os.path.relpath(o["path"], sys.argv[2]): o for o in date["outputs"]}
assert "date" in outputs and "stable" not in outputs and len(outputs) == 3, outputs
kept = open(outputs["date"]["kept"]).read()
assert kept.strip().isdigit() and kept != open("date").read(), kept
PY
[[ $(snapshot) == "$before" ]] || fail "the tree is not as it was: $(diff <(echo "$before") <(snapshot))"
run "$BXL_BIN/bxl-cache" ls date --cache "$cache"
[[ ! -s $log ]] || fail "the entry is still there"
[[ -z $(ls "$cache/verify" 2>/dev/null) ]] || fail "left: $(ls "$cache/verify")"
bxl_build
expect_counts clean=4

# Targets and samples; what has to be built is not run.
verify good
expect_exit 0
expect_said "1 command run again beside the tree: 1 made the same"
verify --sample 1%
((code <= 1)) || fail "exit $code"
expect_said "run again beside the tree"
write in.txt two
verify -n
expect_exit 0
expect_said "4 more have to be built first"

# A replayed tree, with outputs that are only in the cache.
bxl_build -j1
rm -rf good list date stable after made extra alone .bxl
bxl_build -j1 --lazy=minimal
before=$(snapshot)
verify -n
expect_exit 1
[[ $(snapshot) == "$before" ]] || fail "lazy outputs came to disk: $(diff <(echo "$before") <(snapshot))"

# What was shared with other checkouts goes as well.
write build.ninja "rule sh
  command = date +%s%N > \$out
build date: sh in.txt"
bxl_build --share-checkouts
expect_exit 0
run "$BXL_BIN/bxl-cache" ls date --cache "$cache"
[[ $(wc -l <"$log") == 3 ]] || fail "not, beside an older one, one entry for this checkout and one for others"
verify
expect_exit 1
expect_said "2 cache entries forgotten"

# A command that fails the second time made no result to rely on either: this one knows where it is.
write build.ninja "rule sh
  command = ! grep -q ' $ws overlay ' /proc/self/mounts && cat in.txt > \$out
build once: sh in.txt"
bxl_build
expect_exit 0
verify
expect_exit 1
expect_said "once did not succeed when run again: it exited with 1"
expect_said "1 cache entry forgotten"

# Interrupted or killed, it leaves no process, and the next call cleans up.
write build.ninja "rule sh
  command = grep -q ' $ws overlay ' /proc/self/mounts && sleep 61.$$; cat in.txt > \$out
build slow: sh in.txt"
bxl_build
expect_exit 0
before=$(snapshot)
running() { pgrep -fx "sleep 61.$$" >"$tmp/pids"; }
wait_until() {  # wait_until CONDITION…
  for _ in {1..300}; do
    "$@" && return
    sleep 0.05
  done
  fail "still waiting for: $*"
}
not_running() { ! running; }
for signal in TERM KILL; do
  "$BXL_BIN/bxl" verify -C "$ws" --cache "$cache" >"$log" 2>&1 &
  wait_until running
  kill -"$signal" "$(pgrep -of "^$BXL_BIN/bxl-verify build -C $ws ")"
  wait "$!"
  code=$?
  [[ $signal == KILL || $code == 143 ]] || fail "$signal: exit $code, expected 143"
  wait_until not_running
  [[ $(snapshot) == "$before" ]] || fail "$signal: the tree is not as it was: $(diff <(echo "$before") <(snapshot))"
done
[[ -n $(ls "$cache/verify") ]] || fail "the killed one left nothing: this test is no longer one"
write build.ninja "rule sh
  command = cat in.txt > \$out
build fast: sh in.txt"
bxl_build
verify
expect_exit 0
[[ -z $(ls "$cache/verify") ]] || fail "left: $(ls "$cache/verify")"
