#!/usr/bin/env python3
"""Times bxl against ninja and ninja with ccache on one project, in turn, and prints medians as ratios to ninja.

    ./dev bench [leveldb|hello] [--rounds 5]

In each round every scenario is run by every tool before the next scenario starts, so that a slow phase of the machine
meets all of them. A row is one build: CPU seconds (user + system of every process of its tree that was waited for)
and wall seconds. All rows are kept as tab-separated text in bench-out/; medians are computed from them alone.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCENARIOS = ["cold", "no-op", "deleted, minimal", "outputs deleted", "header touched", "header edited", "edit undone"]


class Tool:
    """A private copy of the project with a configured build directory; paths of all tools have the same length."""

    def __init__(self, name, command, work, project, flags, launcher=()):
        self.name, self.command = name, command
        self.dir = work / name.ljust(6, "_")
        self.source, self.out, self.caches = self.dir / "src", self.dir / "out", self.dir / "caches"
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.copytree(project, self.source, symlinks=True)
        self.environment = dict(os.environ, CCACHE_DIR=str(self.caches / "ccache"), BXL_CACHE_DIR=str(self.caches / "bxl"),
                                BXL_SUMMARY=str(self.dir / "summary.json"))
        subprocess.run(["cmake", "-G", "Ninja", "-S", self.source, "-B", self.out, "-DCMAKE_BUILD_TYPE=Release",
                        *flags, *launcher], check=True, stdout=subprocess.DEVNULL, env=self.environment)

    def clean_outputs(self):
        subprocess.run(["ninja", "-C", self.out, "-t", "clean"], check=True, stdout=subprocess.DEVNULL)

    def forget_everything(self):
        self.clean_outputs()
        for path in (self.out / ".ninja_log", self.out / ".ninja_deps"):
            path.unlink(missing_ok=True)
        for path in (self.caches, self.out / ".bxl"):
            shutil.rmtree(path, ignore_errors=True)

    def build(self, jobs, *options):
        """(CPU seconds, wall seconds, pips run or -1). The options are for bxl alone."""
        options = options if self.name == "bxl" else ()
        log = open(self.dir / "log", "w")
        start = time.monotonic()
        child = subprocess.Popen([*self.command, "-C", str(self.out), f"-j{jobs}", *options], stdout=log, stderr=log,
                                 stdin=subprocess.DEVNULL, env=self.environment)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"{self.name}: exit {child.returncode}; see {self.dir / 'log'}")
        ran = -1
        if self.name == "bxl":
            ran = json.loads((self.dir / "summary.json").read_text())["pips"]["ran"]
        return usage.ru_utime + usage.ru_stime, wall, ran


def prepare(tool, scenario, header, original, round_number):
    path = tool.source / header
    if scenario == "cold":
        path.write_bytes(original)
        tool.forget_everything()
    elif scenario in ("outputs deleted", "deleted, minimal"):
        tool.clean_outputs()
    elif scenario == "header touched":
        os.utime(path)
    elif scenario == "header edited":
        # New in each round, and in front, so that line numbers move and no cache can know the result.
        path.write_bytes(f"extern int edited_in_round_{round_number};\n".encode() + original)
    elif scenario == "edit undone":
        path.write_bytes(original)


def project_named(name, work):
    """(tree, CMake flags, header that several sources include)"""
    if name == "hello":
        return ROOT / "examples/hello", [], "text/text.h"
    found = subprocess.run([ROOT / "tests/demo/source-package.sh", "leveldb", work / "packages"],
                           stdout=subprocess.PIPE, text=True)
    if found.returncode != 0:
        sys.exit("no source package of leveldb can be had here; try: ./dev bench hello")
    return (pathlib.Path(found.stdout.strip()),
            ["-DLEVELDB_BUILD_TESTS=OFF", "-DLEVELDB_BUILD_BENCHMARKS=OFF"], "util/hash.h")


def versions(tools):
    lines = [f"machine: {os.cpu_count()} processors, Linux {platform.release()}, {platform.machine()}"]
    for command in (["ninja", "--version"], ["ccache", "--version"], ["c++", "--version"], tools["bxl"].command[:1] + ["--version"]):
        if shutil.which(command[0]):
            text = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.splitlines()
            lines.append(f"{pathlib.Path(command[0]).name}: {text[0] if text else '?'}")
    return lines


def report(rows, names):
    def median(scenario, name, column):
        return statistics.median(r[column] for r in rows if r["scenario"] == scenario and r["tool"] == name)

    for column, title in (("cpu", "CPU seconds"), ("wall", "wall seconds")):
        print(f"\n{title}, medians (ratio to ninja)")
        print(f"{'':17}" + "".join(f"{name:>18}" for name in names))
        for scenario in SCENARIOS:
            base = median(scenario, "ninja", column)
            cells = []
            for name in names:
                value = median(scenario, name, column)
                cells.append(f"{value:10.3f} ({value / base:5.2f})" if base > 0 else f"{value:10.3f}        ")
            print(f"{scenario:17}" + "".join(f"{cell:>18}" for cell in cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", nargs="?", default="leveldb", choices=["leveldb", "hello"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/bin")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/bench")
    parser.add_argument("--rows", type=pathlib.Path, default=ROOT / "bench-out")
    args = parser.parse_args()
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    tree, flags, header = project_named(args.project, work)
    original = (tree / header).read_bytes()

    tools = {"ninja": Tool("ninja", ["ninja"], work, tree, flags)}
    if shutil.which("ccache"):
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
        tools["ccache"] = Tool("ccache", ["ninja"], work, tree, flags, launcher)
    tools["bxl"] = Tool("bxl", [str(args.bin.resolve() / "bxl")], work, tree, flags)

    args.rows.mkdir(exist_ok=True)
    path = args.rows / f"{args.project}-{time.strftime('%Y%m%d-%H%M%S')}.tsv"
    rows = []
    with open(path, "w") as out:
        for line in versions(tools):
            print(f"# {line}", file=out)
        print("round\tscenario\ttool\tcpu\twall\tran", file=out)
        for round_number in range(1, args.rounds + 1):
            for scenario in SCENARIOS:
                # A tool that always goes second would find the disk warm.
                order = list(tools.values())
                order = order[round_number % len(order):] + order[:round_number % len(order)]
                for tool in order:
                    prepare(tool, scenario, header, original, round_number)
                    time.sleep(0.05)  # stamps that are too young are rehashed: no one builds within that time
                    cpu, wall, ran = tool.build(args.jobs, *(["--lazy=minimal"] if "minimal" in scenario else []))
                    rows.append(dict(scenario=scenario, tool=tool.name, cpu=cpu, wall=wall))
                    print(f"{round_number}\t{scenario}\t{tool.name}\t{cpu:.3f}\t{wall:.3f}\t{ran}", file=out, flush=True)
            print(f"round {round_number} of {args.rounds} done", file=sys.stderr)
    report(rows, list(tools))
    print(f"\nrows: {path}")


if __name__ == "__main__":
    main()
