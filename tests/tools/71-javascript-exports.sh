# exports: what one resolver offers, another one depends on; wrong names are told with their place.
source "${BASH_SOURCE[0]%/*}/common.sh"
for repo in lib app; do write $repo/package.json '{"workspaces": ["packages/*"]}'; done
write lib/packages/core/package.json '{"name": "core", "version": "1.0.0", "scripts": {"build": "mkdir -p out; cp src out/core"}}'
write lib/packages/core/src 1
write lib/packages/extra/package.json '{"name": "extra", "version": "1.0.0", "scripts": {"build": "mkdir -p out; echo extra >out/extra"}}'
write app/packages/main/package.json '{"name": "main", "version": "1.0.0", "scripts": {"build": "cat ../../../lib/packages/core/out/core >out"}}'

config() {  # config EXPORTS DEPENDENCIES
  write config.dsc "config({resolvers: [
  {kind: \"Npm\", moduleName: \"app\", root: d\`app\`, additionalDependencies: [{dependencies: [$2], dependents: [\"main\"]}]},
  {kind: \"Npm\", moduleName: \"lib\", root: d\`lib\`, exports: [$1]},
]});"
}
core='{symbolName: "core", content: ["core"]}'
number=1
for import in 'importFrom("lib").core' '...importFrom("lib").core' 'importFrom("lib").all' \
  "{expression: \"importFrom('lib').core\"}" '{expression: " importFrom ( \`lib\` ) . all "}'; do
  number=$((number + 1))
  config "$core" "$import"
  echo $number >lib/packages/core/src
  bxl_build -j2
  expect_exit 0
  [[ $(cat app/packages/main/out) == $number ]] || fail "$import: $(cat app/packages/main/out)"
done
bxl_build
expect_counts ran=0

refused() {  # refused EXPORTS DEPENDENCIES SENTENCE
  config "$1" "$2"
  bxl_build
  expect_exit 3
  expect_said "$3"
}
refused "$core" 'importFrom("lbi").core' "config.dsc:2:109: no resolver has the moduleName 'lbi'; did you mean 'lib'?"
refused "$core" 'importFrom("lib").cor' "the module 'lib' exports no 'cor'; did you mean 'core'?"
refused "$core" '{expression: "glob(d`x`)"}' "a lazy expression is importFrom('MODULE').SYMBOL here"
refused "$core" 'importFrom("lib")' "must be a string"
refused '{symbolName: "all", content: ["core"]}' '"core"' "every module exports 'all' already"
refused "$core, $core" '"core"' "'core' is exported twice"
refused '{symbolName: "a b", content: ["core"]}' '"core"' "'a b' is no name for an export"
refused '{symbolName: "x", content: ["gone"]}' '"core"' "config.dsc:3:60: the content of the export 'x' names no task"
refused '{symbolName: "x"}' '"core"' "'content' is missing"
config '{symbolName: "x", content: ["gone"], allowEmpty: true, includeProjectMapping: true}' 'importFrom("lib").x, "core"'
bxl_build
expect_exit 0

# Of a Ninja resolver `all` is what it builds by default.
write native/build.ninja 'rule copy
  command = cp $in $out
build tool: copy source
build other: copy source
default tool'
write native/source 7
write app/packages/main/package.json '{"name": "main", "version": "1.0.0", "scripts": {"build": "cat ../../../native/tool >out"}}'
write config.dsc 'config({resolvers: [
  {kind: "Npm", moduleName: "app", root: d`app`, additionalDependencies: [{dependencies: [importFrom("native").all], dependents: ["main"]}]},
  {kind: "Ninja", moduleName: "native", root: d`native`}]});'
bxl_build -j2
expect_exit 0
expect_file app/packages/main/out 7
run "$BXL_BIN/bxl" config --explain -C "$ws"
expect_said 'additionalDependencies[0].dependencies[0] = importFrom("native").all  # config.dsc:2:'
