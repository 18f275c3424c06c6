# A reader that has seen enough, as `| head`, is no error worth a word.
source "${BASH_SOURCE[0]%/*}/common.sh"

{
  echo 'rule touch
  command = touch $out'
  for i in {1..3000}; do echo "build out$i: touch"; done
} >build.ninja
"$BXL_BIN/bxl-graph" -C "$ws" --out "$tmp/graph" 2>"$log" || fail "bxl-graph exits $?"

# first_line COMMAND…: its first line; whoever writes after that finds nobody.
first_line() { "$@" 2>"$log" </dev/null | { read -r line; echo "$line"; }; }

for command in "bxl-graph show --in $tmp/graph" "bxl-graph show --json --in $tmp/graph" \
  "bxl -C $ws --cache $cache -n" "bxl-graph compdb -C $ws" "bxl --help"; do
  [[ -n $(first_line "$BXL_BIN/"$command) ]] || fail "$command prints nothing"
  [[ ! -s $log ]] || fail "$command complains"
done
