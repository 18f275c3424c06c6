#!/usr/bin/env python3
"""What observation costs: workloads run plainly, under bxl-sandbox, and under bxl-sandbox --no-shim, in turn.

    ./dev bench sandbox [--rounds 5] [--only NAME]

CPU seconds (user + system of the whole tree, the supervisor included), medians, and ratios to the plain run. A workload
whose sources cannot be had is left out, and said so. The last table gives nanoseconds per call, least of 20 batches.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MODES = {"plain": None, "shim": [], "notified": ["--no-shim"]}
MICRO = ["stat", "stat-relative", "open", "open-relative", "exec"]


def source(package, work):
    found = subprocess.run([ROOT / "tests/demo/source-package.sh", package, work / "packages"], stdout=subprocess.PIPE, text=True)
    return pathlib.Path(found.stdout.strip()) if found.returncode == 0 else None


def quiet(command, **more):
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


class Cmake:
    """All commands of a CMake project, one after the other, as one observed tree."""

    def __init__(self, package, flags=()):
        self.package, self.flags = package, flags

    def prepare(self, work):
        tree = source(self.package, work)
        if not tree:
            return False
        self.out = work / f"out-{self.package}"
        shutil.rmtree(self.out, ignore_errors=True)
        copy = work / f"src-{self.package}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(tree, copy, symlinks=True)
        quiet(["cmake", "-G", "Ninja", "-S", copy, "-B", self.out, "-DCMAKE_BUILD_TYPE=Release", *self.flags])
        return True

    def clean(self):
        quiet(["ninja", "-C", self.out, "-t", "clean"])
        for name in (".ninja_log", ".ninja_deps"):
            (self.out / name).unlink(missing_ok=True)

    def command(self):
        return ["ninja", "-C", self.out, "-j1"]


class Configure:
    def __init__(self, package):
        self.package = package

    def prepare(self, work):
        self.tree = source(self.package, work)
        self.out = work / f"configure-{self.package}"
        return bool(self.tree) and (self.tree / "configure").exists()

    def clean(self):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def command(self):
        return ["env", "LC_ALL=C", "sh", "-c", f"cd '{self.out}' && '{self.tree}/configure' >/dev/null 2>&1"]


class Loop:
    """1000 executions of a program that does next to nothing."""

    def prepare(self, work):
        return True

    def clean(self):
        pass

    def command(self):
        return ["env", "LC_ALL=C", "sh", "-c", "i=0; while [ $i -lt 500 ]; do /bin/true; /bin/cat /dev/null; i=$((i+1)); done"]


class Tsc:
    def prepare(self, work):
        self.dir = work / "tsc"
        compiler = self.dir / "node_modules/typescript/bin/tsc"
        if not shutil.which("npm"):
            return False
        self.dir.mkdir(exist_ok=True)
        if not compiler.exists():
            try:
                quiet(["npm", "install", "--prefix", self.dir, "--no-audit", "--no-fund", "typescript@5"], cwd=self.dir)
            except subprocess.CalledProcessError:
                return False
        names = [f"m{i}" for i in range(40)]
        for i, name in enumerate(names):
            text = f"import {{ f as g }} from './{names[i - 1]}';\n" if i else "const g = (n: number) => n;\n"
            (self.dir / f"{name}.ts").write_text(text + f"export function f(n: number): number {{ return g(n) + {i}; }}\n")
        (self.dir / "tsconfig.json").write_text('{"compilerOptions": {"outDir": "out", "strict": true, "types": []}, "include": ["*.ts"]}')
        self.compiler = compiler
        return True

    def clean(self):
        shutil.rmtree(self.dir / "out", ignore_errors=True)

    def command(self):
        return ["node", self.compiler, "-p", self.dir]


WORKLOADS = {"C++ (leveldb)": Cmake("leveldb", ["-DLEVELDB_BUILD_TESTS=OFF", "-DLEVELDB_BUILD_BENCHMARKS=OFF"]),
             "C (libuv)": Cmake("libuv1", ["-DLIBUV_BUILD_TESTS=OFF", "-DBUILD_TESTING=OFF"]), "configure (hello)": Configure("hello"), "tsc, 40 files": Tsc(),
             "1000 executions": Loop()}


def run(sandbox, options, command, log):
    """CPU seconds."""
    before = os.times()
    line = [str(c) for c in command] if options is None else [str(sandbox), *options, "--", *map(str, command)]
    done = subprocess.run(line, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"exit {done.returncode}: {' '.join(line)}")
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def micro(args, work, rows):
    program = work / "calls"
    quiet(["cc", "-O2", "-o", program, HERE / "calls.c"])
    best = {}
    for round_number in range(1, args.rounds + 1):
        for mode, options in MODES.items():
            line = [str(program)] if options is None else [str(args.sandbox), *options, "--", str(program)]
            text = subprocess.run(line, stdout=subprocess.PIPE, check=True, text=True, cwd=work).stdout
            for name, value in (entry.split() for entry in text.splitlines()):
                best.setdefault((name, mode), []).append(float(value))
                print(f"{round_number}\t{name}\t{mode}\t{value}", file=rows)
    print("\nnanoseconds per call, least seen (more than plain)")
    print(f"{'':18}" + "".join(f"{mode:>20}" for mode in MODES))
    for name in MICRO:
        base = min(best[name, "plain"])
        print(f"{name:18}" + "".join(f"{min(best[name, mode]):11.0f} ({min(best[name, mode]) - base:+6.0f})" for mode in MODES))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/bin")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/bench")
    parser.add_argument("--rows", type=pathlib.Path, default=ROOT / "bench-out")
    args = parser.parse_args()
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    args.sandbox = args.bin.resolve() / "bxl-sandbox"
    args.rows.mkdir(exist_ok=True)
    path = args.rows / f"sandbox-{time.strftime('%Y%m%d-%H%M%S')}.tsv"
    with open(path, "w") as rows, open(work / "log", "w") as log:
        print("round\tworkload\tmode\tvalue", file=rows)
        results = {}
        for name, workload in WORKLOADS.items():
            if args.only and args.only not in name:
                continue
            if not workload.prepare(work):
                print(f"{name}: left out, its sources cannot be had here", file=sys.stderr)
                continue
            for round_number in range(1, args.rounds + 1):
                modes = list(MODES)
                for mode in modes[round_number % 3:] + modes[:round_number % 3]:
                    workload.clean()
                    cpu = run(args.sandbox, MODES[mode], workload.command(), log)
                    results.setdefault((name, mode), []).append(cpu)
                    print(f"{round_number}\t{name}\t{mode}\t{cpu:.3f}", file=rows, flush=True)
            print(f"{name} done", file=sys.stderr)
        print("CPU seconds, medians (ratio to plain)")
        print(f"{'':18}" + "".join(f"{mode:>20}" for mode in MODES))
        for name in WORKLOADS:
            if (name, "plain") not in results:
                continue
            base = statistics.median(results[name, "plain"])
            print(f"{name:18}" + "".join(f"{statistics.median(results[name, m]):12.3f} ({statistics.median(results[name, m]) / base:5.2f})"
                                         for m in MODES))
        if not args.only or args.only == "calls":
            micro(args, work, rows)
    print(f"\nrows: {path}")


main()
