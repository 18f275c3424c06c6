# A repository of three packages needs no configuration: its scripts are pips, in the order of its dependencies.
source "${BASH_SOURCE[0]%/*}/common.sh"
package() {  # package NAME SCRIPTS DEPENDENCIES
  write "packages/$1/package.json" "{\"name\": \"@x/$1\", \"version\": \"1.0.0\", \"scripts\": {$2}, \"dependencies\": {${3-}}}"
}
# The script of the root would run all others once more.
write package.json '{"name": "root", "workspaces": ["packages/*"], "scripts": {"build": "npm run build -ws"}}'
package a '"build": "mkdir -p lib && cat src/* >lib/out"'
package b '"build": "mkdir -p lib && cat src/* ../a/lib/out >lib/out"' '"@x/a": "^1.0.0"'
package c '"prebuild": "mkdir -p lib; echo $npm_lifecycle_event >lib/pre # first", "build": "show >lib/env; cat ../b/lib/out >lib/out", "postbuild": "echo $npm_lifecycle_event >lib/post"' '"@x/b": "*"'
write packages/a/src/1 one
write packages/b/src/1 two
write packages/c/node_modules/.bin/show '#!/bin/sh
echo $npm_lifecycle_event $npm_package_name $npm_package_version ${INIT_CWD##*/} "$npm_lifecycle_script"'
chmod +x packages/c/node_modules/.bin/show
all="@x/a#build @x/b#build @x/c#build"

bxl_build -j2
expect_exit 0
expect_said "front end: javascript, $ws/package.json"
expect_ran "$all"
expect_file packages/b/lib/out "two
one"
expect_file packages/c/lib/env "build @x/c 1.0.0 c show >lib/env; cat ../b/lib/out >lib/out"
expect_file packages/c/lib/pre prebuild
expect_file packages/c/lib/post postbuild
cp -r packages expected

bxl_build
expect_exit 0
expect_counts ran=0 clean=3

rm -rf packages/*/lib
bxl_build
expect_counts ran=0 hit=3
diff -r packages expected || fail "what was replayed differs"

# From another directory of the repository, and without what is known of it.
rm -rf packages/*/lib .bxl
run "$BXL_BIN/bxl" build -C packages/b --cache "$cache" --summary "$ws.sum"
expect_exit 0
expect_counts ran=0 hit=3
diff -r packages expected || fail "what was replayed differs"

write packages/b/src/1 three
bxl_build
expect_ran "@x/b#build @x/c#build"
# The same output: nobody downstream runs.
write packages/a/src/2 ""
truncate -s0 packages/a/src/2
bxl_build
expect_ran "@x/a#build"

# Scripts are told which node is the first in PATH: another one in front of it is a change.
write first/.keep ""
write second/node "#!/bin/sh"
chmod +x second/node
package d '"build": "echo ${NODE##*/ws/} >node"'
PATH=$ws/first:$ws/second:$PATH bxl_build
expect_file packages/d/node second/node
cp second/node first/node
PATH=$ws/first:$ws/second:$PATH bxl_build
expect_file packages/d/node first/node
rm -r first second packages/d
bxl_build

# A file becomes a package: the listing of packages/ is the same as before.
write packages/e "no package"
bxl_build
rm packages/e
package e '"build": "true"'
bxl_build
expect_ran "@x/e#build"
rm -r packages/e
bxl_build

# What no script reads runs nothing.
write packages/a/README.md "words"
sed -i 's/"version"/"description": "d", "version"/' packages/a/package.json
bxl_build
expect_exit 0
expect_ran ""

# A new package, and an order that changes.
package d '"build": "mkdir -p lib && cat ../a/lib/out >lib/out"' '"@x/a": "workspace:*"'
bxl_build
expect_exit 0
expect_ran "@x/d#build"
package d '"build": "mkdir -p lib && cat ../a/lib/out >lib/out"' '"@x/a": "^2.0.0"'
bxl_build
expect_exit 4
expect_said "@x/a#build"

# What is wrong with the repository is said, with exit code 3.
package d '"build": 1'
bxl_build
expect_exit 3
expect_said "packages/d/package.json must be a string"
package d '"build": "true"' '"@x/e": "*"'
package e '"build": "true"' '"@x/d": "*"'
bxl_build
expect_exit 3
expect_said "@x/d#build -> @x/e#build -> @x/d#build"

# A single package is a repository, too, where a config.dsc says so.
rm -rf packages .bxl
write package.json '{"name": "one", "scripts": {"build": "echo 1 >out"}}'
bxl_build
expect_exit 2
expect_said "names no workspaces; describe the build in a config.dsc"
write config.dsc 'config({resolvers: [{kind: "Npm", moduleName: "m", root: d`.`}]});'
bxl_build
expect_exit 0
expect_ran "one#build"
