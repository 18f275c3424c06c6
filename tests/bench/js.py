#!/usr/bin/env python3
"""Times bxl against lage, turbo and plain tsc on a generated TypeScript monorepo, in turn; prints medians.

    ./dev bench js [--packages 50] [--rounds 3]

Needs node and npm, and a registry or npm's cache for typescript, lage and turbo. In each round every scenario is run by
every tool before the next scenario starts. A row is one build: CPU seconds of its whole process tree and wall seconds.
All rows are kept in bench-out/; medians are computed from them alone.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCENARIOS = ["cold", "no-op", "outputs deleted", "leaf edited", "root body edited"]
VERSIONS = {"typescript": "5.9.3", "lage": "2.17.0", "turbo": "2.11.11"}
FILES, FUNCTIONS = 4, 20


def package_name(number):
    return f"p{number:03}"


def source(number, file, needs):
    """One module: functions that use what the needed packages export, so that tsc reads their types."""
    lines = [f'import {{ f0_0 as from_{n} }} from "@bench/{package_name(n)}";' for n in needs]
    for function in range(FUNCTIONS):
        use = f" + from_{needs[function % len(needs)]}(x % 3)" if needs else ""
        lines.append(f"export function f{file}_{function}(x: number): number {{\n"
                     f"  const seen = new Map<string, number[]>();\n"
                     f"  for (let i = 0; i < x % 7; i++) seen.set(`k${{i}}`, [i, x, {function}]);\n"
                     f"  return [...seen.values()].flat().reduce((a, b) => a + b, {number}){use};\n}}")
    return "\n".join(lines) + "\n"


def generate(directory, count, seed=1):
    """Package k needs one to three with smaller numbers; all need package 0, most through others."""
    choose = random.Random(seed)

    def write(path, text):
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text if isinstance(text, str) else json.dumps(text, indent=2) + "\n")
    write("package.json", {"name": "bench", "version": "1.0.0", "private": True, "packageManager": "npm@10.0.0",
                           "workspaces": ["packages/*"], "devDependencies": VERSIONS})
    write("lage.config.js", 'module.exports = { npmClient: "npm", pipeline: { build: { dependsOn: ["^build"], '
                            'outputs: ["lib/**"] } }, cacheOptions: { outputGlob: ["lib/**"] } };\n')
    write("turbo.json", {"tasks": {"build": {"dependsOn": ["^build"], "outputs": ["lib/**"]}}})
    write("tsconfig.base.json", {"compilerOptions": {"target": "es2020", "module": "commonjs", "strict": True,
                                                     "declaration": True, "moduleResolution": "node"}})
    write(".gitignore", "node_modules\nlib\n.turbo\n.bxl\n")
    for number in range(count):
        needs = sorted({max(0, number - 1 - choose.randrange(4)) if choose.random() < 0.5 else choose.randrange(number)
                        for _ in range(1 + choose.randrange(3))}) if number else []
        folder = f"packages/{package_name(number)}"
        write(f"{folder}/package.json",
              {"name": f"@bench/{package_name(number)}", "version": "1.0.0", "main": "lib/index.js", "types": "lib/index.d.ts",
               "scripts": {"build": "tsc -p ."}, "dependencies": {f"@bench/{package_name(n)}": "1.0.0" for n in needs}})
        write(f"{folder}/tsconfig.json", {"extends": "../../tsconfig.base.json", "include": ["src"],
                                          "compilerOptions": {"rootDir": "src", "outDir": "lib"}})
        for file in range(FILES):
            write(f"{folder}/src/{'index' if file == 0 else f'm{file}'}.ts", source(number, file, needs))


class Tool:
    def __init__(self, name, command, work, bin_directory):
        self.name, self.command = name, command
        self.dir, self.caches = work / name, work / f"{name}-caches"
        self.environment = dict(os.environ, BXL_CACHE_DIR=str(self.caches / "bxl"), DO_NOT_TRACK="1", TURBO_TELEMETRY_DISABLED="1",
                                BXL_SUMMARY=str(work / "summary.json"), PATH=f"{bin_directory}:{os.environ['PATH']}")
        self.summary = work / "summary.json"

    def delete_outputs(self):
        for folder in (self.dir / "packages").iterdir():
            shutil.rmtree(folder / "lib", ignore_errors=True)

    def forget(self):
        self.delete_outputs()
        for path in (".bxl", ".turbo", "node_modules/.cache"):
            shutil.rmtree(self.dir / path, ignore_errors=True)
        for folder in (self.dir / "packages").iterdir():
            for name in (".turbo", "node_modules"):
                shutil.rmtree(folder / name, ignore_errors=True)
        shutil.rmtree(self.caches, ignore_errors=True)

    def build(self):
        """(CPU seconds, wall seconds, pips run or -1)."""
        with open(self.dir.parent / f"{self.name}.log", "w") as log:
            start = time.monotonic()
            child = subprocess.Popen(self.command, cwd=self.dir, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     env=self.environment)
            _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{self.name}: exit {child.returncode}; see {log.name}")
        ran = json.loads(self.summary.read_text())["pips"]["ran"] if self.name == "bxl" else -1
        return usage.ru_utime + usage.ru_stime, wall, ran


def prepare(tool, scenario, count, round_number):
    if scenario == "cold":
        tool.forget()
    elif scenario == "outputs deleted":
        tool.delete_outputs()
    elif scenario in ("leaf edited", "root body edited"):
        number = 0 if scenario.startswith("root") else count - 1
        path = tool.dir / "packages" / package_name(number) / "src/index.ts"
        # A body, in every round another one: the types stay.
        text = source(number, 0, json_needs(path)).replace("x % 7", f"x % {8 + round_number}", 1)
        path.write_text(text)


def json_needs(path):
    fields = json.loads((path.parent.parent / "package.json").read_text())
    return [int(name[len("@bench/p"):]) for name in fields["dependencies"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tools", default="tsc,lage,turbo,bxl", help="those to time, comma-separated")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="those to time, comma-separated")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/bin")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/bench")
    parser.add_argument("--rows", type=pathlib.Path, default=ROOT / "bench-out")
    args = parser.parse_args()
    if not shutil.which("npm"):
        sys.exit("npm is not installed: there is nothing to measure against")
    work = args.work.resolve() / "js"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    generate(work / "repo", args.packages)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=work / "repo", check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    commit = "git init -q . && git add -A && git -c user.name=b -c user.email=b@localhost commit -qm bench"
    subprocess.run(commit, cwd=work / "repo", shell=True, check=True)
    local = "node_modules/.bin"
    tsc = "for d in packages/*; do (cd $d && ../../node_modules/.bin/tsc -p .) || exit; done"
    tools = [Tool("tsc", ["sh", "-c", tsc], work, args.bin.resolve()),
             Tool("lage", [f"{local}/lage", "build", "--concurrency", "2"], work, args.bin.resolve()),
             Tool("turbo", [f"{local}/turbo", "run", "build", "--concurrency=2", "--no-daemon"], work, args.bin.resolve()),
             Tool("bxl", [str(args.bin.resolve() / "bxl"), "-j2", "-c", "package.json"], work, args.bin.resolve())]
    tools = [tool for tool in tools if tool.name in args.tools.split(",")]
    scenarios = [scenario for scenario in SCENARIOS if scenario in args.scenarios.split(",")]
    for tool in tools:
        shutil.copytree(work / "repo", tool.dir, symlinks=True)
    args.rows.mkdir(exist_ok=True)
    path = args.rows / f"js-{time.strftime('%Y%m%d-%H%M%S')}.tsv"
    rows = []
    with open(path, "w") as out:
        print(f"# {os.cpu_count()} processors; {VERSIONS}; {args.packages} packages", file=out)
        print("round\tscenario\ttool\tcpu\twall\tran", file=out)
        for round_number in range(1, args.rounds + 1):
            for scenario in scenarios:
                for tool in tools if round_number % 2 else tools[::-1]:
                    if tool.name == "tsc" and scenario != "cold":
                        continue
                    prepare(tool, scenario, args.packages, round_number)
                    cpu, wall, ran = tool.build()
                    rows.append((scenario, tool.name, cpu, wall, ran))
                    print(f"{round_number}\t{scenario}\t{tool.name}\t{cpu:.3f}\t{wall:.3f}\t{ran}", file=out, flush=True)
    names = [tool.name for tool in tools]
    print(f"\nCPU seconds (wall seconds), medians of {args.rounds}\n{'':17}" + "".join(f"{name:>20}" for name in names))
    for scenario in scenarios:
        cells = []
        for name in names:
            found = [row for row in rows if row[:2] == (scenario, name)]
            cell = f"{statistics.median(r[2] for r in found):.3f} ({statistics.median(r[3] for r in found):.2f})" if found else ""
            cells.append(f"{cell:>20}")
        ran = sorted({row[4] for row in rows if row[:2] == (scenario, "bxl")})
        print(f"{scenario:17}" + "".join(cells) + f"   bxl ran {', '.join(map(str, ran))}")
    print(f"\nrows: {path}")


if __name__ == "__main__":
    main()
