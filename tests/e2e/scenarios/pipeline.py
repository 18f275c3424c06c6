"""Each tool alone: streams in files, stored plans, damaged streams, slow and dead readers, terminals."""
import os
import pty
import random
import select
import subprocess

from harness import processes, tree
from harness.ninja import edge
from harness.scenario import scenario

ONE = {"state": ("kept",), "jobs": (2,)}


def sources(t, count=3):
    t.files({f"s{i}": f"{i}\n" for i in range(count)})
    t.ninja(*(edge(f"o{i}", f"cat s{i} > o{i}", f"s{i}") for i in range(count)),
            edge("all", "cat " + " ".join(f"o{i}" for i in range(count)) + " > all",
                 " ".join(f"o{i}" for i in range(count))))
    return {f"o{i}" for i in range(count)} | {"all"}


def stream(t, name):
    return f"{t.base}/{name}.stream"


def plan(t):
    """graph and plan into files."""
    t.tool("bxl-graph", "--out", stream(t, "graph"))
    t.tool("bxl-plan", "--in", stream(t, "graph"), "--out", stream(t, "plan"))


def execute(t, check=0):
    return t.tool("bxl-exec", "--in", stream(t, "plan"), "--out", stream(t, "results"), check=check)


def finish(t):
    """publish and materialize from the results file."""
    t.tool("bxl-cache", "publish", "--in", stream(t, "results"), "--out", stream(t, "published"))
    t.tool("bxl-materialize", "--in", stream(t, "published"))


@scenario("streams", state=("kept",))
def each_stage_works_from_files(t):
    """graph > g; plan < g > p; exec --in p --out r; publish --in r; materialize: the same as bxl build."""
    outputs = sources(t)
    plan(t)
    t.expect(not set(tree.snapshot(t.root)) & outputs, "bxl-graph or bxl-plan made outputs")
    execute(t)
    finish(t)
    t.noop(clean=4)
    t.outputs_remove(*outputs)
    t.noop(hit=4)


@scenario("streams", **ONE)
def stages_read_stdin_and_write_stdout(t):
    """The same with pipes, and results replayed a second time."""
    sources(t)
    graph = t.tool("bxl-graph").stdout
    planned = t.tool("bxl-plan", stdin=graph).stdout
    results = t.tool("bxl-exec", stdin=planned).stdout
    published = t.tool("bxl-cache", "publish", stdin=results).stdout
    t.tool("bxl-materialize", stdin=published)
    t.tool("bxl-cache", "publish", stdin=results, check=None)
    t.noop(clean=4)


@scenario("streams", **ONE)
def same_input_same_graph_bytes(t):
    """Two runs of bxl-graph over the same files write the same bytes."""
    sources(t)
    t.expect(t.tool("bxl-graph").stdout == t.tool("bxl-graph").stdout, "the graphs differ")


@scenario("streams", **ONE)
def streams_can_be_shown(t):
    """show prints any stream as text: a graph and results name their pips or outputs."""
    sources(t)
    plan(t)
    execute(t)
    for name, tool in (("graph", "bxl-graph"), ("plan", "bxl-plan"), ("results", "bxl-exec")):
        text = t.tool(tool, "show", "--in", stream(t, name)).stdout
        t.expect(b"\0" not in text and len(text) > 20, f"{tool} show prints {text[:40]!r}")
        if name != "plan":  # its misses are numbers in the graph
            t.expect(b"o1" in text, f"{tool} show does not name o1")


@scenario("rule 3", state=("kept",))
def stored_plan_is_right_or_refused_after_an_edit(t):
    """Plan with hits and clean pips; then the sources change; then bxl-exec runs the plan."""
    outputs = sources(t)
    t.build(ran=outputs)
    t.write("s0", "branch\n")
    t.build(ran={"o0", "all"})
    t.write("s0", "0\n")
    plan(t)
    t.write("s0", "branch\n")
    t.write("s1", "branch too\n")
    done = execute(t, check=None)
    if done.returncode == 0:
        finish(t)
        want = t.from_scratch((), {}, ())
        lines = tree.differences(tree.snapshot(t.root), want)
        t.expect(not lines, "the stored plan left: " + "; ".join(lines))
        t.noop()
    else:
        t.expect(done.stderr.strip(), f"exit {done.returncode} without a sentence")
        t.build(failed=0)
    t.noop()


