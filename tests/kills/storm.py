#!/usr/bin/env python3
"""storm.py --bin BIN [--seconds 180] [--seed N]: everything at once over one cache.

Four workspaces are edited and built in loops, a collection with a limit of half the working set and a verification run in loops
beside them, and any process of any of these is killed (-9) at random. What must be true all the while: a build that was not killed
succeeds; one that says it succeeded has the right files; a verification finds nothing wrong. In the end fsck and verify find the
cache sound, and states of all workspaces are replayed from it and are right. The seed is printed (the moments still vary).

Collections keep what was touched within ten minutes or while a build relied on it (lib/cas/sweep.h). So that a storm of seconds
has evictions, time passes faster for blobs: first one loses the mark of a recent touch, so that whoever relies on it must touch
it again; when it was not, and every build of that moment has ended, it becomes old.
"""
import argparse
import fcntl
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import kills

WORKSPACES = 4
EVICTIONS = 50  # fewer, and there was no storm
FORGOTTEN = 200  # seconds: older than cas/blob_store.h's kTouchEvery_s, younger than the grace
OLD = 3600


class Builder(kills.Storm):
    """One workspace, edited and built until the storm is over."""

    def __init__(self, number, base, bin_directory, seed):  # pylint: disable=super-init-not-called
        self.name = f"workspace {number}"
        self.random = random.Random(seed * 31 + number)
        self.base = base / f"w{number}"
        self.root = self.base / "ws"
        self.root.mkdir(parents=True)
        self.manifest = kills.manifest()
        (self.root / "build.ninja").write_text(self.manifest)
        self.sources = {}
        for name in [*(f"s{i}" for i in range(kills.SOURCES)), "side"]:
            self.set(name, 0)
        self.visited, self.replayed = {}, 0
        self.builds = self.killed = 0
        self.command = [f"{bin_directory}/bxl", "build", "-C", str(self.root), "-j2", "--cache", str(base / "cache"),
                        "--cache-size", "0"]

    def set(self, name, number):
        self.sources[name] = f"{name} {number}\n" * 400
        (self.root / name).write_text(self.sources[name])

    def edit(self):
        for name in self.random.sample(sorted(self.sources), self.random.randint(1, 3)):
            self.set(name, self.random.randint(0, 3))
        chance = self.random.random()
        if chance < 0.15:
            shutil.rmtree(self.root / "gen", ignore_errors=True)
        elif chance < 0.3:
            shutil.rmtree(self.root / ".bxl", ignore_errors=True)
        elif chance < 0.45:
            for path in self.expected():
                (self.root / path).unlink(missing_ok=True)

    def step(self):
        self.edit()
        self.builds += 1
        killed = False
        child = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        if self.random.random() < 0.4:
            time.sleep(self.random.random() * 0.4)
            killed = kill_one(child.pid, self.random)
            self.killed += killed
        try:
            said = child.communicate(timeout=120)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            raise AssertionError("a build never ended") from None
        if killed:
            end = time.monotonic() + 30
            while kills.processes_of(child.pid):
                if time.monotonic() > end:
                    raise AssertionError("processes of a killed build stayed")
                time.sleep(0.01)
        if child.returncode == 0:
            self.compare()
            self.visited[tuple(sorted(self.sources.items()))] = True
        elif not killed:
            raise AssertionError(f"a build exits {child.returncode}: {said[-2000:]}")


def kill_one(group, rng):
    """kill -9 of a process of that group, by name first so that the many shells do not take all. False: there was none."""
    victims = {}
    for pid in kills.processes_of(group):
        try:
            victims.setdefault(pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip(), []).append(pid)
        except OSError:
            pass  # it has ended
    if not victims:
        return False
    try:
        os.kill(rng.choice(victims[rng.choice(sorted(victims))]), signal.SIGKILL)
    except OSError:
        return False
    return True


class Clock:
    """Lets time pass for blobs, as fast as what the leases promise allows."""

    def __init__(self, cache):
        self.cache = cache
        self.marked = {}  # blob: (mtime it was given, when)

    def oldest_lease(self):
        oldest = time.time()
        for lease in (self.cache / "leases").glob("*"):
            try:
                with lease.open("rb") as file:
                    began = os.fstat(file.fileno()).st_mtime
                    try:
                        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    except BlockingIOError:
                        oldest = min(oldest, began)
            except OSError:
                pass  # it has ended
        return oldest

    def tick(self):
        oldest = self.oldest_lease() - 0.1
        for blob in (self.cache / "objects").glob("*/*"):
            try:
                mtime = blob.stat().st_mtime
                given, when = self.marked.get(blob, (None, 0))
                if given == mtime and when < oldest:
                    with (self.cache / "remove.lock").open("ab") as lock:  # nobody touches meanwhile
                        fcntl.flock(lock, fcntl.LOCK_EX)
                        if blob.stat().st_mtime == given:
                            os.utime(blob, (time.time() - OLD,) * 2)
                elif given != mtime and time.time() - FORGOTTEN < mtime < time.time() - 0.5:
                    with (self.cache / "remove.lock").open("ab") as lock:
                        fcntl.flock(lock, fcntl.LOCK_EX)
                        if blob.stat().st_mtime == mtime:
                            self.marked[blob] = (int(time.time()) - FORGOTTEN, time.time())
                            os.utime(blob, (self.marked[blob][0],) * 2)
            except FileNotFoundError:
                self.marked.pop(blob, None)  # collected


