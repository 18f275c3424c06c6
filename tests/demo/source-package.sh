#!/bin/bash
# source-package.sh NAME DIR: unpacks a Debian source package below DIR and prints the directory of its tree.
#
# The machine's own package lists stay as they are: the deb-src twins of its sources go to a private list directory.
# A tree that is there already is used again. Exit 1 with one sentence when none can be had.
set -u
name=$1
mkdir -p "$2" || exit 1
dir=$(cd -- "$2" && pwd -P) || exit 1
say() { echo "source-package: $*" >&2; }

tree_of() { find "$dir/$name" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | head -n 1; }
if [[ -f $dir/$name.complete ]]; then
  tree_of
  exit
fi
command -v dpkg-source >/dev/null || { say "dpkg-dev is not installed"; exit 1; }

apt=$dir/apt
rm -rf "$apt" "${dir:?}/$name"
mkdir -p "$apt/parts" "$apt/lists/partial" "$apt/cache/archives/partial" "$dir/$name"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [[ -r $file ]] && sed -nE 's/^deb(-src)?[[:space:]]+/deb-src /p' "$file"
done | sort -u >"$apt/parts/lines.list"
for file in /etc/apt/sources.list.d/*.sources; do
  [[ -r $file ]] && sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$apt/parts/${file##*/}"
done
options=(-oDir::Etc::SourceList=/dev/null -oDir::Etc::SourceParts="$apt/parts" -oDir::State::Lists="$apt/lists"
  -oDir::Cache="$apt/cache" -oAPT::Sandbox::User= -oAcquire::Languages=none)

# One list of several may be out of reach; only the package decides.
apt-get "${options[@]}" -qq update >"$apt/log" 2>&1
if ! (cd "$dir/$name" && apt-get "${options[@]}" -qq source "$name") >>"$apt/log" 2>&1; then
  say "no source package $name: $(tail -n 1 "$apt/log")"
  exit 1
fi
tree=$(tree_of)
[[ -n $tree ]] || { say "$name unpacked to nothing"; exit 1; }
touch "$dir/$name.complete"
echo "$tree"