@scenario("rule 3", state=("kept",))
def stored_plan_after_an_undeclared_file_appeared(t):
    """The plan's hit rests on an absent probe that no longer holds."""
    t.write("in", "1\n")
    t.ninja(edge("out", "test -f opt && echo yes > out || cat in > out", "in"))
    t.build(ran={"out"})
    t.outputs_remove("out")
    plan(t)
    t.write("opt", "")
    done = execute(t, check=None)
    if done.returncode == 0:
        finish(t)
        t.expect(t.read("out") == "yes\n", f"out is {t.read('out')!r}")
    else:
        t.expect(done.stderr.strip(), f"exit {done.returncode} without a sentence")
    t.build(failed=0)
    t.noop()


@scenario("rule 3", **ONE)
def plan_that_was_carried_out_already(t):
    """A plan executed, sources edited and built, then the old plan again: never the old outputs."""
    sources(t)
    plan(t)
    execute(t)
    finish(t)
    t.write("s0", "new\n")
    t.build(ran={"o0", "all"})
    done = execute(t, check=None)
    if done.returncode:
        t.expect(done.stderr.strip(), f"exit {done.returncode} without a sentence")
    else:
        finish(t)
    t.build(failed=0)
    t.noop()


@scenario("rule 3", **ONE)
def plan_of_another_workspace_is_refused(t):
    """A plan names its root; carried to another directory it does nothing there."""
    sources(t)
    plan(t)
    other = f"{t.base}/other"
    os.makedirs(other)
    done = subprocess.run([f"{t.bin}/bxl-exec", *t.common(other), "--in", stream(t, "plan")],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env=t._environment({}), cwd=t.base)
    t.expect(not os.path.exists(f"{other}/o0"), "outputs appeared in the other directory")
    t.expect(done.returncode == 0 or done.stderr.strip(), "no sentence")
    t.build(failed=0)


@scenario("rule 6", **ONE)
def exec_without_materialize_is_recorded(t):
    """The pipeline ends after bxl-exec: the next build knows what it made and is right."""
    outputs = sources(t)
    plan(t)
    execute(t)
    t.write("s1", "new\n")
    t.build(ran={"o1", "all"}, may=outputs)
    t.noop()


CHATTY = 200


def chatty(t):
    """More results than a pipe holds: every command says two thousand bytes."""
    t.files({f"s{i}": f"{i}\n" for i in range(CHATTY)})
    t.ninja(*(edge(f"o{i}", f"cat s{i} > o{i}; head -c 2000 /dev/zero | tr '\\0' x; echo",
                   f"s{i}") for i in range(CHATTY)))


def start_exec(t):
    """bxl-exec with its results in a pipe; what commands say goes to a file that never fills."""
    with open(f"{t.base}/exec.log", "wb") as log:
        return subprocess.Popen([f"{t.bin}/bxl-exec", *t.common(), "--in", stream(t, "plan")],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                env=t._environment({}), cwd=t.base, start_new_session=True)


@scenario("rule 23", slow=True, **ONE)
def slow_reader_stalls_no_command(t):
    """Nobody reads the results until all commands have ended; then every result arrives."""
    chatty(t)
    plan(t)
    build = start_exec(t)
    processes.wait_until(lambda: all(os.path.exists(t.path(f"o{i}")) for i in range(CHATTY)),
                         "all commands ran although nobody reads their results")
    results, _ = build.communicate(timeout=60)
    t.expect(build.returncode == 0, f"bxl-exec exits {build.returncode}")
    published = t.tool("bxl-cache", "publish", stdin=results).stdout
    t.tool("bxl-materialize", stdin=published)
    t.noop(clean=CHATTY)


@scenario("rule 23", slow=True, **ONE)
def dead_reader_loses_no_work(t):
    """The reader goes away: every command still runs, exit 8, and the next build is right."""
    chatty(t)
    plan(t)
    build = start_exec(t)
    build.stdout.read(100)
    build.stdout.close()
    build.wait(timeout=120)
    t.expect(build.returncode == 8, f"bxl-exec exits {build.returncode}")
    missing = [i for i in range(CHATTY) if not os.path.exists(t.path(f"o{i}"))]
    t.expect(not missing, f"{len(missing)} commands were not run")
    t.build(failed=0)
    t.noop()


READERS = (("graph", ["bxl-plan"]), ("plan", ["bxl-exec"]), ("results", ["bxl-cache", "publish"]),
           ("results", ["bxl-materialize"]))


