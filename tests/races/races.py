#!/usr/bin/env python3
"""races.py --bin BIN [--count 100] [--seed N]: two commands that disturb each other, at random moments, in both orders.

Each pair is built COUNT times at -j2 with random delays, half of the times with the one and half with the other first in
the manifest; state and outputs go after each round, the cache stays. Whoever wins the race, the build must say so: exit 4
with the pair's kind, and again in the next build. Then the manifest is put right, and the build must give what the
sources say: had one of the two been published in between, a wrong file would come out of the cache. The seed is printed.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

# name: first command, second command, codes of which one is told (None: nobody need be refused), and what puts it right:
# a second command that depends on the first one, or two commands. Each makes its own output, $out; they meet at x, t, d
# or shared.
UNDISTURBED = "cp in $out"
PAIRS = {
    "read an undeclared output": ("cat in > x; cp in $out", "cat x > $out 2>/dev/null || cp in $out", {"DX5009", "DX5026"}, None),
    "read a declared output": ("cat in > x; cp in $out", "cat x > $out 2>/dev/null || cp in $out",
                               {"DX5003", "DX5009", "DX5026"}, None),
    "look for an output": ("cat in > x; cp in $out", "test -e x && echo there > $out || echo none > $out",
                           {"DX5003", "DX5009", "DX5026"}, None),
    "two writers": ("cat in > x; cp in $out", "cat in in > x; cp in $out", {"DX5002"},
                    ("cat in > x; cp in $out", "cat in in > y; cp in $out")),
    "two writers by rename": ("cat in > t1; mv t1 x; cp in $out", "cat in in > t2; mv t2 x; cp in $out", {"DX5002"},
                              ("cat in > t1; mv t1 x; cp in $out", "cat in in > t2; mv t2 y; cp in $out")),
    "remove an output": ("cat in > x; cp in $out", "rm -f x; cp in $out", {"DX5002", "DX5026"},
                         ("cat in > x; cp in $out", UNDISTURBED)),
    "rewrite a source": ("echo w > shared; cp in $out", "cat shared > $out", {"DX5025"},
                         ("echo w > mine; cp in $out", "cat shared > $out")),
    "remove a source": ("rm -f shared; cp in $out", "cat shared > $out 2>/dev/null || cp in $out", {"DX5025"},
                        (UNDISTURBED, "cat shared > $out 2>/dev/null || cp in $out")),
    "rewrite one source twice": ("echo w > shared; cp in $out", "echo v > shared; cp in $out", {"DX5002"},
                                 ("echo w > mine; cp in $out", UNDISTURBED)),
    "list a directory": ("mkdir -p d; cat in > d/x; cp in $out", "mkdir -p d; ls d > $out", None, None),
    "one temporary file": ("cat in > t; cat t > $out; rm -f t", "cat in in > t; cat t > $out; rm -f t", None,
                           ("cat in > t; cat t > $out; rm -f t", "cat in in > u; cat u > $out; rm -f u")),
}


class Races:
    def __init__(self, options):
        self.bin, self.random = options.bin.resolve(), random.Random(options.seed)
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="bxl-races-"))
        self.cache, self.root = self.base / "cache", self.base / "w"

    def manifest(self, commands, swapped, right):
        text = "rule sh\n  command = $cmd\n"
        edges = []
        for name, command, implicit in commands:
            outs = f"{name} | x" if right == "declared" and name == "one" else name
            edges.append(f"build {outs}: sh in{implicit}\n  cmd = {command.replace('$out', name)}\n")
        return text + "".join(reversed(edges) if swapped else edges)

    def build(self):
        summary = self.base / "summary"
        summary.unlink(missing_ok=True)
        done = subprocess.run([self.bin / "bxl", "build", "-C", self.root, "--cache", self.cache, "-j2", "-k0", "--summary", summary],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, json.loads(summary.read_text()) if summary.exists() else {}, done.stdout

    def fail(self, pair, round_number, what, text):
        sys.exit(f"races: FAILED: {pair}, round {round_number}: {what}\n{text}\n--- build.ninja\n{(self.root / 'build.ninja').read_text()}")

    def truth(self, commands):
        """What a shell makes of the commands, one after the other."""
        plain = self.base / "plain"
        shutil.rmtree(plain, ignore_errors=True)
        plain.mkdir()
        self.sources(plain)
        for name, command, _ in commands:
            subprocess.run(["sh", "-c", command.replace("$out", name)], cwd=plain, check=False)
        return {name: (plain / name).read_bytes() for name, _, _ in commands}

    def sources(self, where):
        (where / "in").write_text("in\n")
        (where / "shared").write_text("s\n")

    def round(self, pair, number, codes_seen):
        first, second, codes, repaired = PAIRS[pair]
        delays = [self.random.choice(("", "", f"sleep 0.{self.random.randrange(1, 50):03d}; ")) for _ in range(2)]
        one, two = delays[0] + first, delays[1] + second
        swapped = number % 2 == 1
        declared = "declared" if pair == "read a declared output" else ""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir()
        self.sources(self.root)
        os.utime(self.root / "shared", (1, 1))
        (self.root / "build.ninja").write_text(self.manifest([("one", one, ""), ("two", two, "")], swapped, declared))
        for attempt in ("first", "second"):
            code, summary, text = self.build()
            told = {v["code"] for v in summary.get("violations", ())}
            codes_seen[pair].update(told or {f"exit {code}"})
            if codes is None:
                if code not in (0, 4):
                    self.fail(pair, number, f"exit {code}", text)
                continue
            if code != 4 or not told & codes:
                self.fail(pair, number, f"{attempt} build: exit {code}, {sorted(told)}, expected one of {sorted(codes)}", text)
            # A user puts back what was changed.
            self.sources(self.root)
        self.sources(self.root)
        if repaired:
            commands = [(name, delay + command, "") for name, delay, command in zip(("one", "two"), delays, repaired)]
        else:
            commands = [("one", one, ""), ("two", two, " | one")]
        (self.root / "build.ninja").write_text(self.manifest(commands, swapped, declared))
        want = self.truth(commands)
        for attempt in ("repaired", "replayed"):
            code, summary, text = self.build()
            if code != 0:
                self.fail(pair, number, f"{attempt}: exit {code}", text)
            for name, content in want.items():
                have = (self.root / name).read_bytes() if (self.root / name).exists() else None
                if have != content:
                    self.fail(pair, number, f"{attempt}: {name} is {have!r}, not {content!r}", text)
            for name in ("one", "two"):
                (self.root / name).unlink()

    def run(self, count, only):
        codes_seen = collections.defaultdict(collections.Counter)
        for pair in PAIRS:
            if only and only not in pair:
                continue
            for number in range(count):
                self.round(pair, number, codes_seen)
            print(f"races: {pair}: {count} times, {dict(codes_seen[pair])}", flush=True)
        shutil.rmtree(self.base)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"races: seed {options.seed}", flush=True)
    Races(options).run(options.count, options.only)
    print("races: every pair was told, whoever came first")


main()
