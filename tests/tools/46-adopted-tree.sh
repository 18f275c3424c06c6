# A tree that another tool built: what lay in the way of outputs is kept, and told in four lines, not in forty.
source "${BASH_SOURCE[0]%/*}/common.sh"

{
  echo 'rule echo
  command = echo new > $out'
  for i in {1..40}; do echo "build out$i: echo"; done
} >build.ninja
for i in {1..40}; do echo "old $i" >"out$i"; done
bxl_build
expect_exit 0
expect_counts ran=40
[[ $(grep -c "set aside" "$log") == 4 ]] || fail "told in $(grep -c "set aside" "$log") lines"
expect_said "set aside 37 more files that bxl did not make, in $ws/.bxl/saved/"
[[ $(cat .bxl/saved/*/* | sort) == "$(for i in {1..40}; do echo "old $i"; done | sort)" ]] || fail "a file was lost"

rm -rf .bxl "$cache"
for i in {1..40}; do echo "old $i" >"out$i"; done
bxl_build -v
[[ $(grep -c "set aside" "$log") == 40 ]] || fail "-v does not tell all"

# What a failed command displaced comes back, and is told in the same way.
rm -rf .bxl "$cache"
for i in {1..40}; do echo "old $i" >"out$i"; done
sed -i 's/echo new > $out/echo new > $out; exit 1/' build.ninja
bxl_build -k0
expect_exit 1
[[ $(grep -c "restored" "$log") == 4 ]] || fail "told in $(grep -c "restored" "$log") lines"
expect_file out7 "old 7"
