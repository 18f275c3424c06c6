#!/usr/bin/env python3
"""Prints which share of the lines of each module of lib/ was executed, from the counters in a build directory.

    coverage.py BUILD-DIR [--uncovered MODULE]     also lists the lines of one module that never ran
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def counters_of(data_file):
    """[(path below lib/, line, count)] of one .gcda file."""
    with tempfile.TemporaryDirectory() as scratch:
        text = subprocess.run(["gcov", "--json-format", "--stdout", data_file], cwd=scratch, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True).stdout
    found = []
    for document in filter(None, text.splitlines()):
        for file in json.loads(document)["files"]:
            path = pathlib.Path(file["file"])
            if not path.is_absolute():
                path = ROOT / path
            try:
                path = path.resolve().relative_to(ROOT / "lib")
            except ValueError:
                continue
            found += [(str(path), line["line_number"], line["count"]) for line in file["lines"]]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--uncovered", metavar="MODULE")
    args = parser.parse_args()
    lines = collections.Counter()
    data_files = [str(path.resolve()) for path in args.build.rglob("*.gcda")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(counters_of, data_files):
            for path, line, count in found:
                lines[path, line] += count

    modules = collections.defaultdict(lambda: [0, 0])
    for (path, line), count in lines.items():
        for name in (path.split("/")[0], "all of lib"):
            modules[name][0] += count > 0
            modules[name][1] += 1
    for name, (hit, total) in sorted(modules.items(), key=lambda item: (item[0] == "all of lib", item[0])):
        print(f"{name:14} {hit:6} of {total:6} lines  {100 * hit / total:5.1f} %")
    if args.uncovered:
        for (path, line), count in sorted(lines.items()):
            if count == 0 and path.split("/")[0] == args.uncovered:
                print(f"lib/{path}:{line}")


if __name__ == "__main__":
    main()
