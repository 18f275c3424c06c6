# bxl doctor: a line for each thing that matters, advice where something is wrong, 1 only for errors.
source "${BASH_SOURCE[0]%/*}/common.sh"
doctor() { run "$BXL_BIN/bxl" doctor -C "$ws" --cache "$cache" "$@"; }

# Before the first build, anywhere; nothing is created.
doctor
expect_exit 0
expect_said "ok       observation: "
expect_said "ok       tools: version "
expect_said "ok       cache: $cache will be made by the first build"
expect_said "ok       workspace: none here"
expect_absent "$cache"
expect_absent .bxl

write build.ninja 'rule sh
  command = echo 1 > $out
build out: sh'
bxl_build
expect_exit 0
doctor
expect_exit 0
expect_said "ok       workspace: $ws: 1 output on record"
! grep -q ^error "$log" || fail "an error"

# Whether bxl verify works is what doctor says of it.
run "$BXL_BIN/bxl" verify -C "$ws" --cache "$cache"
verified=$code
doctor
if ((verified == 0)); then
  expect_said "ok       verify: "
else
  expect_said "warning  verify: bxl verify cannot run commands"
fi
# Where nobody may have namespaces.
refusing='echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-sys_admin "$@"'
if unshare -Ur sh -c "$refusing" sh true 2>/dev/null; then
  run unshare -Ur sh -c "$refusing" sh "$BXL_BIN/bxl" doctor -C "$ws" --cache "$cache"
  expect_said "warning  verify: bxl verify cannot run commands beside the tree"
fi

# What killed builds leave, and what was set aside.
mkdir -p .bxl/saved/x
touch .bxl/saved/x/mine .bxl/tmp/half
echo rest >.bxl/run/results
touch "$cache/quarantine/damaged" 2>/dev/null || { mkdir "$cache/quarantine"; touch "$cache/quarantine/damaged"; }
doctor
expect_exit 0
expect_said "1 file of yours, set aside"
expect_said "1 file of killed builds in $ws/.bxl/tmp"
expect_said "results of a killed build are not in the cache yet"
expect_said "1 damaged blob in $cache/quarantine"

# Errors: a lost record, a cache that is a file, a tool that is missing. Each says what to do.
rm .bxl/outputs.log
rm -r "$cache/workspaces"
doctor
expect_exit 1
expect_said "error    workspace: the record of outputs"
expect_said "→ outputs of earlier builds may be taken for sources: run bxl clean --adopt"
touch "$tmp/file"
run "$BXL_BIN/bxl" doctor -C "$ws" --cache "$tmp/file/cache"
expect_exit 1
expect_said "error    cache: $tmp/file is no directory"
mkdir "$tmp/few"
ln -s "$BXL_BIN"/bxl-graph "$tmp/few/bxl-graph"
run env BXL_BIN="$tmp/few" "$BXL_BIN/bxl-doctor" -C "$ws" --cache "$cache"
expect_exit 1
expect_said "bxl-plan, bxl-exec, bxl-cache, bxl-materialize, bxl-sandbox, bxl-log cannot be run from $tmp/few"
run env BXL_SHIM=0 "$BXL_BIN/bxl-doctor" -C "$ws" --cache "$cache"
expect_said "warning  shim: switched off by BXL_SHIM=0"

doctor --json
expect_exit 1
python3 - "$log" <<'PY' || fail "the JSON is not as documented"
import json, sys
report = json.load(open(sys.argv[1]))
topics = {f["topic"] for f in report["findings"] if f["level"] in ("ok", "warning", "error")}
assert report["schema"] == 1 and report["result"] == "error", report
assert {"observation", "shim", "tools", "file system", "cache", "workspace"} <= topics, topics
assert all(f.get("advice") for f in report["findings"] if f["level"] != "ok")
PY
