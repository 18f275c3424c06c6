# Nx: its task graph; custom graphs: a file, or written out in config.dsc, with scripts from elsewhere.
source "${BASH_SOURCE[0]%/*}/common.sh"
write nx.json '{}'
write package.json '{"name": "root"}'
write packages/a/package.json '{"name": "@n/a", "version": "1.0.0", "scripts": {"build": "mkdir -p lib; cat src >lib/a"}}'
write packages/a/src a
mkdir packages/b packages/c
# Stands in for nx: writes the task graph to the file that --graph names.
write node_modules/.bin/nx '#!/bin/sh
if [ "$1" = run ]; then
  [ "$NX_DAEMON" = false ] || exit 9
  mkdir -p out; echo "nx ran $*" >out/c; exit
fi
echo "asked: $*" >&2
ls packages/* >/dev/null
for arg; do case $arg in --graph=*) out=${arg#*=} ;; esac; done
cat graph.json >"$out"'
chmod +x node_modules/.bin/nx
target() { printf '"%s": {"root": "packages/%s", "targets": {"%s": {"executor": "%s", "options": %s}}}' "$@"; }
node() { printf '"%s": {"name": "%s", "data": {"root": "packages/%s", "targets": {"build": {"executor": "%s", "options": %s}}}}' "$1" "$1" "$2" "$3" "$4"; }
task() { printf '"%s:build": {"id": "x", "target": {"project": "%s", "target": "build"}, "projectRoot": "packages/%s", "outputs": []}' "$1" "$1" "$2"; }
write graph.json "{\"graph\": {\"nodes\": {$(node @n/a a nx:run-script '{"script": "build"}'),
 $(node b b nx:run-commands '{"command": "mkdir -p packages/b/out; cat packages/a/lib/a >packages/b/out/b", "cwd": ""}'),
 $(node n c nx:noop '{}'), $(node c c @nx/js:tsc '{"main": "x"}')}},
 \"tasks\": {\"roots\": [], \"tasks\": {$(task @n/a a), $(task b b), $(task n c), $(task c c)},
 \"dependencies\": {\"@n/a:build\": [], \"b:build\": [{\"id\": \"n:build\"}], \"n:build\": [\"@n/a:build\"], \"c:build\": [\"b:build\"]}}}"
bxl_build -j2
expect_exit 0
expect_said "front end: javascript, $ws/nx.json"
expect_said "asked: run-many -t build --graph="
expect_ran "@n/a#build b#build c#build"
expect_file packages/b/out/b a
expect_file packages/c/out/c "nx ran run c:build --skipNxCache --excludeTaskDependencies"
# Nx makes targets of any file in a project; outputs are such files, too, the first time.
bxl_build
expect_counts clean=3
bxl_build
expect_counts clean=3
! grep -q "asked:" "$log" || fail "nx was asked again though nothing changed"
write packages/b/vite.config.ts x
bxl_build
expect_counts clean=3
expect_said "asked: "
rm -r packages/b/out packages/c/out
bxl_build
expect_counts ran=0 hit=2
cp graph.json good
write graph.json '{"graph": {}}'
bxl_build
expect_exit 3
expect_said "nx wrote no task graph"
write graph.json 'noise'
bxl_build
expect_exit 3
expect_said "the graph of nx: "
sed 's/packages\/b"/..\/b"/g' good >graph.json
bxl_build
expect_exit 3
expect_said "nx: b:build runs in ../b, outside $ws"
# nxLibLocation: an nx that is installed elsewhere.
cp good graph.json
mkdir -p tools/nx/bin
mv node_modules/.bin/nx tools/nx/bin/nx.js
nx_at() { write config.dsc "config({resolvers: [{kind: \"Nx\", moduleName: \"m\", root: d\`.\`, nxLibLocation: d\`$1\`}]});"; }
nx_at tools
bxl_build
expect_exit 0
expect_said "asked: run-many"
expect_file packages/c/out/c "nx ran run c:build --skipNxCache --excludeTaskDependencies"
nx_at elsewhere
bxl_build
expect_exit 3
expect_said "there is no nx in $ws/elsewhere, which nxLibLocation names"
rm config.dsc
PATH=/usr/bin:/bin bxl_build
expect_exit 3
expect_said "install the packages of the repository first"

rm -rf nx.json .bxl packages/*/lib packages/*/out
custom() { write config.dsc "config({resolvers: [{kind: \"CustomJavaScript\", moduleName: \"m\", root: d\`.\`, $1}]});"; }
custom 'customProjectGraph: f`graph.json`, execute: ["build"]'
write packages/b/package.json '{"name": "b", "scripts": {"build": "cat ../a/lib/a >out"}}'
write graph.json '{"@n/a": {"location": "packages/a", "workspaceDependencies": []}, "b": {"location": "packages/b", "workspaceDependencies": ["@n/a"]}}'
bxl_build
expect_exit 0
expect_counts ran=1 hit=1
expect_file packages/b/out a
write graph.json '{"@n/a": {"location": "packages/a"}, "b": {"location": "packages/b", "workspaceDependencies": ["x"]}}'
bxl_build
expect_exit 3
expect_said "b depends on 'x', which it does not name"
write graph.json '{"@n/a": {"location": "../a"}}'
bxl_build
expect_exit 3
expect_said "lies outside $ws"

# Written out; scripts by a function: a map, a file, or those of package.json.
custom 'execute: ["build"], customProjectGraph: {
    "@n/a": {location: r`packages/a`, workspaceDependencies: []},
    "c": {location: r`packages/c`, workspaceDependencies: ["@n/a"]},
    "d": {location: r`packages/d`, workspaceDependencies: ["c"]}},
  customScripts: (name, location) =>
    name === "c" ? Map.empty<string, string>().add("build", `cat ../a/lib/a >${name}`)
    : name === "d" ? f`d.json` : undefined'
write d.json '{"scripts": {"build": "cat ../c/c >d"}}'
mkdir -p packages/d
bxl_build
expect_exit 0
expect_file packages/d/d a
bxl_build
expect_counts ran=0 total=3
write d.json '{"scripts": {"build": "cat ../c/c ../c/c >d"}}'
bxl_build
expect_ran "d#build"
custom 'customProjectGraph: {"@n/a": {location: r`packages/a`}}, customScripts: (name, location) => 3'
bxl_build
expect_exit 3
expect_said "customScripts returns a map of names to commands"

# Reading only what is declared.
custom 'customProjectGraph: f`graph.json`, enforceSourceReadsUnderPackageRoots: true, additionalSourceReadsScopes: [d`shared`]'
write shared/x x
write graph.json '{"@n/a": {"location": "packages/a"}, "b": {"location": "packages/b", "workspaceDependencies": ["@n/a"]}}'
write packages/b/package.json '{"name": "b", "scripts": {"build": "cat ../a/src ../../shared/x >out"}}'
bxl_build
expect_exit 0
write packages/c/secret s
write packages/b/package.json '{"name": "b", "scripts": {"build": "cat ../c/secret >out"}}'
bxl_build
expect_exit 4
expect_said "packages/c/secret, a source outside of where it may read"