def refuses(t, command, data, what):
    done = t.tool(*command, stdin=data, check=None)
    sentence = done.stderr.decode(errors="replace").strip()
    t.expect(done.returncode == 8, f"{' '.join(command)} exits {done.returncode} for {what}: "
             + sentence[-300:])
    t.expect(sentence, f"{' '.join(command)} says nothing about {what}")


def recorded(t):
    """A finished build's streams, by name."""
    sources(t)
    plan(t)
    execute(t)
    finish(t)
    t.noop()
    streams = {}
    for name in ("graph", "plan", "results"):
        with open(stream(t, name), "rb") as file:
            streams[name] = file.read()
    return streams


@scenario("damage", slow=True, **ONE)
def flipped_byte_is_refused(t):
    """One byte changed anywhere in a stream: exit 8 and a sentence; the workspace stays right."""
    streams = recorded(t)
    dice = random.Random(1)
    for name, command in READERS:
        data = streams[name]
        for position in sorted({0, len(data) - 1, *(dice.randrange(len(data)) for _ in range(48))}):
            damaged = bytearray(data)
            damaged[position] ^= 1 << dice.randrange(8)
            refuses(t, command, bytes(damaged), f"byte {position} of {len(data)} flipped")
    t.build(failed=0)
    t.noop()


@scenario("damage", slow=True, **ONE)
def cut_stream_is_refused(t):
    """A stream that ends early anywhere, also at a record's end, is incomplete: exit 8."""
    streams = recorded(t)
    dice = random.Random(2)
    for name, command in READERS:
        data = streams[name]
        for length in sorted({0, len(data) - 1, *(dice.randrange(len(data)) for _ in range(48))}):
            refuses(t, command, data[:length], f"the first {length} of {len(data)} bytes")
    t.build(failed=0)
    t.noop()


@scenario("damage", **ONE)
def stream_of_the_wrong_kind_is_refused(t):
    """Every tool names what it got instead; text and garbage are refused alike."""
    streams = recorded(t)
    for name, command in READERS:
        for other, data in streams.items():
            if other != name:
                refuses(t, command, data, f"a {other} stream")
        refuses(t, command, b"#!/bin/sh\necho hello\n" * 100, "text")
        refuses(t, command, os.urandom(5000), "garbage")
    t.noop()


@scenario("damage", **ONE)
def stream_cut_in_the_pipeline_is_a_failure(t):
    """A stage dies: the ones behind it report an incomplete stream, never a short success."""
    streams = recorded(t)
    t.write("s0", "new\n")
    plan(t)
    with open(stream(t, "plan"), "rb") as file:
        data = file.read()
    refuses(t, ["bxl-exec"], data[:-1], "a plan without its last byte")
    refuses(t, ["bxl-plan"], streams["graph"][:-16], "a graph without its end")
    t.build(ran={"o0", "all"})


@scenario("terminal", **ONE)
def binary_is_refused_on_a_terminal(t):
    """bxl-graph and bxl-plan with a terminal as stdout write a sentence, not bytes."""
    sources(t)
    plan(t)
    for command in (["bxl-graph"], ["bxl-plan", "--in", stream(t, "graph")]):
        master, slave = pty.openpty()
        child = subprocess.Popen([f"{t.bin}/{command[0]}", *command[1:], *t.common()],
                                 stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, cwd=t.base,
                                 env=t._environment({}), start_new_session=True)
        os.close(slave)
        text = b""
        while select.select([master], [], [], 30)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            text += piece
        os.close(master)
        code = child.wait(timeout=30)
        t.expect(code == 2, f"{command[0]} exits {code} on a terminal")
        t.expect(text.strip() and b"\0" not in text, f"{command[0]} writes {text[:60]!r}")


@scenario("terminal", **ONE)
def waiting_for_a_terminal_is_refused(t):
    """bxl-plan with a terminal as stdin says what to do instead of waiting for ever."""
    sources(t)
    master, slave = pty.openpty()
    done = subprocess.run([f"{t.bin}/bxl-plan", *t.common()], stdin=slave, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=t._environment({}), cwd=t.base, timeout=30,
                          check=False, start_new_session=True)
    os.close(slave)
    os.close(master)
    t.expect(done.returncode == 2 and done.stderr.strip(), f"exit {done.returncode}")
