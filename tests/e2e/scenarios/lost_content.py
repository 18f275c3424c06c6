"""Content that the cache lost, in every way and at every moment: made again in the same build, by who made it."""
import os
import shutil
import sqlite3

from harness import tree
from harness.ninja import NAP, edge
from harness.scenario import scenario

# base -> mid (two outputs, some text) -> end; other stands apart.
CONTENT = {"base": b"base\n", "mid": b"base\nmid\n", "side": b"sidebase\n", "end": b"base\nmid\nend\n",
           "other": b"other\n"}
PRINTED = b"mid was made\n"
PIPS = {"base", "mid", "end", "other"}


def project(t, *more, end=edge("end", "cat mid end.in > end", "mid end.in"), ran=()):
    t.files({"base.in": "base\n", "mid.in": "mid\n", "end.in": "end\n", "other.in": "other\n"})
    t.ninja(*more, edge("base", "cat base.in > base", "base.in"),
            edge("mid side", "cat base mid.in > mid; printf side | cat - base > side; echo mid was made",
                 "base mid.in"),
            end, edge("other", "cat other.in > other", "other.in"))
    t.build(ran={*PIPS, *ran})


def blobs(cache, *contents):
    """Files of the store with one of these contents."""
    found = []
    for directory, _, files in os.walk(os.path.join(cache, "objects")):
        found += [p for p in (os.path.join(directory, name) for name in files) if tree.entry(p)[1] in contents]
    return found


def change(path, action):
    os.chmod(path, 0o644)
    with open(path, "r+b") as file:
        action(file, os.path.getsize(path))


