# The TypeScript compiler: nearly all it looks at passes by the preloaded library, and it is seen all the same.
source "${BASH_SOURCE[0]%/*}/common.sh"
for tool in node npm; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
grep -q __asan_init "$BXL_BIN/bxl-exec" && skip "the preloaded library is built without sanitizers"
timeout 120 npm install --prefix "$ws" --no-audit --no-fund --prefer-offline typescript@5 >"$log" 2>&1 || skip "no npm registry here"
write tsconfig.json '{"compilerOptions": {"outDir": "out", "strict": true, "types": []}, "include": ["*.ts"]}'
write m0.ts 'export function f(n: number): number { return n; }'
for i in {1..39}; do
  write "m$i.ts" "import { f as g } from './m$((i - 1))'; export function f(n: number): number { return g(n) + $i; }"
done
compile=(node node_modules/typescript/bin/tsc -p .)

run "$BXL_BIN/bxl-sandbox" --json --out "$tmp/with" -- "${compile[@]}"
expect_exit 0
rm -r out
run "$BXL_BIN/bxl-sandbox" --no-shim --json --out "$tmp/without" -- "${compile[@]}"
expect_exit 0
python3 - "$tmp/with" "$tmp/without" <<'PY' || fail "not as it should be seen"
import json, sys
one, other = (json.load(open(name)) for name in sys.argv[1:])

if one["notifications"] >= 100:
    sys.exit(f"{one['notifications']} notifications")
if other["notifications"] <= one["notifications"]:
    sys.exit(f"{other['notifications']} notifications without the library")
names = [{a["path"] for a in run["accesses"] if "/ws/" in a["path"]} for run in (one, other)]
if names[0] != names[1] or not any(path.endswith("/m39.ts") for path in names[0]):
    sys.exit(f"seen by one only: {sorted(names[0] ^ names[1])[:10]}")
if one["reasons"] or other["reasons"]:
    sys.exit(f"{one['reasons']} {other['reasons']}")
PY
