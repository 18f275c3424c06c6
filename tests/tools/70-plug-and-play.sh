# Yarn's Plug'n'Play: Yarn runs the scripts, found by .yarnrc.yml or in PATH.
source "${BASH_SOURCE[0]%/*}/common.sh"
write package.json '{"workspaces": ["packages/*"]}'
write packages/a/package.json '{"name": "a", "version": "1.0.0", "scripts": {"build": "in-an-archive"}}'
write yarn.lock '
__metadata:'
write .pnp.cjs ''
bxl_build
expect_exit 3
expect_said "it is neither in PATH nor named by yarnPath in .yarnrc.yml"
write .yarnrc.yml 'nodeLinker: pnp
yarnPath: ".yarn/yarn.cjs"'
bxl_build
expect_exit 3
expect_said "there is no $ws/.yarn/yarn.cjs, which yarnPath names"

write .yarnrc.yml 'nodeLinker: pnp'
write bin/yarn '#!/bin/sh
echo "$*" >out'
chmod +x bin/yarn
PATH=$ws/bin:$PATH bxl_build
expect_exit 0
expect_file packages/a/out "run build"
PATH=$ws/bin:$PATH bxl_build
expect_counts clean=1
# Installed otherwise, scripts run as they stand.
rm .pnp.cjs
write node_modules/.bin/in-an-archive '#!/bin/sh
echo linked >out'
chmod +x node_modules/.bin/in-an-archive
bxl_build
expect_exit 0
expect_file packages/a/out linked
