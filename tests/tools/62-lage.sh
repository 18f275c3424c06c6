# A Lage repository: lage is asked for its tasks, and asked again when what it read changes.
source "${BASH_SOURCE[0]%/*}/common.sh"
write package.json '{"name": "root", "workspaces": ["packages/*"]}'
write lage.config.js 'build test'
write packages/a/package.json '{"name": "a", "scripts": {"build": "mkdir -p lib; cat src >lib/a"}}'
write packages/b/package.json '{"name": "b", "scripts": {"build": "mkdir -p lib; cat src ../a/lib/a >lib/b"}}'
write packages/a/src a
write packages/b/src b
# Stands in for lage: prints what lage 2 prints, noise first, and reads its configuration.
write node_modules/.bin/lage '#!/bin/sh
echo "asked: $*" >&2
echo "a configuration may print"
read -r first rest <lage.config.js
ls packages/* >/dev/null
if [ "$1" = exec ]; then
  for d in packages/*; do ls "$d" >/dev/null; done
  cat "packages/$2/src" >"packages/$2/lib/worked"; exit
fi
case $first in
  syntax) echo "SyntaxError: somewhere" >&2; exit 1 ;;
  empty) echo "{\"data\": {\"packageTasks\": [{\"id\": \"__start\", \"command\": [], \"dependencies\": []}]}}"; exit ;;
esac
task() {  # task PACKAGE TASK DEPENDENCIES COMMAND
  printf "%s{\"id\":\"$1#$2\",\"package\":\"$1\",\"task\":\"$2\",\"dependencies\":[$3],\"workingDirectory\":\"packages/$1\",\"command\":[$4]}" "$comma"
  comma=,
}
printf "{\"level\":30,\"msg\":\"info\",\"data\":{\"packageTasks\":["
task a build "" "\"npm\",\"run\",\"build\""
task b build "\"a#build\"" "\"npm\",\"run\",\"build\""
[ "$first" != worker ] || task a work "\"a#build\"" "\"$PWD/node_modules/.bin/lage\",\"exec\",\"a\",\"work\""
[ -z "$rest" ] || task b test "\"b#build\"" "\"sh\",\"-c\",\"cat lib/b >lib/tested; echo $rest\""
printf "]}}\n"'
chmod +x node_modules/.bin/lage

bxl_build -j2
expect_exit 0
expect_said "front end: javascript, $ws/lage.config.js"
expect_said "asked: info build --reporter json"
expect_ran "a#build b#build b#test"
expect_file packages/b/lib/b "b
a"
expect_file packages/b/lib/tested "b
a"

bxl_build
expect_counts ran=0 clean=3
grep -q "asked:" "$log" && fail "lage was asked again though nothing changed"
rm -rf packages/*/lib
bxl_build
expect_counts ran=0 hit=3
grep -q "asked:" "$log" && fail "lage was asked again because of outputs"
expect_file packages/b/lib/b "b
a"

write lage.config.js 'build'
bxl_build
expect_exit 0
expect_said "asked:"
expect_counts ran=0 total=2
# `lage exec` runs in the root, as workers do in `lage run`: from there their paths are relative.
# What lage itself lists in search of packages keeps nothing out of the cache, though others write there.
write lage.config.js 'worker'
bxl_build -j2
expect_exit 0
expect_ran "a#work"
expect_counts total=3 uncacheable=0
rm -rf packages/*/lib
bxl_build
expect_counts ran=0 hit=3
expect_file packages/a/lib/worked a
# What has changed since a commit lage has to be asked in each build.
write lage.config.js 'build'
write config.dsc 'config({resolvers: [{kind: "Lage", moduleName: "m", root: d`.`, since: "main"}]});'
for _ in 1 2; do
  bxl_build
  expect_exit 0
  expect_said "asked: info build --reporter json --since main"
done
rm config.dsc
write lage.config.js 'empty'
bxl_build
expect_exit 3
expect_said "lage knows no task of these names"
write lage.config.js 'syntax'
bxl_build
expect_exit 3
expect_said "SyntaxError: somewhere"
expect_said "\`lage info\` ended with exit code 1"
rm node_modules/.bin/lage
PATH=/usr/bin:/bin bxl_build
expect_exit 3
expect_said "install the packages of the repository first"
