#!/usr/bin/env python3
"""kills.py --bin BIN [--count 500] [--seed N]: kill -9 at random moments of a build, of any of its processes.

One workspace and one cache live through all of it. Before each build some sources change; a build starts, a random process
of it (wrapper, tool or command) is killed at a random moment, then a whole build must succeed and give, byte for byte, what
the sources say. Sources must be as they were left. At the end every state that the sources ever had is built again, each time
without outputs and workspace state, so that every published entry is replayed, and compared with what the sources say.
The seed is printed; the same seed chooses the same edits, victims and delays (the moments still vary with the machine).
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCES = 6


def manifest():
    lines = ["rule cat", "  command = cat $in > $out.tmp && sleep 0.0$n && mv $out.tmp $out",
             "rule two", "  command = mkdir -p gen && cat $in > $out && cat $in side > gen/extra$n && sleep 0.01"]
    for i in range(SOURCES):
        lines += [f"build mid{i}: cat s{i}", f"  n = {i % 3}"]
        lines += [f"build pair{i}: two mid{i} s{(i + 1) % SOURCES}", f"  n = {i}"]
    lines += ["build all.txt: cat " + " ".join(f"pair{i}" for i in range(SOURCES)), "  n = 1", "default all.txt", ""]
    return "\n".join(lines)


def expected(sources):
    """Every output, from the sources alone."""
    tree = {}
    for i in range(SOURCES):
        tree[f"mid{i}"] = sources[f"s{i}"]
        pair = sources[f"s{i}"] + sources[f"s{(i + 1) % SOURCES}"]
        tree[f"pair{i}"] = pair
        tree[f"gen/extra{i}"] = pair + sources["side"]
    tree["all.txt"] = "".join(tree[f"pair{i}"] for i in range(SOURCES))
    return tree


def processes_of(group):
    """PIDs whose session or process group started with the build, and their descendants."""
    parents, members = {}, set()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = pathlib.Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(entry)] = int(fields[1])
        if int(fields[2]) == group:
            members.add(int(entry))
    grown = True
    while grown:
        grown = False
        for pid, parent in parents.items():
            if parent in members and pid not in members:
                members.add(pid)
                grown = True
    return sorted(members)


class Storm:
    def __init__(self, options):
        self.random = random.Random(options.seed)
        self.bxl = os.path.join(os.path.abspath(options.bin), "bxl")
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="bxl-kills-"))
        self.root = self.base / "ws"
        self.root.mkdir()
        self.sources = {f"s{i}": f"source {i}\n" for i in range(SOURCES)} | {"side": "side\n"}
        self.manifest = manifest()
        (self.root / "build.ninja").write_text(self.manifest)
        for name, text in self.sources.items():
            (self.root / name).write_text(text)
        self.visited = {}
        self.replayed = 0
        self.command = [self.bxl, "build", "-C", str(self.root), "-j3", "--cache", str(self.base / "cache")]

    def build(self):
        done = subprocess.run(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        if done.returncode != 0:
            raise AssertionError(f"exit {done.returncode}: {done.stdout.decode(errors='replace')[-2000:]}")

    def expected(self):
        return expected(self.sources)

    def compare(self):
        have = {}
        for directory, names, files in os.walk(self.root):
            if ".bxl" in names:
                names.remove(".bxl")
            for name in files:
                path = pathlib.Path(directory, name)
                have[str(path.relative_to(self.root))] = path.read_text()
        want = self.expected() | self.sources | {"build.ninja": self.manifest}
        for path in sorted(have.keys() | want.keys()):
            if have.get(path) != want.get(path):
                raise AssertionError(f"{path} is {have.get(path)!r}, should be {want.get(path)!r}")

    def edit(self):
        for name in self.random.sample(sorted(self.sources), self.random.randint(1, 3)):
            # Few different contents: many results are replayed from the cache, also those of killed builds.
            self.sources[name] = f"{name} {self.random.randint(0, 3)}\n"
            (self.root / name).write_text(self.sources[name])
        if self.random.random() < 0.2:
            shutil.rmtree(self.root / "gen", ignore_errors=True)

    def kill_one(self):
        delay = self.random.random() * 0.16
        pick = self.random.random()
        child = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(delay)
        victims = {}  # by name, so that the many shells do not take all the kills
        for pid in processes_of(child.pid):
            try:
                victims.setdefault(pathlib.Path(f"/proc/{pid}/comm").read_text().strip(), []).append(pid)
            except OSError:
                pass  # it has ended
        killed = "nothing"
        if victims:
            killed = sorted(victims)[int(pick * len(victims))]
            try:
                os.kill(self.random.choice(victims[killed]), signal.SIGKILL)
            except OSError:
                killed = "nothing"
        try:
            child.wait(timeout=60)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{killed} was killed and the build never ended") from None
        end = time.monotonic() + 20
        while processes_of(child.pid) and time.monotonic() < end:
            time.sleep(0.005)
        if processes_of(child.pid):
            raise AssertionError(f"{killed} was killed, and processes of the build stayed")
        return killed

    def run(self, count):
        killed = {}
        for step in range(count):
            self.edit()
            self.visited[tuple(sorted(self.sources.items()))] = True
            victim = self.kill_one()
            killed[victim] = killed.get(victim, 0) + 1
            try:
                self.build()
                self.compare()
            except AssertionError as error:
                raise AssertionError(f"kill {step}, of {victim}: {error}") from None
        for number, state in enumerate(self.visited):
            self.replay(dict(state), number)
        return killed

    def replay(self, state, number):
        for path in self.expected():
            (self.root / path).unlink()
        shutil.rmtree(self.root / ".bxl")
        self.sources = state
        for name, text in state.items():
            (self.root / name).write_text(text)
        summary = self.base / "summary.json"
        self.command += ["--summary", str(summary)]
        try:
            self.build()
            self.compare()
        except AssertionError as error:
            raise AssertionError(f"replay {number}: {error}") from None
        finally:
            self.command = self.command[:-2]
        self.replayed += json.loads(summary.read_text())["pips"]["hit"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"kills: seed {options.seed}", flush=True)
    storm = Storm(options)
    try:
        killed = storm.run(options.count)
    except AssertionError as error:
        print(f"kills: FAILED: {error}\n  seed {options.seed}, kept: {storm.base}")
        return 1
    shutil.rmtree(storm.base)
    print(f"kills: {options.count} of them: " + ", ".join(f"{n} {name}" for name, n in sorted(killed.items())) +
          f"; {len(storm.visited)} states built again, {storm.replayed} pips of them from the cache")
    return 0


if __name__ == "__main__":
    sys.exit(main())
