# customScheduling: a function of the configuration replaces what a task runs, and nothing else of it.
source "${BASH_SOURCE[0]%/*}/common.sh"
write package.json '{"workspaces": ["packages/*"]}'
write packages/a/package.json '{"name": "a", "version": "1.0.0", "scripts": {"build": "mkdir -p lib; echo plain >lib/a", "test": "cat lib/a >tested"}}'
write packages/b/package.json '{"name": "b", "version": "1.0.0", "scripts": {"build": "mkdir -p lib; cat ../a/lib/a >lib/b"}, "dependencies": {"a": "1.0.0"}}'
write tools/make '#!/bin/sh
mkdir -p "$OUT"
{ pwd; printf "<%s>" "$@"; echo; cat "$HERE/tools/data"; } >"$OUT/a"'
chmod +x tools/make
write tools/data 1
write config.dsc 'config({resolvers: [{
    kind: "Yarn", moduleName: "m", root: d`.`, execute: ["build", "test"],
    environment: {PATH: "/usr/bin:/bin", MODE: "fast"},
    customScheduling: {module: "tools/schedule.dsc", schedulingFunction: "choose", argument: {only: "a", root: d`.`}},
}]});'
schedule() { write tools/schedule.dsc "$1"; }
schedule 'import {Transformer} from "Sdk.Transformers";
export function choose(project: JavaScriptProject, argument: Options): TransformerExecuteResult {
    if (project.name !== argument.only || project.scriptCommandName !== "build") return undefined;
    Contract.assert(project.dependencies.length === 0, "it depends on nobody");
    const mode = project.environmentVariables.filter(v => v.name === "MODE")[0].value;
    return Transformer.execute({
        tool: {exe: f`make`, description: "the tool"},
        arguments: ["x y", {name: "--mode=", value: mode}, {name: "--folder ", value: project.projectFolder}, [7], `was: ${project.scriptCommand}`],
        workingDirectory: argument.root,
        environmentVariables: [{name: "OUT", value: p`${project.projectFolder}/lib`}, {name: "HERE", value: argument.root}],
        dependencies: [f`data`],
        tags: ["special"],
        description: "makes it",
    });
}'
bxl_build -j2
expect_exit 0
expect_said "a#build: makes it"
expect_file packages/a/lib/a "$ws
<x y><--mode=fast><--folder><$ws/packages/a><7><was: mkdir -p lib; echo plain >lib/a>
1"
cmp -s packages/a/lib/a packages/b/lib/b || fail "b#build did not see what a#build made"
cmp -s packages/a/lib/a packages/a/tested || fail "a#test did not see what a#build made"
bxl_build
expect_counts ran=0 clean=3
write tools/data 2
bxl_build
expect_ran "a#build b#build a#test"
rm -r packages/a/lib
bxl_build -f "tag='special'"
expect_counts hit=1 ran=0
# The function is part of the graph: another answer is another build.
schedule 'export const choose = (project, argument) => undefined;'
bxl_build
expect_file packages/a/lib/a plain

refused() {  # refused TEXT SENTENCE
  schedule "$1"
  bxl_build
  expect_exit 3
  expect_said "$2"
}
execute() { echo "export const choose = project => Transformer.execute($1);"; }
refused 'export const chose = () => undefined;' "tools/schedule.dsc has no function 'choose'; did you mean 'chose'?"
refused 'export const choose = () => "make";' "'choose' returned a string for a#build; it returns what Transformer.execute({...}) gives"
refused "$(execute '{}')" "schedule.dsc:1:46: Transformer.execute needs a 'tool'"
refused "$(execute '{tool: {exe: f`make`}, workingDirectorie: d`.`}')" "Transformer.execute has no 'workingDirectorie' here; did you mean 'workingDirectory'?"
refused "$(execute '{tool: {exe: "make"}}')" "'exe' must be a file (f\`...\`), not a string"
refused "$(execute '{tool: {exe: f`make`}, arguments: [true]}')" "an argument must be"
refused "$(execute '{tool: {exe: f`make`}, environmentVariables: [{name: "A=B", value: ""}]}')" "an environment variable is {name, value} here"
refused "$(execute '{tool: {exe: f`make`}, dependencies: [d`.`]}')" "a dependency must be a file (f\`...\`), not a directory"
rm tools/schedule.dsc
bxl_build
expect_exit 3
expect_said "tools/schedule.dsc"
sed -i 's|tools/schedule.dsc|tools/schedule|' config.dsc
bxl_build
expect_exit 3
expect_said "config.dsc:4:32: 'module' of customScheduling names a file that ends with .dsc"
