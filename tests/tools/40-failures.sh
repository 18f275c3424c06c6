# A pip that failed: told last, kept whole, and run again by the script that is named, with the same words and code.
source "${BASH_SOURCE[0]%/*}/common.sh"

write build.ninja 'rule sh
  command = $cmd
build out: sh
  cmd = seq 100; echo "$$GREETING from $$PWD"; test -d "$$TMPDIR" || exit 9; read x && exit 8; umask; echo "it'"'"'s $$0" >&2; exit 3
build sub/ended: sh
  cmd = echo dying; kill -SEGV $$$$
build later: sh out
  cmd = touch later
build fine: sh
  cmd = sleep 0.5; echo words-of-fine; touch fine'
export GREETING=hello
bxl_build --pass-env GREETING -k0
expect_exit 1
expect_counts failed=2 skipped=1 ran=1
expect_said "FAILED: out: it exited with 3"
expect_said "FAILED: sub/ended: it was ended by SIGSEGV"
expect_said "the last 40 of 103 lines; all are in $ws/.bxl/log/failed/"
[[ $(grep -c "hello from $ws" "$log") == 1 ]] || fail "its words were told more or less than once"
grep -q '^later' "$log" && fail "names what was only skipped"
[[ $(sed -n '/words-of-fine/,$p' "$log" | grep -c '^FAILED') == 2 ]] || fail "the failures are not last"

unset GREETING
for name in out:3 sub_ended:139; do
  script=$(echo "$ws"/.bxl/log/failed/*-"${name%:*}.sh")
  grep -qF "to run it again: sh $script" "$log" || fail "$script is not named"
  (cd / && sh "$script" >"$tmp/again" 2>&1)
  [[ $? == "${name#*:}" ]] || fail "$script exits otherwise than ${name#*:}"
  cmp "$tmp/again" "${script%.sh}.log" || fail "$script prints otherwise"
done
sh "$ws"/.bxl/log/failed/*-out.sh --trace 2>&1 >/dev/null | grep -q ' file /' || fail "does not take options of bxl-sandbox"

# -q: the failures and the last line.
bxl_build --pass-env GREETING -q -k0
expect_exit 1
[[ $(head -n 1 "$log") == FAILED:* ]] || fail "says something before the failures"
[[ $(tail -n 1 "$log") == "bxl: 4 pips: "* ]] || fail "the last line is missing"
