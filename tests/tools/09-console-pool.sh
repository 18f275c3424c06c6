# A command of the console pool has the user's own input and output; all other words wait until it is done.
source "${BASH_SOURCE[0]%/*}/common.sh"

cat >build.ninja <<'END'
rule ask
  command = read answer; echo "said $$answer"; echo aside >&2; sleep 0.3; echo last >&2; touch $out
  description = asking
  pool = console
rule plain
  command = ! read answer && touch $out && echo text-of-$out
build asked: ask
build b1: plain
build b2: plain
END
echo yes | "$BXL_BIN/bxl" -C "$ws" --cache "$cache" >"$log" 2>"$tmp/errors" || fail "exits $?"
[[ $(<"$tmp/errors") == $'aside\nlast' ]] || fail "stderr is '$(<"$tmp/errors")'"
sed -n '/asking/,$p' "$log" | tr '\n' ' ' | grep -q 'asking said yes ' || fail "its words were interrupted"
rm asked
echo yes | "$BXL_BIN/bxl" -C "$ws" --cache "$cache" asked 2>&1 | tr '\n' ' ' >"$log"
grep -q 'asking said yes aside last bxl: ' "$log" || fail "not in their order"
rm -rf asked b1 b2 .bxl
echo yes | "$BXL_BIN/bxl" -C "$ws" --cache "$tmp/other-cache" >"$log" 2>&1
[[ $(grep -c asking "$log") == 1 ]] || fail "announced more than once: $(<"$log")"
grep -q text-of-b2 "$log" || fail "the words of others are lost: $(<"$log")"

# Input that is closed is no error; the command sees its end.
"$BXL_BIN/bxl" -C "$ws" --cache "$cache" asked <&- >"$tmp/out" 2>"$log" || fail "without input: exits $?: $(<"$log")"
grep -q 'Bad file' "$log" && fail "complains: $(<"$log")"
cat "$tmp/out" "$log" | grep -q said || fail "did not run"
