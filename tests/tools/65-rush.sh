# Rush: projects of rush.json without Rush, and Rush's own operations, bulk and phased, through a plugin.
source "${BASH_SOURCE[0]%/*}/common.sh"
write rush.json '{
  // Rush has comments and trailing commas
  "rushVersion": "5.179.0",
  "projects": [
    {"packageName": "@r/a", "projectFolder": "apps/a"},
    {"packageName": "@r/b", "projectFolder": "apps/b", "decoupledLocalDependencies": ["@r/c"]},
    {"packageName": "@r/c", "projectFolder": "libs/c"}, /* the last one */
  ]
}'
project() {  # project FOLDER NAME SCRIPTS DEPENDENCIES
  write "$1/package.json" "{\"name\": \"@r/$2\", \"version\": \"1.0.0\", \"scripts\": {$3}, \"dependencies\": {${4-}}}"
}
project apps/a a '"build": "mkdir -p lib; echo a $npm_package_name >lib/a", "prebuild": "echo no hooks >pre", "_phase:test": "cat lib/a ../b/lib/b >tested"'
project apps/b b '"build": "mkdir -p lib; cat ../a/lib/a >lib/b"' '"@r/a": "workspace:*", "@r/c": "workspace:*"'
project libs/c c '"build": "with-lint; cat ../../apps/b/lib/b >c"' '"@r/b": "workspace:*"'
write common/temp/node_modules/.bin/with-lint '#!/bin/sh
true'
chmod +x common/temp/node_modules/.bin/with-lint
bxl_build -j2
expect_exit 0
expect_said "front end: javascript, $ws/rush.json"
expect_ran "@r/a#build @r/b#build @r/c#build"
expect_file libs/c/c "a @r/a"
expect_absent apps/a/pre
bxl_build
expect_counts clean=3

write config.dsc 'config({resolvers: [{kind: "Rush", root: d`.`, graphConstructionMode: "rush-build-graph",
  rushLibBaseLocation: d`tools`, rushCommand: "rebuild", additionalRushParameters: ["--production", {name: "--locale", value: "de"}]}]});'
bxl_build
expect_exit 3
expect_said "@microsoft/rush-lib is neither in"
command -v node >/dev/null || skip "the plugin for Rush needs node, which is not installed"

# Stands in for Rush: starts the plugin, as Rush.launch does, and hands it the operations of operations.json.
write tools/@microsoft/rush-lib/package.json '{"name": "@microsoft/rush-lib", "version": "5.179.0", "main": "index.js"}'
write tools/@microsoft/rush-lib/index.js '
const fs = require("fs"), path = require("path");
exports.Rush = { version: "5.179.0", launch(version, options) {
  if (!options.isManaged) throw new Error("not managed");
  console.log("rush says: " + process.argv.slice(2).join(" "));
  const { pluginPackageFolder: folder, pluginName } = options.builtInPluginConfigurations[0];
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, "rush-plugin-manifest.json"), "utf8"));
  const entry = manifest.plugins.find((one) => one.pluginName === pluginName).entryPoint;
  const Plugin = require(path.join(folder, entry)).default;
  let onCommand, onOperations;
  new Plugin({}).apply({ hooks: { runAnyPhasedCommand: { tap: (name, f) => { onCommand = f; } } } }, {});
  onCommand({ hooks: { createOperationsAsync: { tapPromise: (name, f) => { onOperations = f; } } } });
  const operations = JSON.parse(fs.readFileSync("operations.json", "utf8")).map((one) => ({
    associatedProject: { packageName: one.package, projectFolder: path.resolve(one.folder) },
    associatedPhase: { name: one.phase }, runner: one.runner, dependencies: new Set() }));
  operations.forEach((operation, i) => JSON.parse(fs.readFileSync("operations.json", "utf8"))[i].needs
    .forEach((n) => operation.dependencies.add(operations[n])));
  onOperations(new Set(operations), {}).then((left) => { if (left.size) throw new Error("something would run"); });
} };'
operations() { write operations.json "[$1]"; }
operation() { echo "{\"package\": \"@r/$1\", \"folder\": \"$2\", \"phase\": \"$3\", \"needs\": [$4], \"runner\": $5}"; }
operations "$(operation a apps/a _phase:build '' '{"_initialCommand": "mkdir -p lib; echo phased >lib/a"}'),
  $(operation b apps/b _phase:nothing '0' '{"isNoOp": true}'),
  $(operation b apps/b _phase:build '1' '{"commandToRun": "mkdir -p lib; cat ../a/lib/a >lib/b "}'),
  $(operation a apps/a _phase:test '0, 2' '{"_initialCommand": "cat lib/a ../b/lib/b >tested; echo $npm_package_name >>tested"}')"
bxl_build -j2
expect_exit 0
expect_said "rush says: rebuild --production --locale de"
expect_ran "@r/a#_phase:build @r/b#_phase:build @r/a#_phase:test"
expect_file apps/a/tested "phased
phased
@r/a"
expect_absent libs/c/c
bxl_build
expect_counts clean=3
! grep -q "rush says" "$log" || fail "rush was asked again though nothing changed"
rm -r apps/*/lib
bxl_build
expect_counts ran=0 hit=2 clean=1
! grep -q "rush says" "$log" || fail "rush was asked again because of outputs"

operations "$(operation a apps/a build '' '{"somewhereElse": "true"}')"
bxl_build
expect_exit 3
expect_said "this version of Rush does not tell the command of @r/a#build"
operations ''
bxl_build
expect_exit 3
expect_said "this Rush command runs nothing"
operations '{'
bxl_build
expect_exit 3
expect_said "\`rush rebuild\` ended with exit code 1"

# A repository with phases is asked for without being told to.
rm config.dsc
write common/config/rush/command-line.json '{"phases": [{"name": "_phase:build"}], /* c */ }'
PATH=/usr/bin:/bin bxl_build
expect_exit 3
expect_said "@microsoft/rush-lib is neither in"
