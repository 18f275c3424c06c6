#!/usr/bin/env python3
"""End-to-end scenarios over the command line: build, change, build again, compare with from scratch.

Exit codes: 0 all passed, 1 some did not, 2 cannot start.
"""
import argparse
import concurrent.futures
import fnmatch
import importlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from harness import processes  # noqa: E402
from harness.scenario import REGISTRY, Broken, Mismatch, Skip  # noqa: E402
from harness.workspace import NOBODY, Workspace  # noqa: E402

TOOLS = ("bxl-graph", "bxl-plan", "bxl-exec", "bxl-cache", "bxl-materialize")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-j", dest="jobs", type=int, default=2, help="scenarios at once (2)")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN",
                        help="scenarios or files whose name contains or matches PATTERN")
    parser.add_argument("--bxl", help="the wrapper (default: $BXL_BIN/bxl, else build/bin/bxl)")
    parser.add_argument("--keep", action="store_true", help="keep the directories of failures")
    parser.add_argument("--quick", action="store_true", help="one variant of each scenario")
    parser.add_argument("--list", action="store_true", help="print the scenarios and stop")
    parser.add_argument("--outputs-only", dest="check_ran", action="store_false",
                        help="do not check which pips ran, only what they left")
    parser.add_argument("--stand-in", action="store_true",
                        help="from-scratch runs by the stand-in even where ninja is installed")
    return parser.parse_args()


def find_bxl(options):
    if options.bxl:
        return os.path.abspath(options.bxl)
    directory = os.environ.get("BXL_BIN") or HERE.parents[1] / "build" / "bin"
    return os.path.abspath(os.path.join(directory, "bxl"))


def load():
    for file in sorted((HERE / "scenarios").glob("*.py")):
        importlib.import_module(f"scenarios.{file.stem}")


def wanted(scenario, patterns):
    names = (scenario.name, scenario.module.rsplit(".", 1)[-1])
    return not patterns or any(p in n or fnmatch.fnmatch(n, p) for p in patterns for n in names)


def nobody_can_run(bxl):
    """Can the account the unprivileged scenarios use execute the tools?"""
    if os.geteuid() != 0:
        return True
    if not shutil.which("setpriv"):
        return False
    return subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                           "test", "-x", bxl], check=False).returncode == 0


def run_one(scenario, variant, bxl, options, truths):
    """(word, detail) of one variant."""
    if scenario.missing():
        return "skip", "needs " + ", ".join(scenario.missing())
    if scenario.unprivileged and not nobody_can_run(bxl):
        return "skip", "runs as root and nobody cannot reach the tools"
    base = os.path.realpath(tempfile.mkdtemp(prefix="bxl-e2e-"))
    os.chmod(base, 0o755)
    word, detail = "ok", ""
    try:
        workspace = Workspace(base, variant, bxl, options, truths, scenario.unprivileged)
        scenario.function(workspace)
    except Skip as reason:
        word, detail = "skip", str(reason)
    except Mismatch as error:
        word, detail = "FAIL", str(error)
    except Broken as error:
        word, detail = "BROKEN", str(error)
    except Exception:  # pylint: disable=broad-except
        word, detail = "BROKEN", traceback.format_exc()
    processes.end_below(base)
    if options.keep and word in ("FAIL", "BROKEN"):
        detail += f"\n  kept: {base}"
    else:
        remove(base)
    return word, detail


def remove(base):
    """Removes a tree in which a scenario may have taken permissions away."""
    def retry(function, path, _):
        try:
            if path != base:  # what holds it is not ours: it once made /tmp private
                os.chmod(os.path.dirname(path), 0o700)
            os.chmod(path, 0o700)
            function(path)
        except OSError:
            pass
    shutil.rmtree(base, onerror=retry)


def main():
    options = parse()
    # Started in the background of a script we ignore SIGINT, and so would every build.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    load()
    chosen = [s for s in REGISTRY if wanted(s, options.only)]
    if options.list:
        for s in chosen:
            print(f"{s.module.rsplit('.', 1)[-1]:14} {s.name:44} {s.rule}")
        return 0
    bxl = find_bxl(options)
    if not os.access(bxl, os.X_OK):
        print(f"run.py: no bxl at {bxl}: build it, or say where with --bxl", file=sys.stderr)
        return 2
    absent = [t for t in TOOLS if not os.access(os.path.join(os.path.dirname(bxl), t), os.X_OK)]
    if absent and options.check_ran:
        print(f"run.py: {', '.join(absent)} not beside {bxl}", file=sys.stderr)
        return 2
    jobs = [(s, v) for s in sorted(chosen, key=lambda s: not s.slow)
            for v in (s.variants[:1] if options.quick else s.variants)]
    if not jobs:
        print("run.py: no scenario matches", file=sys.stderr)
        return 2
    truths = {s.name: {} for s in chosen}
    counts = {"ok": 0, "FAIL": 0, "BROKEN": 0, "skip": 0}
    lock = threading.Lock()
    started = time.monotonic()

    def work(job):
        scenario, variant = job
        begin = time.monotonic()
        word, detail = run_one(scenario, variant, bxl, options, truths[scenario.name])
        with lock:
            counts[word] += 1
            reason = f"  ({detail})" if word == "skip" else ""
            print(f"{word:6} {scenario.name} [{variant}] {time.monotonic() - begin:.2f}s{reason}",
                  flush=True)
            if word in ("FAIL", "BROKEN"):
                print(f"       {scenario.rule}: " + " ".join(scenario.function.__doc__.split()))
                print("       " + detail.rstrip().replace("\n", "\n       "), flush=True)

    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        list(pool.map(work, jobs))
    failed = counts["FAIL"] + counts["BROKEN"]
    print(f"e2e: {counts['ok']} passed, {failed} failed, {counts['skip']} skipped; "
          f"{time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
