# config.dsc: resolvers and their options; bxl config --explain shows every value and where it comes from.
source "${BASH_SOURCE[0]%/*}/common.sh"
write lib/tools.dsc 'export const where = d`../out`;'
write config.dsc '// A comment.
const mode = Environment.getStringValue("MODE", "debug");
config({
    resolvers: [{
        kind: "Yarn",
        moduleName: "m",
        root: d`.`,
        execute: ["build", {command: "test", dependsOn: [{kind: "local", command: "build"}]}],
        environment: Map.empty<string, EnvironmentData>()
            .add("PATH", {separator: ":", contents: [d`/usr/bin`, d`/bin`]})
            .add("MODE", mode)
            .add("USER_SAYS", Unit.unit()),
        customCommands: [{command: "build", extraArguments: ["a b", r`c/d`]}],
        additionalOutputDirectories: [importFile(f`lib/tools.dsc`).where],
    }],
});'
configuration=$(<config.dsc)
write package.json '{"workspaces": ["p"]}'
write p/package.json '{"name": "p", "scripts": {"build": "mkdir -p ../out; printf %s\\\\n $MODE \"$USER_SAYS\" $OTHER >../out/build; printf %s\\\\n >>../out/build", "test": "cp ../out/build tested"}}'

USER_SAYS=hi OTHER=no bxl_build -j2
expect_exit 0
expect_ran "p#build p#test"
expect_file p/tested "debug
hi
a
b
c/d"
USER_SAYS=hi bxl_build
expect_counts ran=0 clean=2
USER_SAYS=ho bxl_build
expect_ran "p#build p#test"
USER_SAYS=ho MODE=release bxl_build
expect_ran "p#build p#test"
expect_file p/tested "release
ho
a
b
c/d"
write lib/tools.dsc 'export const where = d`../elsewhere`;'
USER_SAYS=ho bxl_build
expect_exit 4
expect_said "out/build"

# A directory of PATH that is not there yet is left out, until it is there.
write config.dsc 'config({resolvers: [{kind: "Yarn", moduleName: "m", root: d`.`,
    environment: {PATH: {contents: [d`later`, d`/usr/bin`, d`/bin`]}}}]});'
write p/package.json '{"name": "p", "scripts": {"build": "greet >said"}}'
bxl_build
expect_exit 1
write later/greet '#!/bin/sh
echo hello'
chmod +x later/greet
bxl_build
expect_exit 0
expect_file p/said hello
write config.dsc "$configuration"

MODE=x run "$BXL_BIN/bxl" config --explain -C "$ws"
expect_exit 0
expect_said 'resolvers[0].kind = "Yarn"  # config.dsc:5:15'
expect_said 'resolvers[0].environment["MODE"] = "x"  # config.dsc:2:26, environment variable MODE'
expect_said "resolvers[0].additionalOutputDirectories[0] = d\`$ws/elsewhere\`  # lib/tools.dsc:1:22"

refused() {  # refused TEXT SENTENCE: the configuration TEXT is refused with SENTENCE
  write config.dsc "$1"
  bxl_build
  expect_exit 3
  expect_said "$2"
}
refused 'config({resolvers: [{kind: "Yarn", executes: []}]});' \
  "config.dsc:1:36: resolvers of kind Yarn have no 'executes'; did you mean 'execute'?"
refused 'config({resolvers: [{kind: "Lag"}]});' \
  "config.dsc:1:28: there is no kind of resolver 'Lag'; did you mean 'Lage'?"
refused 'config({resolvers: [{kind: "Yarn", root: "x"}]});' \
  "'root' must be a directory (d\`...\`), not a string"
refused 'config({resolvers: [{kind: "Yarn", root: d`..`}]});' "lies outside $ws"
refused 'config({resolvers: [{kind: "Yarn", lageLocation: f`x`}]});' "resolvers of kind Yarn have no 'lageLocation'"
refused 'config({resolver: []});' "configurations have no 'resolver'; did you mean 'resolvers'?"
refused 'config({' "config.dsc:2:1: expected a key, got the end of the file"
