# Without a configuration `bxl build` builds, and whoever names another script gets that, too.
source "${BASH_SOURCE[0]%/*}/common.sh"
write package.json '{"workspaces": ["packages/*"]}'
write packages/a/package.json '{"name": "@x/a", "version": "1.0.0", "scripts": {"build": "mkdir -p lib; cat src >lib/a", "test": "cp lib/a tested", "lint": "grep -q . src && echo fine >linted"}}'
write packages/a/src a
write packages/b/package.json '{"name": "b", "version": "1.0.0", "scripts": {"build": "cat ../a/lib/a >out"}, "dependencies": {"@x/a": "*"}}'

bxl_build -j2
expect_exit 0
expect_ran "@x/a#build b#build"
bxl_build test
expect_exit 0
expect_ran "@x/a#test"
expect_file packages/a/tested a
# Nobody asks for it now: it is not built, and what it made stays where it is.
write packages/a/src aa
bxl_build
expect_exit 0
expect_ran "@x/a#build b#build"
expect_file packages/a/tested a
bxl_build '@x/a#lint' '@x/a#test'
expect_ran "@x/a#test @x/a#lint"
expect_file packages/a/tested aa
expect_file packages/a/linted fine
bxl_build lint test
expect_counts total=3 clean=3
# Something else has changed meanwhile: what was asked for once is known still.
sed -i 's/cp lib/cp -f lib/' packages/a/package.json
bxl_build
expect_ran ""
expect_file packages/a/tested aa
bxl_build test
expect_ran "@x/a#test"

# A package is a target by its name and by its folder, a task by what it made; what nobody has is said.
for target in b packages/b ./packages/b packages/b/out; do
  bxl_build "$target"
  expect_counts total=2 clean=2
done
bxl_build @x/a
expect_counts total=3 clean=3
bxl_build tets
expect_exit 2
expect_said "unknown target 'tets'"

# A repository without the script build.
sed -i 's/"build"/"compile"/' packages/*/package.json
bxl_build
expect_exit 3
expect_said "build"
bxl_build lint
expect_exit 0
expect_counts total=1 ran=0
