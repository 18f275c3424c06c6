# The manual page of bxl-sandbox is free of troff errors, and names every option that --help names.
source "${BASH_SOURCE[0]%/*}/common.sh"
page=${here%/tests/tools}/tools/bxl-sandbox/bxl-sandbox.1
command -v groff >/dev/null || skip "no groff"
run groff -man -ww -z "$page"
expect_exit 0
[[ ! -s $log ]] || fail "groff complains"
groff -man -Tascii -P-cbou "$page" >"$tmp/page"
options=$("$BXL_BIN/bxl-sandbox" --help | grep -oE -- '^ +--[a-z_-]+' | tr -d ' ')
(($(wc -w <<<"$options") >= 11)) || fail "--help names too few options: $options"
for option in $options; do
  grep -qF -e "$option" "$tmp/page" || fail "the page does not name $option"
done
