# What is wrong with a JavaScript repository is one clear sentence, with exit code 2 or 3, and nothing runs.
source "${BASH_SOURCE[0]%/*}/common.sh"
# refused CODE SENTENCE [OPTION…]: the build ends with CODE and SENTENCE, before anything ran.
refused() {
  local wanted=$1 sentence=$2
  shift 2
  bxl_build "$@"
  expect_exit "$wanted"
  expect_said "$sentence"
  expect_absent ran
  ! grep -qE "terminate|assert|bug in bxl" "$log" || fail "no message for users"
}
package() { write "packages/$1/package.json" "$2"; }
good='{"name": "a", "version": "1.0.0", "scripts": {"build": "touch ../../ran"}}'

# Nothing to build, and packages that are none.
refused 2 "no build.ninja, graph.bxl.json, config.dsc or JavaScript workspace in $ws"
write package.json '{"name": "x"}'
refused 2 "package.json in $ws names no workspaces"
write package.json '{"workspaces": ["packages/*"]'
refused 3 "$ws/package.json: "
write package.json '{"workspaces": "packages/*"}'
refused 3 "'workspaces' in $ws/package.json must be an array, not a string"
write package.json '{"workspaces": ["packages/*"]}'
refused 3 "no package has a script 'build'"
package a '{"name": "a", "scripts": {"test": "true"}}'
refused 3 "no package has a script 'build'"
package a '{"name": "a", "scripts": {"build": "true"},}'
refused 3 "packages/a/package.json: "
expect_said "line 1"
package a '[]'
refused 3 "packages/a/package.json must be an object, not an array"
package a '{"name": 7}'
refused 3 "'name' in $ws/packages/a/package.json must be a string"
package a '{"name": "a b", "scripts": {"build": "true"}}'
refused 3 "'a b' is no name for a package"
package a '{"name": "a", "scripts": []}'
refused 3 "'scripts' in $ws/packages/a/package.json must be an object"
package a "$good"
package b "$good"
refused 3 "two packages are named 'a': $ws/packages/a and $ws/packages/b"
rm -r packages/b
write packages/a/bxlconfig.json '{"outputDirectories": ["../../.."]}'
refused 3 "'../../..' lies outside $ws"
write packages/a/bxlconfig.json '{"outputs": []}'
refused 3 "unknown key 'outputs'; there are outputDirectories and sourceFiles"
write packages/a/bxlconfig.json '{'
refused 3 "$ws/packages/a/bxlconfig.json: "
rm packages/a/bxlconfig.json
write pnpm-workspace.yaml 'packages: packages/*'
refused 3 "$ws/pnpm-workspace.yaml:1"
rm pnpm-workspace.yaml

# config.dsc: what it says wrongly, with its place.
config() { write config.dsc "$1"; }
config ''
refused 3 "config({...}) is missing"
config 'config({resolvers: [{kind: "Npm", root: d`.`'
refused 3 "config.dsc:2:1: expected"
config 'config({resolvers: [{kind: "Gulp", root: d`.`}]});'
refused 3 "config.dsc:1:28: there is no kind of resolver 'Gulp'"
config 'config({resolvers: [{kind: "Npm", roots: d`.`}]});'
refused 3 "resolvers of kind Npm have no 'roots'; did you mean 'root'?"
config 'config({resolvers: [{kind: "Npm", root: d`../elsewhere`}]});'
refused 3 "lies outside $ws, the directory of config.dsc"
config 'config({resolvers: [{kind: "Npm", root: d`.`, execute: ["biuld"]}]});'
refused 3 "no package has a script 'biuld'"
config 'config({resolvers: [{kind: "Npm", root: d`.`, execute: ["build", "build"]}]});'
refused 3 "the command 'build' stands twice in 'execute'"
config 'config({resolvers: [{kind: "Npm", root: d`.`, execute: [{command: "build", dependsOn: [{kind: "local", command: "x"}]}]}]});'
refused 3 "the command 'build' depends on 'x', which 'execute' does not name"
config 'config({resolvers: [{kind: "Npm", root: d`.`, environment: {"A=B": "x"}}]});'
refused 3 "'A=B' is no name of a variable"
config 'config({resolvers: [{kind: "Npm", root: d`.`, execute: [nothing]}]});'
refused 3 "nothing"
config 'config({resolvers: []});'
refused 3 "'resolvers' is empty"
config 'config({resolvers: [importFile(f`gone.dsc`).one]});'
refused 3 "gone.dsc"
config 'config({resolvers: [{kind: "Lage", root: d`.`, lageLocation: f`x`, npmLocation: f`y`}]});'
refused 3 "npmLocation and lageLocation exclude each other"
rm config.dsc
refused 2 "config.dsc" -c config.dsc
refused 2 "a build is described by" -c lage.yaml

# Lage: missing, old, silent, noisy, wrong.
write lage.config.js ''
PATH=/usr/bin:/bin refused 3 "lage is neither in $ws/node_modules/.bin nor in PATH; install the packages of the repository first"
lage() { write node_modules/.bin/lage "#!/bin/sh
$1"; chmod +x node_modules/.bin/lage; }
lage 'exit 0'
refused 3 "lage printed no task graph; bxl needs lage 2.10 or newer"
lage 'echo "Usage: lage run"; echo "no command info"'
refused 3 "lage printed no task graph, but: Usage: lage run"
lage 'echo "lage: bad config" >&2; exit 3'
refused 3 "\`lage info\` ended with exit code 3"
expect_said "lage: bad config"
lage 'kill -9 $$'
refused 3 "\`lage info\` ended with exit code 137"
tasks() { lage "echo 'warning: {\"a\": 1}'; echo '{\"data\": {\"packageTasks\": [$1]}}'"; }
tasks ''
refused 3 "lage knows no task of these names"
tasks '{"id": "a#build", "command": "npm run build", "dependencies": []}'
refused 3 "lage: 'command' of a#build must be an array, not a string"
tasks '{"id": "a#build", "command": ["true"], "dependencies": [], "workingDirectory": "../x"}'
refused 3 "lage: a#build runs in ../x, outside $ws"
one='{"id": "a#build", "package": "a", "task": "build", "command": ["true"], "dependencies": [], "workingDirectory": "packages/a"}'
tasks "$one, $one"
refused 3 "two tasks have the id 'a#build'"
tasks '{"id": "a#build", "command": ["true"], "dependencies": ["b#build"]}, {"id": "b#build", "command": ["true"], "dependencies": ["a#build"]}'
refused 3 "tasks depend on each other in a circle: a#build -> b#build -> a#build"
# What is merely odd is said and left out.
tasks '{"id": "a#build", "package": "a", "task": "build", "command": ["true"], "dependencies": ["gone#build"], "workingDirectory": "packages/a"}'
bxl_build
expect_exit 0
expect_said "a#build depends on 'gone#build', which is no task; this is ignored"
