# packageInstall with npm, Yarn 1, Yarn 4 and pnpm themselves: node_modules is made once, and comes back from the cache.
source "${BASH_SOURCE[0]%/*}/../tools/common.sh"
for tool in node npm; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
export HOME=$tmp/home npm_config_update_notifier=false
mkdir "$HOME" "$tmp/tools"
(cd "$tmp/tools" && for tool in yarn@1.22.22 pnpm@9.15.9 @yarnpkg/cli-dist@4.18.1; do
  mkdir "${tool#@}" -p && (cd "${tool#@}" && echo '{}' >package.json && timeout 120 npm install --no-audit --no-fund "$tool") || exit 1
done) >"$log" 2>&1 || skip "no npm registry here"

# A package with a program, whose postinstall makes a hard link, as esbuild's does, and one of the registry.
write "$tmp/dep/package.json" '{"name": "dep", "version": "1.0.0", "bin": {"greet": "greet.js"}, "scripts": {"postinstall": "node post.js"}, "dependencies": {"is-odd": "^3.0.0"}}'
write "$tmp/dep/post.js" 'require("fs").linkSync("greet.js", "linked.js");'
write "$tmp/dep/greet.js" '#!/usr/bin/env node
console.log("hello " + require("is-odd")(3));'
(cd "$tmp/dep" && npm pack >"$log" 2>&1) || fail "npm pack does not work"

# trial NAME TOOL CONFIGURATION LOCK-COMMAND INSTALL-COMMAND
trial() {
  local name=$1 workspace=1.0.0 range
  cd "$ws" && rm -rf -- * .[a-z]* && cp "$tmp/dep/dep-1.0.0.tgz" . || fail "no workspace"
  [[ $name == npm || $name == yarn1 ]] || workspace='workspace:*'
  write package.json '{"name": "root", "version": "1.0.0", "private": true, "workspaces": ["packages/*"]}'
  write packages/a/package.json '{"name": "a", "version": "1.0.0", "main": "out.js", "dependencies": {"dep": "file:../../dep-1.0.0.tgz", "is-odd": "3.0.1"},
    "scripts": {"build": "greet >out.js.txt && echo exports.x=1 >out.js"}}'
  write packages/b/package.json "{\"name\": \"b\", \"version\": \"1.0.0\", \"dependencies\": {\"a\": \"$workspace\"},
    \"scripts\": {\"build\": \"node -p 'require(\\\"a\\\").x' >out.txt\"}}"
  case $name in
    pnpm) write pnpm-workspace.yaml 'packages: ["packages/*"]' ;;
    yarn4) write .yarnrc.yml 'nodeLinker: node-modules
enableScripts: true
enableTelemetry: false' ;;
  esac
  local PATH=$tmp/tools/$2/node_modules/.bin:$PATH
  timeout 120 sh -c "$3" >"$log" 2>&1 || fail "$name makes no lock file"
  rm -rf node_modules packages/*/node_modules .yarn
  write config.dsc "config({resolvers: [{kind: \"Npm\", moduleName: \"m\", root: d\`.\`, packageInstall: \"$4\"}]});"

  bxl_build -j2
  expect_exit 0
  expect_counts total=3 ran=3 uncacheable=0
  expect_file packages/a/out.js.txt "hello true"
  expect_file packages/b/out.txt 1
  bxl_build
  expect_counts ran=0 clean=3
  rm -rf "$tmp/expected" && cp -a . "$tmp/expected"
  # Links that lead round in circles are compared as links; empty directories are nobody's.
  rm -rf node_modules packages/*/node_modules .yarn
  bxl_build
  expect_exit 0
  expect_counts ran=0 hit=1
  find . "$tmp/expected" -name node_modules -type d -empty -delete
  diff -r --no-dereference -x .bxl . "$tmp/expected" || fail "$name: node_modules came back otherwise"
  rm -rf node_modules packages/*/node_modules packages/*/out* .yarn
  bxl_build
  expect_counts ran=0 hit=3
  expect_file packages/a/out.js.txt "hello true"
  # A new set of packages, and back again: what was there goes away without a word.
  range=$(<packages/a/package.json)
  sed -i 's/"is-odd": "3.0.1"/"is-odd": "3.0.0"/' packages/a/package.json
  find . -maxdepth 1 \( -name '*lock*' -o -name '*.lock' \) -exec cp {} "$tmp/" \;
  rm -rf "$tmp/other" && mkdir "$tmp/other" && cp -r packages package.json ./*.tgz ./*lock* "$tmp/other"
  cp .yarnrc.yml pnpm-workspace.yaml "$tmp/other" 2>/dev/null
  (cd "$tmp/other" && timeout 120 sh -c "$3") >"$log" 2>&1 || fail "$name makes no other lock file"
  find "$tmp/other" -maxdepth 1 -name '*lock*' -type f -exec cp {} . \;
  bxl_build
  expect_exit 0
  expect_counts failed=0
  ! grep -q 'set aside' "$log" || fail "$name: its own files were taken for the user's"
  printf '%s\n' "$range" >packages/a/package.json
  find "$tmp" -maxdepth 1 -name '*lock*' -type f -exec cp {} . \;
  bxl_build
  expect_exit 0
  expect_counts ran=0
  find . -name node_modules -type d -empty -delete
  diff -r --no-dereference -x .bxl . "$tmp/expected" || fail "$name: node_modules came back otherwise"
  rm -f "$tmp"/*lock*
}
trial npm . 'npm install --no-audit --no-fund' 'npm ci'
trial yarn1 yarn@1.22.22 'yarn install' 'yarn install --frozen-lockfile'
trial yarn4 yarnpkg/cli-dist@4.18.1 'yarn install --no-immutable' 'yarn install --immutable'
trial pnpm pnpm@9.15.9 'pnpm install --no-frozen-lockfile' 'pnpm install --frozen-lockfile'
