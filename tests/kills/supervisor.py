#!/usr/bin/env python3
"""supervisor.py --bin BIN [--count 200] [--seed N]: kill -9 of bxl-exec at a random notification of the sandbox.

As kills.py, on its workspace and cache, but the victim is always the process that observes, and the moment is a count: the
n-th system call that it takes up or lets go on, n uniform over those of a build from scratch (a build that needs fewer is made
again). Half of the builds run without the shim, where everything is a notification. Two commands start a process in a
session of its own that sleeps, and writes into the tree when it wakes: nothing of a killed build may be left running. After each kill a whole
build must give what the sources say; in the end states are replayed from the cache, so that an entry with missing observations
shows as a wrong file. The seed is printed.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import kills


def in_tree(root):
    """Processes that work in the tree, whatever their parents and sessions are."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd").startswith(str(root)):
                found.append(int(entry))
        except OSError:
            pass  # it has ended
    return found


def gone(root, seconds):
    end = time.monotonic() + seconds
    while in_tree(root):
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


class Supervisors(kills.Storm):
    def __init__(self, options):
        super().__init__(options)
        self.counter = self.base / "count"
        library = self.base / "kill_at.so"
        source = pathlib.Path(__file__).with_name("kill_at.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
        self.preload = {"LD_PRELOAD": str(library), "KILL_COUNT": str(self.counter)}
        # A command whose grandchild would outlive everything but a signal of its own.
        linger = ("rule linger\n  command = (setsid sh -c 'exec 3>late$n; sleep 60; echo late >&3' & "
                       "s=$$!; sleep 0.3; cat $in > $out; kill -9 -$$s; wait) 2>/dev/null; rm -f late$n\n"
                       "build slow0: linger s0\n  n = 0\nbuild slow1: linger s1\n  n = 1\n")
        self.manifest = self.manifest.replace("build all.txt: cat ", linger + "build all.txt: cat slow0 slow1 ")
        (self.root / "build.ninja").write_text(self.manifest)

    def expected(self):
        tree = kills.expected(self.sources)
        for i in (0, 1):
            tree[f"slow{i}"] = self.sources[f"s{i}"]
        tree["all.txt"] = tree["slow0"] + tree["slow1"] + tree["all.txt"]
        return tree

    def edit(self):
        for name in self.random.sample(sorted(self.sources), self.random.randint(1, 3)):
            number = self.random.randint(0, 3) if self.random.random() < 0.3 else self.random.randint(4, 10**6)
            self.sources[name] = f"{name} {number}\n"
            (self.root / name).write_text(self.sources[name])

    def run_until(self, number, shim):
        """Builds, to be killed at that notification; the count that was reached."""
        self.counter.write_bytes(bytes(8))
        environment = os.environ | self.preload | {"KILL_AT": str(number), "BXL_SHIM": shim}
        child = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
                                 start_new_session=True)
        try:
            child.wait(timeout=60)
        except subprocess.TimeoutExpired:
            raise AssertionError("the build never ended") from None
        if not gone(self.root, 10):
            names = [pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in in_tree(self.root)]
            raise AssertionError(f"processes of the build stayed: {names}")
        return int.from_bytes(self.counter.read_bytes(), sys.byteorder)

    def run(self, count):
        total = {shim: self.measure(shim) for shim in ("0", "1")}
        killed = tries = 0
        while killed < count:
            tries += 1
            if tries > 20 * count:
                raise AssertionError(f"only {killed} of {tries} builds reached their notification")
            self.edit()
            shim = self.random.choice("01")
            number = self.random.randint(1, total[shim])
            try:
                killed += self.run_until(number, shim) >= number
                self.build()
                self.compare()
                self.visited[tuple(sorted(self.sources.items()))] = True
            except AssertionError as error:
                raise AssertionError(f"kill {killed}, at notification {number}, BXL_SHIM={shim}: {error}") from None
        states = self.random.sample(sorted(self.visited), min(40, len(self.visited)))
        for number, state in enumerate(states):
            self.replay(dict(state), number)
        return total, tries

    def measure(self, shim):
        """Notifications of a build of everything, with its own cache."""
        shutil.rmtree(self.base / "cache", ignore_errors=True)
        shutil.rmtree(self.root / ".bxl", ignore_errors=True)
        reached = self.run_until(0, shim)
        self.compare()
        if reached < 100:
            raise AssertionError(f"{reached} notifications were counted: bxl-exec was not preloaded")
        for path in self.expected():
            (self.root / path).unlink()
        return reached


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"supervisor: seed {options.seed}", flush=True)
    storm = Supervisors(options)
    try:
        total, tries = storm.run(options.count)
    except AssertionError as error:
        print(f"supervisor: FAILED: {error}\n  seed {options.seed}, kept: {storm.base}")
        for pid in in_tree(storm.root):
            os.kill(pid, signal.SIGKILL)
        return 1
    shutil.rmtree(storm.base)
    print(f"supervisor: {options.count} kills in {tries} builds, at one of {total['0']} notifications ({total['1']} with the shim); "
          f"{len(storm.visited)} states, {storm.replayed} pips replayed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
