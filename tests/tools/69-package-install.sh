# packageInstall: node_modules is made by a task like any other, cached, and brought back for all that need it.
source "${BASH_SOURCE[0]%/*}/common.sh"
write config.dsc 'config({resolvers: [{kind: "Npm", moduleName: "m", root: d`.`, packageInstall: "sh ./install.sh"}]});'
write package.json '{"workspaces": ["packages/*"]}'
write packages/a/package.json '{"name": "a", "version": "1.0.0", "scripts": {"build": "tool >out; cat ../../node_modules/dep/index.js >>out"}}'
write lock 1
write install.sh 'echo installing
mkdir -p node_modules/dep node_modules/.bin node_modules/@x
cp lock node_modules/dep/index.js
printf "#!/bin/sh\necho made by tool\n" >node_modules/dep/tool
chmod +x node_modules/dep/tool
ln -sf ../dep/tool node_modules/.bin/tool
ln -sfn ../../packages/a node_modules/@x/a
mkdir -p "$npm_config_cache"; echo x >"$npm_config_cache/x"'
bxl_build -j2
expect_exit 0
expect_ran "#install a#build"
expect_counts uncacheable=0
expect_file packages/a/out "made by tool
1"
bxl_build
expect_counts clean=2
rm -rf node_modules packages/a/out
bxl_build
expect_counts hit=2
[[ -x node_modules/.bin/tool && -L node_modules/@x/a ]] || fail "node_modules is not as it was"
write lock 2
bxl_build
expect_ran "#install a#build"
write lock 1
bxl_build
expect_counts ran=0
# The rest of the repository is not for it to write.
write install.sh 'mkdir -p node_modules; echo 1 >elsewhere'
bxl_build
expect_exit 4
expect_said "%ws%/elsewhere"

# npm itself, without a registry: what the lock file names lies in the repository.
command -v npm >/dev/null || skip "npm is not installed"
rm -rf node_modules .bxl elsewhere packages
write vendor/dep/package.json '{"name": "dep", "version": "1.0.0", "bin": {"tool": "tool.js"}}'
write vendor/dep/tool.js '#!/usr/bin/env node
console.log("made by tool");'
(cd vendor && HOME=$tmp npm pack ./dep --offline --cache "$tmp/npm" >/dev/null 2>&1) || skip "npm pack does not work here"
rm -r vendor/dep
write package.json '{"name": "root", "private": true, "workspaces": ["packages/*"], "dependencies": {"dep": "file:vendor/dep-1.0.0.tgz"}}'
write packages/a/package.json '{"name": "a", "version": "1.0.0", "scripts": {"build": "tool >out"}}'
HOME=$tmp npm install --package-lock-only --offline --no-audit --no-fund --cache "$tmp/npm" >/dev/null 2>&1 || skip "npm makes no lock file here"
write config.dsc 'config({resolvers: [{kind: "Npm", moduleName: "m", root: d`.`, packageInstall: "npm ci --offline --ignore-scripts"}]});'
bxl_build -j2
expect_exit 0
expect_ran "#install a#build"
expect_counts uncacheable=0
expect_file packages/a/out "made by tool"
rm -rf node_modules packages/a/out
bxl_build
expect_counts hit=2
expect_file packages/a/out "made by tool"
bxl_build
expect_counts clean=2

# yarnLocation: the yarn that installs, in front of the one of PATH.
mkdir "$tmp/located" && cd "$tmp/located" || exit 1
ws=$PWD
write package.json '{"workspaces": ["p"]}'
write yarn.lock ''
write p/package.json '{"name": "p", "version": "1.0.0", "scripts": {"build": "cp ../node_modules/x out"}}'
write tools/yarn '#!/bin/sh
mkdir -p node_modules; echo "installed by $0 $*" >node_modules/x'
chmod +x tools/yarn
write config.dsc 'config({resolvers: [{kind: "Yarn", moduleName: "m", root: d`.`, yarnLocation: f`tools/yarn`, packageInstall: "yarn install --frozen-lockfile"}]});'
bxl_build
expect_exit 0
expect_file p/out "installed by $ws/tools/yarn install --frozen-lockfile"
