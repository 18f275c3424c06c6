# bxl fix-deps: the dependencies that builds missed are shown as a diff and written into package.json.
source "${BASH_SOURCE[0]%/*}/common.sh"
package() {  # package NAME SCRIPT DEPENDENCIES
  write "packages/$1/package.json" "{
  \"name\": \"@x/$1\",
  \"version\": \"1.2.0\",
  \"scripts\": {\"build\": \"$2\"},
  \"devDependencies\": {
    \"zlib\": \"1.0.0\"${3-}
  }
}"
}
fix() { run "$BXL_BIN/bxl" fix-deps -C "$ws" --cache "$cache" "$@"; }
write package.json '{"workspaces": ["packages/*"]}'
package a 'mkdir -p lib; echo a >lib/a'
package b 'mkdir -p lib; cat ../a/lib/a >lib/b || true'
package c 'cat ../a/lib/a ../b/lib/b >c || true'

fix
expect_exit 2
expect_said "no build is on record"
bxl_build -j1 --violations=warn
expect_exit 0
run "$BXL_BIN/bxl" why '@x/c#build' -C "$ws" --cache "$cache"
expect_said 'to fix it, add "@x/a" to the dependencies in packages/c/package.json'
expect_said 'to fix it, add "@x/b" to the dependencies in packages/c/package.json'
cp -r packages before
fix -n
expect_exit 0
expect_said "--- packages/b/package.json"
expect_said '+    "@x/a": "1.2.0",'
diff -r packages before || fail "-n changed files"
fix
expect_exit 0
expect_said "2 files changed; let the package manager link the packages"
grep -q '"@x/b": "1.2.0",' packages/c/package.json || fail "c does not depend on b"
cmp -s packages/a/package.json before/a/package.json || fail "a was changed"
bxl_build -j2
expect_exit 0
expect_file packages/c/c "a
a"
bxl_build
expect_counts clean=3
fix
expect_exit 0
expect_said "the last build broke no rule"

# One error at a time: fixed, built and fixed again until nothing is wrong.
rm -rf packages .bxl
package a 'mkdir -p lib; echo a >lib/a'
package b 'mkdir -p lib; cat ../a/lib/a >lib/b || true'
package c 'cat ../b/lib/b >c || true'
write pnpm-workspace.yaml 'packages: ["packages/*"]'
for round in 1 2 3; do
  bxl_build -j1 -k9
  [[ $code == 0 ]] && break
  expect_exit 4
  fix
  expect_exit 0
done
expect_exit 0
grep -q '"@x/a": "workspace:\*",' packages/b/package.json || fail "b does not depend on a"

# What cannot be written: a circle, tasks of one package, a name that stands there already.
package a 'mkdir -p lib; cat ../b/lib/b >lib/a 2>/dev/null || echo a >lib/a'
bxl_build -j1
expect_exit 0
package b 'mkdir -p lib; echo b >lib/b' ', "@x/a": "^2.0.0"'
rm -rf packages/*/lib packages/c/c
bxl_build -j1
expect_exit 4
fix -n
expect_exit 0
expect_said '+    "@x/b": "workspace:*",'
package b 'mkdir -p lib; cat ../a/lib/a >lib/b || true' ', "@x/a": "^2.0.0"'
package a 'mkdir -p lib; echo a >lib/a'
bxl_build -j1
expect_exit 4
fix
expect_exit 0
expect_said "'@x/a' stands among the devDependencies already, as ^2.0.0"
bxl_build fix-deps
expect_exit 2