def truncate(file, size):
    file.truncate(size // 2)


def flip(file, size):
    file.seek(size // 2)
    byte = file.read(1)
    file.seek(size // 2)
    file.write(bytes([byte[0] ^ 0x55]))


def empty(file, _):
    file.truncate(0)


def execute(cache, *statements):
    database = sqlite3.connect(os.path.join(cache, "metadata.sqlite"))
    with database:
        for statement in statements:
            database.execute(statement)
    database.close()


def remove_store(cache):
    shutil.rmtree(os.path.join(cache, "objects"))


def remove_database(cache):
    for name in os.listdir(cache):
        if name.startswith("metadata.sqlite"):
            os.remove(os.path.join(cache, name))


def of_blob(action, *contents):
    def lose(cache):
        found = blobs(cache, *contents)
        assert found, f"no blob of {contents} in {cache}"
        for path in found:
            action(path) if action is os.remove else change(path, action)
    return lose


MID, SIDE, BASE, END = (CONTENT[name] for name in ("mid", "side", "base", "end"))

# name: (what happens to the cache, the pips that have to run for it)
BLOBS = {
    "missing": (of_blob(os.remove, MID), {"mid"}),
    "truncated": (of_blob(truncate, MID), {"mid"}),
    "emptied": (of_blob(empty, MID), {"mid"}),
    "damaged": (of_blob(flip, MID), {"mid"}),
    "second output missing": (of_blob(os.remove, SIDE), {"mid"}),
    "second output damaged": (of_blob(flip, SIDE), {"mid"}),
    "both outputs damaged": (of_blob(flip, MID, SIDE), {"mid"}),
    "text missing": (of_blob(os.remove, PRINTED), {"mid"}),
    "chain missing": (of_blob(os.remove, BASE, MID, END), {"base", "mid", "end"}),
    "chain damaged": (of_blob(flip, BASE, MID, END), {"base", "mid", "end"}),
    "first and last missing": (of_blob(os.remove, BASE, END), {"base", "end"}),
    "store removed": (remove_store, PIPS),
    "cache removed": (shutil.rmtree, PIPS),
}
# Without metadata the workspace state is enough to replay, but for results it does not know.
ROWS = {
    "entry lost": lambda cache: execute(cache, "DELETE FROM entries WHERE stable_id = '%build%/mid'"),
    "path sets lost": lambda cache: execute(cache, "DELETE FROM path_sets"),
    "entry damaged": lambda cache: execute(
        cache, "UPDATE entries SET entry = CAST(replace(entry, x'6d6964', x'6d6965') AS BLOB)"),
    "database removed": remove_database,
}


def remove_outputs(t):
    t.outputs_remove(*(name for name in CONTENT if t.exists(name)))


def healed(t, name):
    """After the build: everything is there, clean, and the cache can replay all of it."""
    for path, content in CONTENT.items():
        t.expect(tree.entry(t.path(path))[1] == content, f"{name}: {path} is {tree.entry(t.path(path))}")
    t.noop(clean=4)
    remove_outputs(t)
    t.noop(hit=4)


def hook(t, stage, once):
    """A directory of tools in which `stage` waits for its whole input, and runs the shell command `once` first."""
    directory = f"{t.base}/hooked-{stage}"
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    for name in os.listdir(t.bin):
        if name.startswith("bxl") or name.startswith("libbxl"):
            os.symlink(os.path.join(t.bin, name), os.path.join(directory, name))
    path = os.path.join(directory, stage)
    os.remove(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""#!/bin/bash
[[ $1 == summary || -e {directory}/done ]] && exec {t.bin}/{stage} "$@"
cat >{directory}/input
: >{directory}/done
{once}
exec {t.bin}/{stage} "$@" <{directory}/input
""")
    os.chmod(path, 0o755)
    return {"BXL_BIN": directory}


def between(t, stage, lose):
    """The environment of a build during which `lose` happens after the stage before `stage` has ended."""
    ready, go = f"{t.base}/ready", f"{t.base}/go"
    for path in (ready, go):
        if os.path.exists(path):
            os.remove(path)
    return hook(t, stage, f": >{ready}; while [[ ! -e {go} ]]; do read -t 0.02 <> <(:); done"), ready, go


def build_losing(t, stage, lose, **expected):
    """Builds; when `stage` has all its input, and before it does anything, the cache suffers."""
    env, ready, go = between(t, stage, lose)
    running = t.start(env=env)
    while not os.path.exists(ready) and running.process.poll() is None:
        os.sched_yield()
    t.expect(os.path.exists(ready), f"{stage} never came to its turn")
    lose(t.cache)
    with open(go, "w", encoding="utf-8"):
        pass
    return running.finish(silent_on=("error",), **expected)


@scenario("rule 11: before plan", jobs=(2,), state=("kept",))
def content_lost_before_the_plan(t):
    """Every kind of loss, then a build: who made it runs, all others are replayed."""
    project(t)
    for name, (lose, ran) in BLOBS.items():
        remove_outputs(t)
        lose(t.cache)
        t.build(ran=ran, hit=4 - len(ran), failed=0, silent_on=("error",))
        healed(t, name)
    for name, lose in ROWS.items():
        remove_outputs(t)
        lose(t.cache)
        t.build(ran=(), hit=4, silent_on=("error",))  # by the workspace state
        t.forget_state()
        remove_outputs(t)
        t.build(ran=(), may=PIPS, failed=0, silent_on=("error",))
        healed(t, name)


@scenario("rule 11: between plan and exec", jobs=(2,), state=("kept",))
def content_lost_between_plan_and_exec(t):
    """The plan says hit, and bxl-exec finds the content gone: it looks up again and runs the producer."""
    project(t)
    for name, (lose, ran) in BLOBS.items():
        remove_outputs(t)
        build_losing(t, "bxl-exec", lose, ran=ran, hit=4 - len(ran), failed=0)
        healed(t, name)
    for name, lose in ROWS.items():
        remove_outputs(t)
        build_losing(t, "bxl-exec", lose, ran=(), hit=4)
        healed(t, name)


@scenario("rule 11: between exec and materialize", jobs=(2,), state=("kept",))
def content_lost_between_exec_and_materialize(t):
    """bxl-materialize finds the content gone: nothing of that result is written, and the stages run once more."""
    project(t)
    for name, (lose, ran) in BLOBS.items():
        remove_outputs(t)
        build_losing(t, "bxl-materialize", lose, ran=() if name == "text missing" else ran,
                     may=ran, failed=0)
        if name == "text missing":  # it was printed before it was lost
            remove_outputs(t)
            t.build(ran=ran, hit=3)
        healed(t, name)
    for name, lose in ROWS.items():
        t.forget_state()
        remove_outputs(t)
        build_losing(t, "bxl-materialize", lose, ran=(), may=PIPS, failed=0)
        t.build(ran=(), may=PIPS, failed=0, silent_on=("error",))
        healed(t, name)


@scenario("rule 11: stage by stage", jobs=(2,), state=("kept",))
def content_lost_between_stages_run_by_hand(t):
    """Streams in files, the cache damaged after each stage: right, or exit 6 and right when called again."""
    project(t)
    for name, (lose, ran) in BLOBS.items():
        for moment in ("plan", "exec"):
            remove_outputs(t)
            t.tool("bxl-graph", "--out", f"{t.base}/g")
            t.tool("bxl-plan", "--in", f"{t.base}/g", "--out", f"{t.base}/p")
            if moment == "plan":
                lose(t.cache)
            t.tool("bxl-exec", "--in", f"{t.base}/p", "--out", f"{t.base}/r")
            if moment == "exec":
                lose(t.cache)
            t.tool("bxl-cache", "publish", "--in", f"{t.base}/r", "--out", f"{t.base}/q")
            done = t.tool("bxl-materialize", "--in", f"{t.base}/q", check=None)
            if name != "text missing" and (moment == "exec" or "damaged" in name):
                t.expect(done.returncode == 6 and b"again" in done.stderr, f"{name}: {done}")
                for path, content in CONTENT.items():  # no half of a result
                    have = tree.entry(t.path(path))
                    t.expect(have is None or have[1] == content, f"{name}: {path} is {have}")
                t.expect(t.exists("mid") == t.exists("side"), f"{name}: half of mid is on disk")
            else:
                t.expect(done.returncode == 0, f"{name}: exit {done.returncode}: {done.stderr}")
                remove_outputs(t)
            t.build(ran=(), may=ran, failed=0, silent_on=("error",))
            healed(t, name)


@scenario("rule 11: during exec", jobs=(2,), state=("kept",))
def content_lost_while_commands_run(t):
    """end runs and needs mid, which lies in the cache alone; its content goes while something else runs."""
    t.write("slow.in", "0\n")
    project(t, edge("slow", f"{NAP}; cat slow.in > slow", "slow.in"), ran={"slow"},
            end=edge("end", "cat slow mid end.in > end", "mid end.in slow"))
    end = CONTENT["end"]
    for number, (name, (lose, ran)) in enumerate(BLOBS.items()):
        remove_outputs(t)
        t.write("slow.in", f"{number + 1}\n")
        running = t.start(args=("--lazy=minimal",))
        running.wait_for_nap()
        # The content of end is another each time.
        if name.startswith(("chain", "first")):
            lose = of_blob(os.remove if "missing" in name else flip, BASE, *(MID,) * name.startswith("chain"))
        lose(t.cache)
        running.finish(ran={"slow", "end"}, may=ran, failed=0, check=False, silent_on=("error",))
        t.build(ran=(), may=PIPS, failed=0, silent_on=("error",))
        t.expect(t.read("end") == f"{number + 1}\n" + end.decode(), f"{name}: end is {t.read('end')!r}")
        remove_outputs(t)  # what is on disk need not be in the store: now it is
        t.build(ran=(), may=PIPS, failed=0)


@scenario("rule 11: nondeterminism", jobs=(2,), state=("kept",))
def lost_content_that_comes_out_otherwise(t):
    """mid is another each time it runs: who was replayed from the old one is looked up again, in the same build."""
    t.files({"in": "1\n", "late.in": "1\n"})
    t.ninja(edge("mid", "cat in > mid; date +%s%N >> mid", "in"),
            edge("early", "cat mid > early", "mid"),
            edge("last", "cat early > last", "early"),
            edge("late", "cat mid late.in > late", "mid late.in"))
    t.build(ran={"mid", "early", "last", "late"}, check=False)
    content = t.read("mid").encode()

    def lose(action):
        of_blob(action, content)(t.cache)

    def right():
        mid = t.read("mid")
        t.expect(mid.encode() != content, "mid is as before")
        t.expect(t.read("early") == mid and t.read("last") == mid, "early or last rest on an older mid")
        t.expect(t.read("late").startswith(mid), "late rests on an older mid")

    # Seen by bxl-exec, when late is about to run: early and last were hits by then.
    t.outputs_remove("mid", "early", "last", "late")
    t.write("late.in", "2\n")
    lose(flip)
    t.build(ran={"mid", "early", "last", "late"}, check=False)
    right()
    t.noop(check=False, clean=4)
    # Seen by bxl-materialize.
    content = t.read("mid").encode()
    t.outputs_remove("mid", "early", "last", "late")
    lose(flip)
    t.build(ran={"mid", "early", "last", "late"}, check=False)
    right()
    t.noop(check=False, clean=4)
