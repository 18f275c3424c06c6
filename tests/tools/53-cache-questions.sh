# bxl-cache ls, show and diff answer what is cached and why two results differ; verify and fsck whether it is sound.
source "${BASH_SOURCE[0]%/*}/common.sh"
ask() { run "$BXL_BIN/bxl-cache" "$@" --cache "$cache"; }

ask verify
expect_exit 0
expect_said "there is no cache"
expect_absent "$cache"

write in.txt one
write extra.h 1
write build.ninja 'rule sh
  command = cat in.txt extra.h > $out; ln -sf $out $out.link; echo said
build a.out: sh in.txt
build b.out: sh in.txt'
bxl_build
write extra.h 2
sleep 0.02
bxl_build
expect_ran "a.out b.out"

ask ls a.out
[[ $(wc -l <"$log") == 2 ]] || fail "not the two entries of a.out"
ask ls '*.out'
[[ $(wc -l <"$log") == 4 ]] || fail "not four entries"
ask ls nothing
expect_exit 0
[[ ! -s $log ]] || fail "something for nothing"

ask show a.out
expect_exit 0
expect_said "%build%/a.out  6 bytes"
expect_said "%build%/a.out.link -> a.out"
expect_said "command cat in.txt extra.h > a.out"
expect_said "input %build%/in.txt R "
grep -qP '    R [0-9a-f]{12}\t%build%/extra.h' "$log" || fail "the observation of extra.h is not shown"
ask show nothing
expect_exit 1
expect_said "no entry is called 'nothing'"
ask show --json a.out
python3 - "$log" <<'PY' || fail "the JSON is not as documented"
import json, sys
entries = [json.loads(line) for line in open(sys.argv[1])]
assert len(entries) == 2
for e in entries:
    assert e["id"] == "%build%/a.out" and not e["outputs"][0]["lost"], e
    assert e["outputs"][1]["target"] == "a.out" and e["observed"]["%build%/extra.h"].startswith("R ")
PY

# One name: its last two results. Two names: those.
ask diff a.out
expect_exit 0
expect_said "because extra.h changed"
expect_said "output %build%/a.out differs in content"
ask diff a.out b.out
expect_exit 0
expect_said "is an output of the first only"
ask diff --json a.out
python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); assert d["known"] and len(d["inputs"]) == 1, d' "$log" ||
  fail "the JSON of diff"

ask verify
expect_exit 0
expect_said "4 entries and "
expect_said "nothing is wrong"
ask verify --sample 50%
expect_exit 0
ask verify --sample 0
expect_exit 2
ask fsck
expect_exit 0

# Damage: said without a change by -n, then taken out, then repaired by a run.
blob=$(python3 - "$cache" <<'PY'
import os, sys
for top, _, files in os.walk(sys.argv[1] + "/objects"):
    for name in files:
        path = os.path.join(top, name)
        if open(path, "rb").read() == b"one\n2\n":
            print(path)
PY
)
chmod u+w "$blob"
printf 'one\n3\n' >"$blob"
ask verify -n
expect_exit 1
expect_said "3 problems, left as they are"
ask verify --json
expect_exit 1
python3 - "$log" <<'PY' || fail "the JSON of verify"
import json, sys
report = json.load(open(sys.argv[1]))
kinds = sorted(p["kind"] for p in report["problems"])
assert kinds == ["damagedBlob", "missingContent", "missingContent"] and report["repaired"], report
PY
ask verify
expect_exit 0
ask fsck
expect_exit 0
rm -f a.out b.out *.link
bxl_build
expect_exit 0
expect_file a.out "one
2"
ask verify
expect_exit 0

# Compressed or not: the same outputs, less room, and both kinds in one cache.
write build.ninja 'rule sh
  command = for i in 1 2 3 4 5 6 7 8; do cat big; done > $out; cat in.txt >> $out
build packed: sh big in.txt
build plain: sh big in.txt'
seq 1 2000 >big
ask compress
expect_exit 2
ask compress on
expect_exit 0
bytes() { "$BXL_BIN/bxl-cache" stats --json --cache "$cache" | python3 -c 'import json, sys; print(json.load(sys.stdin)["bytes"])'; }
before=$(bytes)
bxl_build packed
expect_exit 0
packed=$(($(bytes) - before))
ask compress off
write in.txt other
before=$(bytes)
bxl_build plain
plain=$(($(bytes) - before))
((packed * 2 < plain)) || fail "$packed bytes compressed, $plain as they are"
write in.txt one
sleep 0.02
cp packed "$tmp/packed"
rm -rf packed .bxl
bxl_build packed
expect_counts hit=1 ran=0
cmp packed "$tmp/packed" || fail "another file came back"
ask verify
expect_exit 0
