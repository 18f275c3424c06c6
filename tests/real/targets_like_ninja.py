#!/usr/bin/env python3
"""targets_like_ninja.py --bin BIN --work DIR [--meson] PACKAGE[/SUBDIR] [FLAG…]: what people type, with ninja and with bxl.

One real project, CMake's or Meson's (FLAG goes to the configure step), configured anew for each tool in the same folder. Each
tool builds it, then makes the targets that it has among `test`, `install` (with DESTDIR), `install/strip` and `package`, then
builds again. To be equal:
    exit codes; every file, mode and link below DESTDIR; the names and sizes of what is packed
and of bxl: no violation, nothing in .bxl/saved, and the last build runs nothing that ninja would not run.
Exit 77: the source package, or what configures it, cannot be had.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tarfile

here = pathlib.Path(__file__).resolve().parent
TARGETS = ("test", "install", "install/strip", "package")


def snapshot(root):
    tree = {}
    for directory, names, files in os.walk(root):
        for name in names + files:
            full = os.path.join(directory, name)
            st = os.lstat(full)
            path = os.path.relpath(full, root)
            if stat.S_ISLNK(st.st_mode):
                tree[path] = ("link", os.readlink(full))
            elif stat.S_ISREG(st.st_mode):
                tree[path] = (oct(st.st_mode & 0o7777), open(full, "rb").read())
            else:
                tree[path] = (oct(st.st_mode),)
    return tree


class Trial:
    """What one tool does to the project, target by target."""

    def __init__(self, project, tool):
        self.project, self.tool = project, tool
        self.effects = {}
        self.summary = None

    def make(self, targets, **environment):
        p = self.project
        if self.tool == "ninja":
            command = ["ninja", "-C", p.out, *targets]
        else:
            command = [p.bin / "bxl", "build", "-C", p.out, "--cache", p.work / "cache", "--summary", p.work / "summary.json",
                       *targets]
        done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, env={**os.environ, **environment})
        self.log = done.stdout
        if self.tool == "bxl":
            self.summary = json.loads((p.work / "summary.json").read_text())
            if self.summary["violations"]:
                p.fail(f"{targets or 'all'}: {self.summary['violations'][:3]}")
        return done.returncode

    def packed(self):
        found = {}
        for path in sorted(self.project.out.glob("*.tar*")):
            with tarfile.open(path) as tar:
                found[path.name] = sorted((m.name, m.size, m.mode) for m in tar)
        return found

    def run(self):
        p = self.project
        p.configure()
        code = self.make([])
        if code != 0:
            p.fail(f"{self.tool}: exit {code}\n{self.log[-2000:]}")
        for target in p.targets():
            stage = p.work / "stage"
            shutil.rmtree(stage, ignore_errors=True)
            code = self.make([target], DESTDIR=str(stage)) if "install" in target else self.make([target])
            if p.prefix.exists():
                p.fail(f"{self.tool}: {target} went to the prefix, not below DESTDIR")
            self.effects[target] = (code, snapshot(stage), self.packed() if target == "package" else None)
        if self.tool == "ninja":
            return
        code = self.make([])
        if code != 0 or not re.search(r"\b0 ran\b", self.log):
            p.fail(f"built again: exit {code}, {self.summary['ran'][:5]}\n{self.log[-500:]}")
        saved = [str(f) for f in (p.out / ".bxl/saved").rglob("*") if not f.is_dir()]
        if saved:
            p.fail(f"set aside: {saved[:5]}")


class Project:
    def __init__(self, args):
        self.bin = pathlib.Path(args.bin).resolve()
        self.work = pathlib.Path(args.work).resolve() / "targets"
        self.flags = args.flags
        self.name, _, subdir = args.package.partition("/")
        self.work.mkdir(parents=True, exist_ok=True)
        found = subprocess.run([here.parent / "demo" / "source-package.sh", self.name, pathlib.Path(args.work).resolve() / "src"],
                               stdout=subprocess.PIPE, text=True)
        if found.returncode != 0:
            self.skip("no source package")
        self.source = pathlib.Path(found.stdout.strip()) / subdir
        self.out = self.work / "out"
        self.prefix = self.work / "prefix"  # stays absent: everything goes below DESTDIR
        for old in (self.work / "cache", self.prefix):
            shutil.rmtree(old, ignore_errors=True)
        self.meson = args.meson

    def skip(self, text):
        print(f"SKIP {self.name}: {text}")
        sys.exit(77)

    def fail(self, text):
        print(f"FAIL {self.name}: {text}")
        sys.exit(1)

    def configure(self):
        shutil.rmtree(self.out, ignore_errors=True)
        tool = "meson" if self.meson else "cmake"
        if not shutil.which(tool):
            self.skip(f"no {tool}")
        command = ["meson", "setup", f"--prefix={self.prefix}", self.source, self.out] if self.meson else \
            ["cmake", "-G", "Ninja", "-S", self.source, "-B", self.out, "-DCMAKE_BUILD_TYPE=Release",
             f"-DCMAKE_INSTALL_PREFIX={self.prefix}", "-DCPACK_GENERATOR=TGZ"]
        done = subprocess.run([str(c) for c in [*command, *self.flags]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            self.skip(f"cannot be configured here\n{done.stdout[-1500:]}")

    def targets(self):
        text = subprocess.run(["ninja", "-C", self.out, "-t", "targets", "all"], stdout=subprocess.PIPE, text=True).stdout
        known = {line.rpartition(":")[0] for line in text.splitlines()}
        return [t for t in TARGETS if t in known]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--meson", action="store_true")
    parser.add_argument("package")
    args, args.flags = parser.parse_known_args()
    p = Project(args)
    ninja, bxl = Trial(p, "ninja"), Trial(p, "bxl")
    ninja.run()
    bxl.run()
    said = []
    for target, (code, stage, packed) in ninja.effects.items():
        got_code, got_stage, got_packed = bxl.effects[target]
        if got_code != code:
            p.fail(f"{target}: exit {got_code}, ninja's {code}")
        differing = [path for path in sorted(stage.keys() | got_stage.keys()) if stage.get(path) != got_stage.get(path)]
        if differing:
            p.fail(f"{target}: {len(differing)} differ: {differing[:5]}")
        if got_packed != packed:
            p.fail(f"{target}: {got_packed} packed, by ninja {packed}")
        what = f" ({len(stage)} staged)" if stage else f" ({len(packed)} archives)" if packed else f" (exit {code})" if code else ""
        said.append(target + what)
    print(f"ok   {p.name} ({'Meson' if p.meson else 'CMake'}): {bxl.summary['pips']['total']} pips; as ninja: {', '.join(said)}")


main()