class Storm:
    def __init__(self, options):
        self.bin = os.path.abspath(options.bin)
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="bxl-storm-"))
        self.cache = self.base / "cache"
        self.random = random.Random(options.seed)
        self.seed = options.seed
        self.builders = [Builder(i, self.base, self.bin, options.seed) for i in range(WORKSPACES)]
        self.over = threading.Event()
        self.failures = []
        self.evicted = self.collections = self.verifications = 0

    def ask(self, *arguments, rng=None):
        """A question to bxl-cache; with `rng` it is killed now and then. None: it was."""
        child = subprocess.Popen([f"{self.bin}/bxl-cache", *arguments, "--cache", str(self.cache)],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        killed = False
        if rng and rng.random() < 0.15:
            time.sleep(rng.random() * 0.05)
            killed = kill_one(child.pid, rng)
        out, errors = child.communicate(timeout=120)
        if killed:
            return None
        if child.returncode != 0:
            raise AssertionError(f"bxl-cache {' '.join(arguments)} exits {child.returncode}: "
                                 f"{out.decode()[-1500:]} {errors.decode()[-500:]}")
        return json.loads(out)

    def loop(self, name, step):
        try:
            while not self.over.is_set():
                step()
        except AssertionError as error:
            self.failures.append(f"{name}: {error}")
            self.over.set()
        except Exception as error:  # pylint: disable=broad-except
            self.failures.append(f"{name}: {error!r}")
            self.over.set()

    def collect(self, limit, rng):
        done = self.ask("gc", "--cache-size", str(limit), "--json", rng=rng)
        if done:
            self.collections += 1
            self.evicted += done["entries"]
        time.sleep(0.05)

    def verify(self, rng):
        if self.ask(rng.choice(["verify", "fsck"]), "--json", rng=rng):
            self.verifications += 1
        time.sleep(0.05)

    def run(self, seconds):
        for builder in self.builders:
            builder.build()
            builder.compare()
        if self.random.random() < 0.5:  # then the cache ends up with both kinds of blobs
            subprocess.run([f"{self.bin}/bxl-cache", "compress", "on", "-q", "--cache", str(self.cache)], check=True)
        size = self.ask("stats", "--json")
        limit = (size["bytes"] + size["metadataBytes"]) // 2
        clock = Clock(self.cache)
        loops = [(builder.name, builder.step) for builder in self.builders]
        collector, verifier = random.Random(self.seed + 1), random.Random(self.seed + 2)
        loops += [("gc", lambda: self.collect(limit, collector)), ("verify", lambda: self.verify(verifier)),
                  ("clock", lambda: (clock.tick(), time.sleep(0.1)))]
        threads = [threading.Thread(target=self.loop, args=entry) for entry in loops]
        for thread in threads:
            thread.start()
        self.over.wait(seconds)
        end = time.monotonic() + 5 * seconds  # a slow machine gets its storm too
        while self.evicted < EVICTIONS and time.monotonic() < end and not self.over.is_set():
            self.over.wait(1)
        self.over.set()
        for thread in threads:
            thread.join()
        if self.failures:
            raise AssertionError("; ".join(self.failures))
        self.ask("fsck", "--json")
        self.ask("verify", "--json")
        for builder in self.builders:
            states = self.random.sample(sorted(builder.visited), min(5, len(builder.visited)))
            for number, state in enumerate(states):
                for path in builder.expected():
                    (builder.root / path).touch()  # kills.replay() removes all of them
                (builder.root / ".bxl").mkdir(exist_ok=True)
                builder.replay(dict(state), number)
        self.ask("verify", "--json")
        if self.evicted < EVICTIONS:
            raise AssertionError(f"only {self.evicted} evictions")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"storm: seed {options.seed}", flush=True)
    storm = Storm(options)
    try:
        storm.run(options.seconds)
    except AssertionError as error:
        print(f"storm: FAILED: {error}\n  seed {options.seed}, kept: {storm.base}")
        return 1
    shutil.rmtree(storm.base)
    print(f"storm: {sum(b.builds for b in storm.builders)} builds, {sum(b.killed for b in storm.builders)} of them killed; "
          f"{storm.evicted} evictions in {storm.collections} collections, {storm.verifications} verifications; "
          f"{sum(b.replayed for b in storm.builders)} pips replayed in the end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
