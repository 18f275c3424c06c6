# A file that one thread creates while another one makes its directory is seen to be made, however the two meet.
source "${BASH_SOURCE[0]%/*}/common.sh"
cat >race.py <<'PY'
import os, threading
for i in range(400):
    barrier = threading.Barrier(2)
    def make():
        barrier.wait()
        os.mkdir(f"d{i}")
    maker = threading.Thread(target=make)
    maker.start()
    barrier.wait()
    for _ in range(1000):  # until the directory is there
        try:
            os.close(os.open(f"d{i}/f", os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
            break
        except FileNotFoundError:
            pass
    maker.join()
PY
run "$BXL_BIN/bxl-sandbox" --json --out "$tmp/seen.json" -- python3 race.py
expect_exit 0
python3 - "$tmp/seen.json" "$ws" <<'PY' || fail "files were created unseen"
import json, os, sys
report = json.load(open(sys.argv[1]))
made = {one["path"] for one in report["accesses"] if "create" in one["ops"]}
missed = [f"d{i}/f" for i in range(400) if f"{sys.argv[2]}/d{i}/f" not in made and os.path.exists(f"d{i}/f")]
if missed:
    sys.exit(f"{len(missed)} of 400 missed: {missed[:5]}")
PY
# What was never created is no output.
run "$BXL_BIN/bxl-sandbox" --json --out "$tmp/seen.json" -- sh -c 'echo 1 >none/f; mkdir none2/d; true'
expect_exit 0
! grep -qE '"(create|mkdir)"' "$tmp/seen.json" || fail "a call that failed is said to have made something"
