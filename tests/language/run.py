#!/usr/bin/env python3
"""The ninja language, case by case: each is built by ninja and by bxl in the same place, and the effects are compared.

    run.py                 all cases, two at a time, with build/bin or $BXL_BIN
    run.py WORD…           cases whose name or file contains a word
    run.py --list | --keep

README.md beside this file describes the cases. Exit code 1 when a case failed. Without ninja only the
expectations written in the cases are checked.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SETTLE = 0.02  # seconds between a build and an edit, for time stamps that move in ticks
PRIVATE = {b".bxl", b".ninja_log", b".ninja_deps"}
RAN = "@ran@ "


class Wrong(Exception):
    """The case does not hold."""


# --- reading the cases -------------------------------------------------------------------------------

class Case:
    """name, claim; files: what is there at first; steps: (verb, argument, flags, body lines)."""

    def __init__(self, file, name, claim):
        self.file, self.name, self.claim = file, name, claim
        self.files, self.steps = [], []


def flags_of(text):
    """'name [a, b]' → name, {a, b}."""
    match = re.fullmatch(r"(.*?)(?: \[([^\]]*)\])?", text)
    return match.group(1), set(filter(None, (match.group(2) or "").split(", ")))


def bytes_of(text, flags):
    """surrogateescape is how the case files are read, so that they may hold any byte."""
    data = text.encode("utf-8", "surrogateescape")
    if "escaped" in flags:  # as in Python: \t \r \0 \xff \\
        data = data.decode("latin-1").encode("latin-1").decode("unicode_escape").encode("latin-1")
    if "no newline" in flags:
        data = data.removesuffix(b"\n")
    return data


def read_cases(path):
    """Splits a file at '### name: claim', '=== file' and '>>> step'."""
    cases, body = [], None
    for line in path.read_text(encoding="utf-8", errors="surrogateescape").split("\n"):
        if line.startswith("### "):
            name, _, claim = line[4:].partition(": ")
            cases.append(Case(path.stem, name, claim))
            body = None
        elif line.startswith("=== "):
            body = []
            cases[-1].files.append((*flags_of(line[4:]), body))
        elif line.startswith(">>> "):
            verb, _, rest = line[4:].partition(" ")
            body = []
            cases[-1].steps.append((verb, *flags_of(rest), body))
        elif body is not None:
            body.append(line)
    for case in cases:
        for entry in [*case.files, *case.steps]:
            while entry[-1] and not entry[-1][-1]:
                entry[-1].pop()
    return cases


EXPECTATIONS = {"fails", "ninja fails", "refused", "exit", "says", "commands", "ninja", "not compared", "intervals"}


def expectations(lines):
    """'key: value' lines below a build step; a key without a value is a flag; keys repeat."""
    out = {}
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        key, _, value = line.partition(": ")
        if key not in EXPECTATIONS:
            raise Wrong(f"the case is wrong: unknown expectation {line!r}")
        out.setdefault(key, []).append(value)
    return out


# --- the two tools -----------------------------------------------------------------------------------

class Run:
    """What one build step of one tool did."""

    def __init__(self, code, text, commands, tree, database):
        self.code, self.text, self.commands, self.tree, self.database = code, text, commands, tree, database


class Tool:
    def __init__(self, base):
        self.base, self.directory = base, f"{base}/ws"
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": f"{base}/home", "NINJA_STATUS": RAN}

    def call(self, command, cwd=None):
        return subprocess.run(command, cwd=cwd or self.directory, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)


class Ninja(Tool):
    def build(self, arguments):
        done = self.call(["ninja", "-v", *arguments])
        text = done.stdout.decode("utf-8", "surrogateescape")
        return done.returncode, text, text.count(RAN)

    def database(self):
        done = self.call(["ninja", "-t", "compdb"])
        return compdb(done.stdout) if done.returncode == 0 else None


class Bxl(Tool):
    def __init__(self, base, directory):
        super().__init__(base)
        self.bin = directory

    def build(self, arguments):
        summary = f"{self.base}/summary.json"
        done = self.call([f"{self.bin}/bxl", "build", "--cache", f"{self.base}/cache", "--summary", summary, *arguments])
        commands = None
        if os.path.exists(summary):
            with open(summary, encoding="utf-8", errors="surrogateescape") as file:
                pips = json.load(file)["pips"]
            commands = pips["ran"] + pips["hit"] + pips["failed"]
            os.remove(summary)
        return done.returncode, done.stdout.decode("utf-8", "surrogateescape"), commands

    def database(self):
        done = self.call([f"{self.bin}/bxl-graph", "compdb"])
        return compdb(done.stdout) if done.returncode == 0 else None


def compdb(text):
    """(command, file, output) of the entries, in order. ninja lists aliases, without a command; it leaves out what has no input."""
    entries = json.loads(text[text.index(b"[\n"):].decode("utf-8", "surrogateescape"), strict=False)
    def full(name, at):
        return os.path.normpath(os.path.join(at, name))
    return [(entry["command"], full(entry["file"], entry["directory"]), full(entry["output"], entry["directory"]))
            for entry in entries if entry["command"] and entry["file"]]


def snapshot(directory):
    tree = {}
    for at, names, files in os.walk(os.fsencode(directory)):
        names[:] = [name for name in names if name not in PRIVATE]
        for name in files + [n for n in names if os.path.islink(os.path.join(at, n))]:
            full = os.path.join(at, name)
            info = os.lstat(full)
            if name in PRIVATE:
                continue
            if stat.S_ISLNK(info.st_mode):
                value = ("link", os.readlink(full))
            else:
                with open(full, "rb") as file:
                    data = file.read()
                value = ("file", data if len(data) < 300 else hashlib.sha256(data).hexdigest(), bool(info.st_mode & 0o100))
            tree[os.path.relpath(full, os.fsencode(directory)).decode("utf-8", "surrogateescape")] = value
    return tree


def write(directory, name, flags, body):
    path = os.path.join(os.fsencode(directory), bytes_of(name, flags - {"no newline"}))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(bytes_of("".join(line + "\n" for line in body), flags))
    if "program" in flags:
        os.chmod(path, 0o755)


def play(case, tool):
    """Carries out the case with one tool in an empty directory; one Run per build step."""
    shutil.rmtree(tool.directory, ignore_errors=True)
    os.makedirs(tool.directory)
    for name, flags, body in case.files:
        write(tool.directory, name, flags, body)
    runs = []
    for verb, argument, flags, body in case.steps:
        path = os.path.join(tool.directory, argument)
        if verb == "build":
            code, text, commands = tool.build(argument.split())
            tree = snapshot(tool.directory)
            runs.append(Run(code, text, commands, tree, tool.database()))
            time.sleep(SETTLE)
        elif verb == "write":
            write(tool.directory, argument, flags, body)
        elif verb == "touch":
            os.utime(path)
        elif verb == "remove":
            os.remove(path)
        elif verb == "sh":
            done = tool.call(["/bin/sh", "-ec", argument])
            if done.returncode:
                raise Wrong(f"the case is wrong: {argument}: {done.stdout}")
        else:
            raise Wrong(f"the case is wrong: unknown step {verb}")
    return runs


# --- judging -----------------------------------------------------------------------------------------

def overlap(tree, names):
    """How many of the intervals 'begin end' in these files lie over each other at most."""
    events = []
    for name in names:
        begin, end = map(int, tree[name][1].split())
        events += [(begin, 1), (end, -1)]
    most = now = 0
    for _, step in sorted(events, key=lambda event: (event[0], event[1])):
        now += step
        most = max(most, now)
    return most


def judge(expected, run, who):
    """What the case itself says, about either tool."""
    failing = "fails" in expected or "refused" in expected or (who == "ninja" and "ninja fails" in expected)
    if (run.code != 0) != failing:
        raise Wrong(f"{who} exits {run.code}")
    counts = expected.get("commands")
    if who == "ninja" and "ninja" in expected:
        counts = expected["ninja"]
    if counts and "refused" not in expected and run.commands != int(counts[0].split()[0]):
        raise Wrong(f"{who} executed {run.commands} commands, expected {counts[0]}")
    for text in expected.get("intervals", ()):
        depth, *names = text.split()
        if overlap(run.tree, names) > int(depth):
            raise Wrong(f"{who} had {overlap(run.tree, names)} commands at once, expected {depth}")


def judge_bxl(expected, run):
    judge(expected, run, "bxl")
    code = expected.get("exit", ["3" if "refused" in expected else "1" if "fails" in expected else "0"])[0]
    if run.code != int(code):
        raise Wrong(f"bxl exits {run.code}, expected {code}")
    for text in expected.get("says", ()):
        if text not in run.text:
            raise Wrong(f"bxl does not say {text!r}")


def compare(expected, ninja, bxl):
    ignored = {name for text in expected.get("not compared", ()) for name in text.partition(" (")[0].split()}
    ignored |= {name for text in expected.get("intervals", ()) for name in text.split()[1:]}
    for name in sorted(ninja.tree.keys() | bxl.tree.keys()):
        if name not in ignored and ninja.tree.get(name) != bxl.tree.get(name):
            raise Wrong(f"{name!r} is {bxl.tree.get(name)}, with ninja {ninja.tree.get(name)}")
    if "refused" not in expected and ninja.database != bxl.database:
        ours, theirs = bxl.database or [], ninja.database or []
        raise Wrong(f"compdb: only bxl {[e for e in ours if e not in theirs][:3]}, "
                    f"only ninja {[e for e in theirs if e not in ours][:3]}, or another order")


def run_case(case, bin_directory, keep):
    base = os.path.realpath(tempfile.mkdtemp(prefix="bxl-language-"))
    where = ""
    runs = {}
    try:
        os.makedirs(f"{base}/home")
        steps = [(f"step {i + 1} ", expectations(body))
                 for i, (verb, _, _, body) in enumerate(case.steps) if verb == "build"]
        if not steps:
            raise Wrong("the case is wrong: it builds nothing")
        with_ninja = shutil.which("ninja")
        if with_ninja:
            runs["ninja"] = play(case, Ninja(base))
        runs["bxl"] = play(case, Bxl(base, bin_directory))
        for i, (where, expected) in enumerate(steps):
            if with_ninja:
                judge(expected, runs["ninja"][i], "ninja")
            judge_bxl(expected, runs["bxl"][i])
            if with_ninja:
                compare(expected, runs["ninja"][i], runs["bxl"][i])
        return None
    except Wrong as error:
        texts = ""
        if where:
            index = [w for w, _ in steps].index(where)
            texts = "".join(f"\n  -- {who}:\n  | " + "\n  | ".join(of[index].text.rstrip().split("\n")[-12:])
                            for who, of in runs.items())
        return f"{where}{error}{texts}" + (f"\n  kept: {base}" if keep else "")
    finally:
        if not keep:
            shutil.rmtree(base, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("words", nargs="*")
    parser.add_argument("-j", dest="jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")
    cases = [case for path in sorted(HERE.glob("*.txt")) for case in read_cases(path)]
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        sys.exit(f"two cases have one name: {sorted(n for n in names if names.count(n) > 1)}")
    cases = [c for c in cases if not options.words or any(w in c.name or w in c.file for w in options.words)]
    if options.list:
        for case in cases:
            print(f"{case.file:12} {case.name:36} {case.claim}")
        return 0
    bin_directory = os.path.abspath(os.environ.get("BXL_BIN") or HERE.parents[1] / "build" / "bin")
    if not cases or not os.access(f"{bin_directory}/bxl", os.X_OK):
        print("no such case" if not cases else f"no bxl in {bin_directory}", file=sys.stderr)
        return 2
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for case, wrong in zip(cases, pool.map(lambda c: run_case(c, bin_directory, options.keep), cases)):
            if wrong:
                failed += 1
                print(f"FAIL {case.file}: {case.name}: {case.claim}\n  {wrong}", flush=True)
    with_ninja = "compared with ninja" if shutil.which("ninja") else "ninja is not installed: not compared"
    print(f"language: {len(cases) - failed} cases passed, {failed} failed; {with_ninja}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
