#!/usr/bin/env python3
"""same_as_ninja.py --bin BIN --work DIR PACKAGE[/SUBDIR] [CMAKE-FLAG…]: one real CMake project, ninja's tree against bxl's.

Both build in the same folder, configured anew each time, since compilers write the folder's name into their output. Every
file, symlink and mode must be equal: after bxl -j1, bxl -j8, and after a replay that runs nothing. Excluded, because
they are the two tools' own records or hold the time of the configure step:
    .ninja_deps .ninja_log .ninja_lock .bxl/ CMakeFiles/*.log CMakeFiles/*.yaml
and empty directories that only bxl has.
Also: the command strings of bxl-graph equal `ninja -t compdb` as multisets, and no pip is uncacheable.
Exit 77: the source package cannot be had.
"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent


def excluded(path):
    parts = path.split("/")
    # CMake's checks of the compiler build small projects of their own, with ninja.
    return (parts[0] == ".bxl" or parts[-1] in (".ninja_deps", ".ninja_log", ".ninja_lock") or
            (parts[0] == "CMakeFiles" and path.endswith((".log", ".yaml"))))


def snapshot(root):
    tree = {}
    for directory, names, files in os.walk(root):
        for name in names + files:
            full = os.path.join(directory, name)
            path = os.path.relpath(full, root)
            if excluded(path):
                continue
            st = os.lstat(full)
            if stat.S_ISLNK(st.st_mode):
                tree[path] = ("link", os.readlink(full))
            elif stat.S_ISREG(st.st_mode):
                tree[path] = ("file", oct(st.st_mode & 0o7777), hashlib.sha256(open(full, "rb").read()).hexdigest())
            elif stat.S_ISDIR(st.st_mode):
                tree[path] = ("directory", oct(st.st_mode & 0o7777))
    return tree


class Project:
    def __init__(self, args):
        self.bin = pathlib.Path(args.bin).resolve()
        self.work = pathlib.Path(args.work).resolve()
        self.flags = args.flags
        package, _, subdir = args.package.partition("/")
        if args.source:
            self.take(package, pathlib.Path(args.source).resolve())
            return
        found = subprocess.run([here.parent / "demo" / "source-package.sh", package, self.work / "src"], stdout=subprocess.PIPE,
                               text=True)
        if found.returncode != 0:
            print(f"SKIP: no source package {package}")
            sys.exit(77)
        self.take(package, pathlib.Path(found.stdout.strip()) / subdir)

    def take(self, package, source):
        self.name = package
        self.source = source
        self.out = self.work / f"out-{package}"
        self.cache = self.work / f"cache-{package}"
        shutil.rmtree(self.cache, ignore_errors=True)

    def fail(self, text):
        print(f"FAIL {self.name}: {text}")
        sys.exit(1)

    def run(self, command):
        done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            self.fail(f"{command[0]} exit {done.returncode}\n{done.stdout[-3000:]}")
        return done.stdout

    def configure(self):
        shutil.rmtree(self.out, ignore_errors=True)
        self.run(["cmake", "-G", "Ninja", "-S", self.source, "-B", self.out, "-DCMAKE_BUILD_TYPE=Release", *self.flags])
        self.configured = snapshot(self.out)

    def bxl(self, jobs, cache):
        summary = self.work / "summary.json"
        self.run([self.bin / "bxl", "-C", self.out, f"-j{jobs}", "--cache", cache, "--summary", summary])
        return json.loads(summary.read_text())

    def compare(self, what, want, configured):
        got = snapshot(self.out)
        for path in sorted(want.keys() | got.keys()):
            # Directories of declared outputs exist before the first pip runs, also those of edges nobody requested.
            if path not in want and got[path][0] == "directory" and not os.listdir(self.out / path):
                continue
            # Left as the configure step made it, by both: no business of the build.
            if path in want and path in got and want[path] == configured.get(path) and got[path] == self.configured.get(path):
                continue
            if want.get(path) != got.get(path):
                self.fail(f"{what}: {path}: ninja {want.get(path)}, bxl {got.get(path)}")

    def commands(self):
        ours = json.loads(self.run([self.bin / "bxl-graph", "compdb", "-C", self.out]))
        text = self.run(["ninja", "-C", self.out, "-t", "compdb"])
        theirs = json.loads(text[text.index("[\n"):])  # after the line "Entering directory"
        # ninja lists phony edges with an empty command and leaves out edges without inputs.
        def count(entries):
            return collections.Counter(e["command"] for e in entries if e["command"] and e.get("file"))
        if count(ours) != count(theirs):
            self.fail(f"commands differ: {list((count(ours) - count(theirs)).items())[:3]} "
                      f"{list((count(theirs) - count(ours)).items())[:3]}")
        return len(ours)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--actions", type=int, default=0,
                        help="so many pips never make their declared output: they run each time, with ninja too")
    parser.add_argument("--source", help="a tree to build in place of the package's")
    parser.add_argument("package")
    parser.add_argument("flags", nargs="*")
    args, extra = parser.parse_known_args()
    args.flags += extra
    p = Project(args)
    p.configure()
    commands = p.commands()
    p.run(["ninja", "-C", p.out])
    want, configured = snapshot(p.out), p.configured
    total = 0
    for jobs in (1, 8):
        shutil.rmtree(p.cache, ignore_errors=True)
        p.configure()
        first = p.bxl(jobs, p.cache)
        total = first["pips"]["total"]
        if first["pips"]["ran"] != total or total == 0:
            p.fail(f"-j{jobs}: {first['pips']}")
        if first["uncacheable"] != args.actions:
            p.fail(f"-j{jobs}: {first['uncacheable']} of {total} pips uncacheable")
        if first["violations"]:
            p.fail(f"-j{jobs}: {first['violations'][:3]}")
        p.compare(f"-j{jobs}", want, configured)
        again = p.bxl(jobs, p.cache)
        if again["pips"]["clean"] != total - args.actions:
            p.fail(f"-j{jobs} again: {again['pips']}")
        p.configure()
        replay = p.bxl(jobs, p.cache)
        if replay["pips"]["hit"] != total - args.actions:
            p.fail(f"-j{jobs} replay: {replay['pips']}")
        p.compare(f"-j{jobs} replay", want, configured)
    print(f"ok   {p.name}: {total} pips, {commands} commands; {len(want)} files, links and directories identical with ninja's "
          "at -j1, -j8 and replayed")


main()
