"""Snapshots of directory trees and their differences, as sentences."""
import hashlib
import os
import stat

# What a build system keeps for itself; .git holds stat data that differs between any two copies.
PRIVATE = {".bxl", ".bxl-root", ".ninja_log", ".ninja_deps", ".git"}


def entry(path):
    """(kind, content or target, executable) of one path; None when absent."""
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(info.st_mode):
        return ("symlink", os.readlink(path), False)
    if stat.S_ISDIR(info.st_mode):
        return ("directory", "", False)
    if not stat.S_ISREG(info.st_mode):
        return ("special", oct(stat.S_IFMT(info.st_mode)), False)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except PermissionError:
        return ("unreadable", info.st_size, False)
    content = data if len(data) <= 4096 else (len(data), hashlib.sha256(data).hexdigest())
    return ("file", content, bool(info.st_mode & stat.S_IXUSR))


def snapshot(root):
    """Every path below root but PRIVATE names, relative, with its entry."""
    found = {}
    for directory, directories, files in os.walk(root):
        directories[:] = [d for d in directories if d not in PRIVATE]
        for name in directories + files:
            if name in PRIVATE:
                continue
            path = os.path.join(directory, name)
            found[os.path.relpath(path, root)] = entry(path)
    return found


def describe(value):
    if value is None:
        return "absent"
    kind, content, executable = value
    text = repr(content)
    if len(text) > 90:
        text = text[:90] + "…"
    return f"{kind} {text}{' +x' if executable else ''}"


def differences(have, want, *, absent=(), ignore=(), extra_allowed=False):
    """Sentences on how `have` differs from `want`.

    absent: wanted paths that may be missing (lazy outputs). ignore: paths not compared.
    extra_allowed: files that `want` lacks are fine. Directories that `want` lacks always are.
    """
    lines = []
    for path in sorted(set(have) | set(want)):
        if path in ignore:
            continue
        mine, theirs = have.get(path), want.get(path)
        if mine == theirs:
            continue
        if mine is None and path in absent:
            continue
        if theirs is None and (extra_allowed or mine[0] == "directory"):
            continue
        lines.append(f"{path!r} is {describe(mine)}, from scratch it is {describe(theirs)}")
    return lines
