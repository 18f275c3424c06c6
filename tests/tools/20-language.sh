# The ninja language, case by case, with ninja as the oracle where it is installed (tests/language).
source "${BASH_SOURCE[0]%/*}/common.sh"
python3 "${here%/tools}/language/run.py"
