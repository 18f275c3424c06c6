# Builds, collections, verifications and kills over one cache, for ten seconds (./dev check: three minutes): nothing wrong, nothing lost.
source "${BASH_SOURCE[0]%/*}/common.sh"
export TMPDIR=$tmp
run python3 "$here/../kills/storm.py" --bin "$BXL_BIN" --seconds 10
expect_exit 0
expect_said " evictions in "
