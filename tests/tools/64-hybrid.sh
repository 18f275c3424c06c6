# One config.dsc, two resolvers: a Ninja build makes a tool and a header, packages use both.
source "${BASH_SOURCE[0]%/*}/common.sh"
write config.dsc 'config({resolvers: [
    {kind: "Ninja", moduleName: "native", root: d`native/out`},
    {kind: "Npm", moduleName: "app", root: d`.`, execute: ["build", "test"],
     environment: {PATH: "/usr/bin:/bin", FLAVOUR: "sweet"},
     additionalDependencies: [{dependencies: [f`native/out/tool`], dependents: ["a"]},
                              {dependencies: ["a"], dependents: [{packageNameRegex: "c.*", commandRegex: "build"}]}],
     timeouts: [{timeout: "1h", projectSelector: ["a"]}]}]});'
write native/out/build.ninja 'rule sh
  command = mkdir -p gen; cp ../tool.sh tool; chmod +x tool; echo $FLAVOUR >gen/flavour
build tool: sh ../tool.sh
rule fail
  command = false
build never: fail
default tool'
write native/tool.sh '#!/bin/sh
echo "made of $1"'
write package.json '{"workspaces": ["packages/*"]}'
package() { write "packages/$1/package.json" "{\"name\": \"$1\", \"version\": \"1.0.0\", \"scripts\": {$2}}"; }
package a '"build": "mkdir -p lib; ../../native/out/tool $(cat src)-$FLAVOUR >lib/a", "test": "cat lib/a >tested"'
write packages/a/src one
package c '"build": "cat ../a/lib/a >c"'

bxl_build -j2
expect_exit 0
expect_ran "native/out/tool a#build a#test c#build"
expect_file packages/a/tested "made of one-sweet"
expect_file packages/c/c "made of one-sweet"
# The environment of one resolver is none of the other's.
expect_file native/out/gen/flavour ""
bxl_build
expect_counts ran=0 clean=4
rm -r native/out/tool native/out/gen packages/*/lib packages/a/tested
bxl_build
expect_counts ran=0 hit=3 clean=1
expect_file packages/a/tested "made of one-sweet"

write native/tool.sh '#!/bin/sh
echo "forged of $1"'
bxl_build
expect_ran "native/out/tool a#build a#test c#build"
# A target by its path, by its name, and by BuildXL's spelling of the configuration.
run "$BXL_BIN/bxl" "/c:$ws/config.dsc" --cache "$cache" --summary "$ws.sum" native/out/tool
expect_exit 0
expect_counts total=1 clean=1
bxl_build 'c#build'
expect_counts total=4 clean=4
bxl_build native/out/never
expect_exit 1

# The manifest is part of the graph.
sed -i 's/cp ..\/tool.sh tool/cp ..\/tool.sh tool; echo "# end" >>tool/' native/out/build.ninja
bxl_build
expect_ran "native/out/tool a#build"

# Without the dependency it is an error, which names the rule.
sed -i 's/additionalDependencies.*,$/additionalDependencies: [/; ' config.dsc
bxl_build
expect_exit 4
expect_said 'To fix it, add {dependencies: [f`native/out/tool`], dependents: ["a"]} to additionalDependencies'
run "$BXL_BIN/bxl" fix-deps -C "$ws" --cache "$cache"
expect_said "a#build uses $ws/native/out/tool, which native/out/tool makes: no package.json can say so"

# Two Ninja builds, of which one declares as an input what the other makes: it waits for it.
mkdir -p two/n1 two/n2
write two/n1/build.ninja 'rule r
  command = cat $in >$out
build made: r src'
write two/n2/build.ninja 'rule r
  command = cat $in >$out
build used: r ../n1/made'
write two/n1/src 1
write two/config.dsc 'config({resolvers: [{kind: "Ninja", moduleName: "n2", root: d`n2`}, {kind: "Ninja", moduleName: "n1", root: d`n1`}]});'
for text in 1 2; do
  write two/n1/src "$text"
  run "$BXL_BIN/bxl" build -C two -j2 --cache "$cache"
  expect_exit 0
  expect_file two/n2/used "$text"
done
rm -r two

refused() {  # refused RESOLVERS SENTENCE
  write config.dsc "config({resolvers: [$1]});"
  bxl_build
  expect_exit 3
  expect_said "$2"
}
refused '{kind: "Ninja", root: d`native`}' "there is no build.ninja in $ws/native; run cmake -G Ninja first"
refused '{kind: "Ninja", root: d`native/out`, targets: ["x"]}' "no build statement makes the target 'x'"
refused '{kind: "Ninja", root: d`native/out`, execute: ["build"]}' "resolvers of kind Ninja have no 'execute'"
refused '{kind: "CMake", root: d`native`}' 'let cmake -G Ninja make the build files and name them with kind: "Ninja"'
refused '{kind: "Npm", root: d`.`}, {kind: "Yarn", root: d`.`}' "'a#build' is a task of the resolver of kind Npm and of the resolver of kind Yarn"
refused '{kind: "Npm", root: d`.`, additionalDependencies: [{dependencies: ["x"], dependents: ["a"]}]}' \
  "'dependencies' names 'x', which is no task of any resolver"
refused '{kind: "Npm", root: d`.`, additionalDependencies: [{dependencies: ["a"], dependents: ["x"]}]}' "'dependents' names no task"
refused '{kind: "Npm", root: d`.`, timeouts: [{timeout: "soon", projectSelector: ["a"]}]}' "'soon' is no time such as"
refused '{kind: "Npm", root: d`.`, additionalDependencies: [{dependencies: [{packageNameRegex: "("}], dependents: ["a"]}]}' \
  "'(' is no regular expression"
