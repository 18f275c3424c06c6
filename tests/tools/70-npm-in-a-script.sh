# Scripts that call npm themselves: its logs and its cache are each task's own, and the results are cached.
source "${BASH_SOURCE[0]%/*}/common.sh"
command -v npm >/dev/null || skip "npm is not installed"
export HOME=$tmp/home
mkdir "$HOME"
write package.json '{"name": "root", "private": true, "workspaces": ["packages/*"]}'
for name in a b; do
  write "packages/$name/package.json" "{\"name\": \"$name\", \"version\": \"1.0.0\", \"scripts\": {
    \"build\": \"mkdir -p lib && npm run --silent inner >lib/out\", \"inner\": \"echo made by $name\"}}"
done
bxl_build -j2
expect_exit 0
expect_counts ran=2 uncacheable=0
expect_file packages/a/lib/out "made by a"
[[ -z $(ls -A "$HOME") ]] || fail "npm left something in the home directory: $(ls -A "$HOME")"
bxl_build
expect_counts clean=2
rm -r packages/*/lib
bxl_build
expect_counts hit=2
expect_file packages/b/lib/out "made by b"
