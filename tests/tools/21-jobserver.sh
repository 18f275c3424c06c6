# Below `make -jN` pips share make's jobs: never more at once, and every token comes back, whatever happens.
source "${BASH_SOURCE[0]%/*}/common.sh"

# manifest N: N edges that nap and note when.
manifest() {
  printf 'rule nap\n  command = (printf "%%s " $$(date +%%s%%N); sleep 0.3; date +%%s%%N) > $out\n'
  for ((i = 0; i < $1; i++)); do echo "build nap$i: nap"; done
}
# overlap FILE…: how many of the intervals in the files lie over each other at most.
overlap() {
  cat "$@" | awk '{ print $1, 1; print $2, -1 }' | sort -n -k1,1 -k2,2 | awk '{ n += $2; if (n > m) m = n } END { print m + 0 }'
}
at_most() { (($1 <= $2)) || fail "$1 commands at once, expected at most $2"; }
at_least() { (($1 >= $2)) || fail "$1 commands at once, expected at least $2"; }
mkfifo "$tmp/fifo"
exec {tokens}<>"$tmp/fifo"
# in_fifo TOKENS: exactly these bytes are there, in any order; takes them out.
in_fifo() {
  local got
  got=$(python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
try: data = os.read(fd, 100)
except BlockingIOError: data = b""
print("".join(sorted(data.decode())))' "$tmp/fifo")
  [[ $got == "$1" ]] || fail "the fifo holds '$got', expected '$1'"
}

# --- a fifo with two tokens: three at once, and the same tokens come back
manifest 6 >build.ninja
printf ab >&"$tokens"
export MAKEFLAGS="-j8 --jobserver-auth=fifo:$tmp/fifo"
bxl_build
expect_exit 0
expect_counts ran=6
most=$(overlap nap*)
at_most "$most" 3
at_least "$most" 2
in_fifo ab

# --- no token: one at a time
rm -rf .bxl nap*
run "$BXL_BIN/bxl" -C "$ws" --cache "$tmp/cache2"
expect_exit 0
at_most "$(overlap nap*)" 1
in_fifo ''

# --- an explicit -j is the user's word: no token is taken
rm -rf .bxl nap*
run "$BXL_BIN/bxl" -C "$ws" --cache "$tmp/cache4" -j4
expect_exit 0
at_least "$(overlap nap*)" 2

# --- a failure gives them back
printf abc >&"$tokens"
{ manifest 2; printf 'rule no\n  command = sleep 0.2; false\nbuild bad1: no\nbuild bad2: no\nbuild bad3: no\n'; } >build.ninja
rm -rf .bxl nap*
run "$BXL_BIN/bxl" -C "$ws" --cache "$tmp/cache5"
expect_exit 1
in_fifo abc

# --- so does Ctrl-C
printf abc >&"$tokens"
printf 'rule long\n  command = sleep 60\nbuild l1: long\nbuild l2: long\nbuild l3: long\nbuild l4: long\n' >build.ninja
set -m
"$BXL_BIN/bxl" -C "$ws" --cache "$cache" >"$log" 2>&1 </dev/null &
bxl=$!
set +m
sleeping() {
  local pid
  for pid in /proc/[0-9]*; do
    [[ $(readlink "$pid/cwd" 2>/dev/null) == "$ws" ]] && tr '\0' ' ' <"$pid/cmdline" 2>/dev/null | grep -q '^sleep 60' && echo "$pid"
  done | wc -l
}
for ((i = 0; i < 600; i++)); do (($(sleeping) == 4)) && break; sleep 0.05; done
(($(sleeping) == 4)) || fail "four commands should run with three tokens, not $(sleeping)"
kill -INT -- "-$bxl"
wait "$bxl"
code=$?
expect_exit 130
in_fifo abc

# --- pips do not see MAKEFLAGS, nor make's descriptors
printf 'rule see\n  command = env | grep -c MAKE > $out; ls /proc/self/fd >> $out\nbuild seen: see\n' >build.ninja
bxl_build
expect_exit 0
[[ $(head -n 1 seen) == 0 ]] || fail "a pip sees MAKEFLAGS: $(cat seen)"
(($(wc -l <seen) <= 5)) || fail "a pip has descriptors of its caller: $(cat seen)"

# --- a jobserver that is not there is a note, not an error
MAKEFLAGS="-j2 --jobserver-auth=fifo:$tmp/nowhere" bxl_build -v
expect_exit 0
MAKEFLAGS="-j2 --jobserver-auth=97,98" bxl_build -v
expect_exit 0

# --- GNU make with its pipe: two builds and make's own recipes share three jobs
command -v make >/dev/null || exit 0
unset MAKEFLAGS
for dir in one two; do mkdir $dir; manifest 6 >$dir/build.ninja; done
cat >Makefile <<END
all: one two own1 own2
one two:
	+@$BXL_BIN/bxl -C \$@ --cache $tmp/cache6-\$@
own1 own2:
	@(printf '%s ' \$\$(date +%s%N); sleep 0.3; date +%s%N) > \$@
.PHONY: all one two
END
run make -j3
expect_exit 0
most=$(overlap one/nap* two/nap* own*)
at_most "$most" 3
at_least "$most" 2
! grep -q jobserver "$log" || fail "make complains about its jobserver"

# --- without '+' make closes its pipe: nothing is shared, nothing breaks
rm -rf one/nap* one/.bxl
sed -i 's/+@/@/; s/^all:.*/all: one/' Makefile
run make -j3
expect_exit 0
