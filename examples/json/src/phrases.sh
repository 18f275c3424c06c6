# A header for each line of the list $1, in the directory $2. Which ones, only the list says.
while read -r name text; do
  printf '#define PHRASE_%s "%s"\n' "$name" "$text" >"$2/$name.h"
done <"$1"
