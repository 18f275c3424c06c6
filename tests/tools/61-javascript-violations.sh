# What JavaScript tools let pass is named: who, which path, which rule.
source "${BASH_SOURCE[0]%/*}/common.sh"
# repository NAME CONFIG; package NAME SCRIPTS DEPENDENCIES: the scripts write and read in `lib`.
repository() {
  ws=$tmp/$1
  mkdir "$ws" && cd "$ws" || exit 1
  write package.json '{"workspaces": ["packages/*"]}'
  write config.dsc "config({resolvers: [{kind: \"Npm\", moduleName: \"m\", root: d\`.\`, execute: $2}]});"
}
package() {
  write "packages/$1/package.json" "{\"name\": \"$1\", \"version\": \"1.0.0\", \"scripts\": {$2}, \"dependencies\": {${3-}}}"
}
one_by_one='[{command: "build"}, {command: "test", dependsOn: [{kind: "local", command: "build"}]}]'

for jobs in 1 2; do
  repository missing-dependency-$jobs '["build"]'
  package a '"build": "mkdir -p lib; echo 1 >lib/strings"'
  package b '"build": "mkdir -p lib; cat ../a/lib/strings >lib/out || true"'
  bxl_build -j$jobs --cache "$tmp/cache-$jobs"
  expect_exit 4
  expect_said "packages/a/lib/strings"
  expect_said 'add "a" to the dependencies in packages/b/package.json'
  bxl_build -j$jobs --cache "$tmp/cache-$jobs"
  expect_exit 4
  package b '"build": "mkdir -p lib; cat ../a/lib/strings >lib/out || true"' '"a": "1.0.0"'
  rm -rf packages/*/lib
  bxl_build -j$jobs --cache "$tmp/cache-$jobs"
  expect_exit 0
  expect_file packages/b/lib/out 1
done

# The other order: who looks in vain comes first.
repository looked-first '["build"]'
package a '"build": "mkdir -p lib; cat ../b/lib/strings >lib/out 2>/dev/null || true"'
package b '"build": "mkdir -p lib; echo 1 >lib/strings"'
bxl_build -j1
expect_exit 4
expect_said "packages/b/lib/strings"

repository double-write "$one_by_one"
package a '"build": "mkdir -p lib; echo build >lib/x", "test": "echo test >lib/x"'
bxl_build
expect_exit 4
expect_said "packages/a/lib/x"

repository same-content "$one_by_one"
package a '"build": "mkdir -p lib; echo same >lib/x", "test": "echo same >lib/x"'
bxl_build
expect_exit 0

repository source-rewrite '[{command: "build"}, {command: "lint"}]'
package a '"build": "echo 1 >>src/manifest", "lint": "test -s src/manifest && cat src/manifest"'
write packages/a/src/manifest 0
bxl_build
expect_exit 4
expect_said "packages/a/src/manifest"

repository outside '["build"]'
package a '"build": "echo 1 >../../deploy/api"'
mkdir deploy
bxl_build
expect_exit 4
expect_said "deploy/api"
expect_said 'add "<workspaceDir>/deploy" to "outputDirectories" in packages/a/bxlconfig.json'
write packages/a/bxlconfig.json '{"outputDirectories": ["<workspaceDir>/deploy"]}'
# What it left there is recorded, and made anew.
bxl_build
expect_exit 0
rm deploy/api
bxl_build
expect_counts ran=0 hit=1
expect_file deploy/api 1
