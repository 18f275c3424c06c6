#!/bin/bash
# bare-debian.sh [[--user] COMMAND…]: does a clone of HEAD work on a Debian with nothing installed?
#
# Makes a minimal bookworm in a temporary directory, with the package sources and keys of this machine, and runs there
# ./dev demo and ./dev test as root, then ./dev test as an unprivileged user; or only COMMAND, as root or, with --user,
# as that user. Needs root and debootstrap. The directory is removed at the end; with BARE_DIR=DIR it is kept there and
# used again.
set -u
cd -- "${BASH_SOURCE[0]%/*}/.." || exit 1
((EUID == 0)) || { echo "bare-debian: needs root; skipped"; exit 0; }
command -v debootstrap >/dev/null || { echo "bare-debian: debootstrap is not installed" >&2; exit 1; }
suite=bookworm
dir=${BARE_DIR:-$(mktemp -d /var/tmp/bxl-bare.XXXXXX)}
target=$dir/root

unmount() { for at in dev/pts proc; do mountpoint -q "$target/$at" && umount "$target/$at"; done; }
finish() {
  unmount
  if mount | grep -q " $target/"; then
    echo "bare-debian: something is still mounted below $target; left as it is" >&2
  elif [[ -z ${BARE_DIR-} ]]; then
    rm -rf --one-file-system "$dir"
  fi
}
trap finish EXIT

# The mirror of this machine: the first source that has the suite.
mirror() {
  cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '$1 == "URIs:" { print $2; exit }' | grep . ||
    sed -nE "s/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+)[[:space:]]+$suite[[:space:]].*/\2/p" \
      /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | head -n 1
}

inside() { chroot "$target" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" LANG=C.UTF-8 "${proxies[@]}" "$@"; }

proxies=()
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
  [[ -n ${!name-} ]] && proxies+=("$name=${!name}")
done

if [[ ! -x $target/usr/bin/apt-get ]]; then
  echo "bare-debian: making a minimal $suite"
  debootstrap --variant=minbase "$suite" "$target" "$(mirror)" >"$dir.log" 2>&1 ||
    { tail -n 5 "$dir.log"; rm -f "$dir.log"; exit 1; }
  rm -f "$dir.log"
  rm -f "$target/etc/apt/sources.list"
  cp -rL /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/trusted.gpg.d /etc/apt/apt.conf.d \
    "$target/etc/apt/" 2>/dev/null
  mkdir -p "$target/usr/share/keyrings"
  cp -rL /usr/share/keyrings/. "$target/usr/share/keyrings/"
  cp -L /etc/resolv.conf /etc/hosts "$target/etc/" 2>/dev/null
fi
mountpoint -q "$target/proc" || mount -t proc proc "$target/proc" || exit 1
mountpoint -q "$target/dev/pts" || mount -t devpts -o ptmxmode=0666,mode=0620 devpts "$target/dev/pts" || exit 1

rm -rf "$target/src"
git clone -q --no-local . "$target/src" || exit 1
chmod 755 "$dir" "$target"
home=/root
inside sh -c 'id builder >/dev/null 2>&1 || useradd -m builder' || exit 1
as_user() {
  home=/home/builder
  inside chown -R builder: /src
  inside setpriv --reuid=builder --regid=builder --init-groups sh -c 'cd /src && exec "$@"' sh "$@"
}

if [[ ${1-} == --user ]]; then
  shift
  as_user "$@"
elif (($#)); then
  inside sh -c 'cd /src && exec "$@"' sh "$@"
else
  inside sh -c 'cd /src && ./dev demo && ./dev test' || { echo "bare-debian: failed as root"; exit 1; }
  as_user ./dev test || { echo "bare-debian: failed as an unprivileged user"; exit 1; }
  echo "bare-debian: passed"
fi
