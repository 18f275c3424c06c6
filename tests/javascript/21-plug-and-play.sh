# Yarn 4 with Plug'n'Play: built, replayed, and an edit that reaches the package that uses the other one.
source "${BASH_SOURCE[0]%/*}/../tools/common.sh"
for tool in node npm; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
timeout 120 npm install --prefix "$tmp/tools" --no-audit --no-fund --prefer-offline @yarnpkg/cli-dist@4.18.1 >"$log" 2>&1 ||
  skip "no npm registry here"
mkdir -p .yarn/releases
cp "$tmp/tools/node_modules/@yarnpkg/cli-dist/bin/yarn.js" .yarn/releases/yarn.cjs
write .yarnrc.yml 'yarnPath: .yarn/releases/yarn.cjs
enableTelemetry: false
enableGlobalCache: false'
write package.json '{"name": "root", "private": true, "workspaces": ["packages/*"]}'
write packages/a/package.json '{"name": "a", "version": "1.0.0", "main": "lib/index.js", "dependencies": {"semver": "7.6.0"},
  "scripts": {"build": "mkdir -p lib && cp index.js lib/index.js && semver 1.2.3 >lib/version"}}'
write packages/a/index.js 'module.exports = require("semver").inc("1.2.3", "patch");'
write packages/b/package.json '{"name": "b", "version": "1.0.0", "dependencies": {"a": "workspace:*"},
  "scripts": {"build": "mkdir -p lib && node -p \"require(\\\"a\\\")\" >lib/out"}}'
touch yarn.lock
HOME=$tmp timeout 120 node .yarn/releases/yarn.cjs install >"$log" 2>&1 || skip "yarn install does not work here"
[[ -f .pnp.cjs ]] || fail "yarn did not install with Plug'n'Play"

bxl_build -j2
expect_exit 0
expect_counts ran=2 uncacheable=0
expect_file packages/a/lib/version 1.2.3
expect_file packages/b/lib/out 1.2.4
bxl_build
expect_counts clean=2
rm -r packages/*/lib
bxl_build
expect_counts hit=2
sed -i 's/patch/minor/' packages/a/index.js
bxl_build
expect_ran "a#build b#build"
expect_file packages/b/lib/out 1.3.0
