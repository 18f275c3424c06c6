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
# violation LETTER PATH PIP [RELATED]: the last build reported it, of this pip and that one, whoever came first.
violation() {
  python3 - "$ws.sum" "$@" <<'PY' || fail "no violation $*"
import json, sys
letter, path, *pips = sys.argv[2:]
found = json.load(open(sys.argv[1]))["violations"]
if not any(v["letter"] == letter and v["path"].endswith(path) and {v["pip"], v.get("related") or v["pip"]} == set(pips) for v in found):
    sys.exit(f"violations: {found}")
PY
}
one_by_one='[{command: "build"}, {command: "test", dependsOn: [{kind: "local", command: "build"}]}]'

for jobs in 1 2; do
  repository missing-dependency-$jobs '["build"]'
  package a '"build": "mkdir -p lib; echo 1 >lib/strings"'
  package b '"build": "mkdir -p lib; cat ../a/lib/strings >lib/out || true"'
  bxl_build -j$jobs --cache "$tmp/cache-$jobs"
  expect_exit 4
  [[ -s packages/b/lib/out ]] || violation MD packages/a/lib/strings b#build a#build
  [[ ! -s packages/b/lib/out ]] || violation R packages/a/lib/strings b#build a#build
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
violation MD packages/b/lib/strings a#build b#build

repository double-write "$one_by_one"
package a '"build": "mkdir -p lib; echo build >lib/x", "test": "echo test >lib/x"'
bxl_build
expect_exit 4
violation DW packages/a/lib/x a#test a#build

repository same-content "$one_by_one"
package a '"build": "mkdir -p lib; echo same >lib/x", "test": "echo same >lib/x"'
bxl_build
expect_exit 0

repository source-rewrite '[{command: "build"}, {command: "lint"}]'
package a '"build": "echo 1 >>src/manifest", "lint": "test -s src/manifest && cat src/manifest"'
write packages/a/src/manifest 0
bxl_build
expect_exit 4
violation MD packages/a/src/manifest a#build a#lint
expect_said 'let "a#lint" depend on "a#build"'

# The policies of BuildXL's sandbox are those of all tasks, where their resolver says nothing else.
repository strict '["build"], additionalOutputDirectories: [d`out`]'
sed -i 's/^config({/config({sandbox: {unsafeSandboxConfiguration: {doubleWritePolicy: "doubleWritesAreErrors", sourceRewritePolicy: "sourceRewritesAreErrors"}}, mounts: [], engine: {defaultFilter: "x"}, /' config.dsc
package a '"build": "echo same >../../out/x"'
package b '"build": "echo same >../../out/x"'
bxl_build
expect_exit 4
violation DW out/x a#build b#build
rm -r packages/b out
expect_said "config.dsc: 'mounts' has no effect here"
expect_said "config.dsc: 'engine.defaultFilter' has no effect here"
package a '"build": "echo 1 >>src/manifest"'
write packages/a/src/manifest 0
bxl_build
expect_exit 4
violation W packages/a/src/manifest a#build

repository outside '["build"]'
package a '"build": "echo 1 >../../deploy/api"'
mkdir deploy
bxl_build
expect_exit 4
violation W deploy/api a#build
expect_said 'add "<workspaceDir>/deploy" to "outputDirectories" in packages/a/bxlconfig.json'
write packages/a/bxlconfig.json '{"outputDirectories": ["<workspaceDir>/deploy"]}'
# What it left there is recorded, and made anew.
bxl_build
expect_exit 0
rm deploy/api
bxl_build
expect_counts ran=0 hit=1
expect_file deploy/api 1

repository root-file '["build"]'
package a '"build": "echo 1 >../../listing"'
bxl_build
expect_exit 4
violation W listing a#build
expect_said 'named in "outputDirectories" in packages/a/bxlconfig.json'

# Outputs of another tool are in the way until they are removed: nothing is cached, and why is said.
repository stale-outputs '["build"]'
package a '"build": "mkdir -p lib; echo 1 >lib/x"'
package b '"build": "mkdir -p lib; cat ../a/lib/x >lib/y"' '"a": "*"'
write packages/a/lib/x 0
write packages/b/lib/y 0
bxl_build
expect_exit 0
expect_said "packages/a/lib/x, which bxl did not make"
expect_said "git clean -xdf -e node_modules"
expect_counts ran=2 uncacheable=2
expect_file packages/b/lib/y 1
rm -r packages/*/lib
bxl_build
expect_counts ran=2 uncacheable=0
bxl_build
expect_counts clean=2

repository cycle '["build"]'
package a '"build": "true"' '"b": "*"'
package b '"build": "true"' '"a": "*"'
bxl_build
expect_exit 3
expect_said "a#build -> b#build -> a#build"
