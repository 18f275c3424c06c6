# A directory of five stages that do as they are told, around the real wrapper: for tests of the wrapper alone.
#
# Sets $BXL_BIN. A stage appends its arguments to $tmp/calls, copies its input and exits with the number in
# $tmp/NAME.code (0 without one); with a file $tmp/NAME.sh it runs that first.
real_bin=$BXL_BIN
export BXL_BIN=$tmp/bin
mkdir "$BXL_BIN"
cp "$real_bin/bxl" "$BXL_BIN/bxl"
for name in bxl-graph bxl-plan bxl-exec bxl-cache bxl-materialize bxl-log bxl-doctor; do
  cat >"$BXL_BIN/$name" <<STAGE
#!/bin/bash
trap : INT
echo "$name \$*" >>"$tmp/calls"
if [[ \$1 == root ]]; then echo "$ws"; exit; fi
[[ -f "$tmp/$name.sh" ]] && source "$tmp/$name.sh"
[[ $name == bxl-graph ]] && echo stream || cat
[[ -f "$tmp/$name.code" ]] && exit "\$(<"$tmp/$name.code")"
exit 0
STAGE
  chmod +x "$BXL_BIN/$name"
done
stage_exits() { echo "$2" >"$tmp/$1.code"; }   # stage_exits NAME CODE
stage_does() { echo "$2" >"$tmp/$1.sh"; }      # stage_does NAME SHELL-TEXT
all_stages_exit_0() { rm -f "$tmp"/*.code "$tmp"/*.sh "$tmp/calls"; }
write build.ninja ''
