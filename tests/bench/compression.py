#!/usr/bin/env python3
"""What compressed blobs cost and save: builds leveldb with debug information into two caches, one of them compressing.

    ./dev bench compression [--rounds 5]

In each round both build from nothing, then replay all outputs three times, in turn. Rows (CPU and wall seconds, bytes of the
cache on disk) are kept as tab-separated text in bench-out/; the table shows medians.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time

import bench


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", nargs="?", default="leveldb", choices=["leveldb", "hello"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--bin", type=pathlib.Path, default=bench.ROOT / "build/bin")
    parser.add_argument("--work", type=pathlib.Path, default=bench.ROOT / "build/bench")
    parser.add_argument("--rows", type=pathlib.Path, default=bench.ROOT / "bench-out")
    args = parser.parse_args()
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    tree, flags, _ = bench.project_named(args.project, work)
    tools = args.bin.resolve()
    kinds = {name: bench.Tool(name, [str(tools / "bxl")], work, tree, [*flags, "-DCMAKE_BUILD_TYPE=RelWithDebInfo"])
             for name in ("plain", "packed")}

    def cache(tool, *arguments):
        done = subprocess.run([str(tools / "bxl-cache"), *arguments], stdout=subprocess.PIPE, check=True, env=tool.environment)
        return done.stdout

    args.rows.mkdir(exist_ok=True)
    path = args.rows / f"compression-{args.project}-{time.strftime('%Y%m%d-%H%M%S')}.tsv"
    rows = []
    with open(path, "w", encoding="utf-8") as out:
        print("round\tscenario\tcache\tcpu\twall\tbytes", file=out)
        for number in range(1, args.rounds + 1):
            for scenario in ("cold", "outputs deleted", "outputs deleted", "outputs deleted"):
                for name in sorted(kinds, reverse=number % 2 == 0):
                    tool = kinds[name]
                    if scenario == "cold":
                        tool.forget_everything()
                        cache(tool, "compress", "on" if name == "packed" else "off", "-q")
                    else:
                        tool.clean_outputs()
                    cpu, wall, _ = tool.build(args.jobs)
                    size = json.loads(cache(tool, "stats", "--json"))["bytes"]
                    rows.append({"scenario": scenario, "cache": name, "cpu": cpu, "wall": wall, "bytes": size})
                    print(f"{number}\t{scenario}\t{name}\t{cpu:.3f}\t{wall:.3f}\t{size}", file=out, flush=True)
    print(f"{args.project} with debug information, {args.rounds} rounds, {args.jobs} jobs: medians of CPU (wall) seconds, bytes on disk")
    for name in kinds:
        cells = []
        for scenario in ("cold", "outputs deleted"):
            cpu, wall = (statistics.median(r[c] for r in rows if r["scenario"] == scenario and r["cache"] == name)
                         for c in ("cpu", "wall"))
            cells.append(f"{scenario} {cpu:.3f} ({wall:.3f})")
        size = statistics.median(r["bytes"] for r in rows if r["cache"] == name)
        print(f"  {name:7} {'; '.join(cells)}; {size / 1e6:.1f} MB")
    print(f"rows: {path}")


if __name__ == "__main__":
    main()
