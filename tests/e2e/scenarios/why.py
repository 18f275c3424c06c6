"""`bxl why` names the one thing that was edited; `bxl log` tells what the builds did."""
import json
import os

from harness.ninja import cc, edge, phony
from harness.scenario import scenario

KEPT = {"state": ("kept",)}  # without `.bxl` there is nothing on record to compare with


def why(t, *names, says=(), silent_on=(), check=0):
    """Asks through the wrapper; every text of `says` must be in the answer."""
    done = t.tool("bxl", "why", *names, check=check)
    answer = (done.stdout + done.stderr).decode()
    for text in says:
        t.expect(text in answer, f"why {names} does not say {text!r}:\n{answer}")
    for text in silent_on:
        t.expect(text not in answer, f"why {names} says {text!r}:\n{answer}")
    return answer


@scenario("why", **KEPT)
def why_names_an_edited_declared_input(t):
    """Of two inputs the edited one is named, then the pip is up to date with the same explanation."""
    t.files({"a": "1\n", "b": "1\n"})
    t.ninja(edge("out", "cat a b > out", "a b"))
    t.build(ran={"out"})
    why(t, "out", says=("out ran (", "first build of it on record"))
    t.write("b", "2\n")
    t.build(ran={"out"})
    why(t, "out", says=("out ran (", "why: b changed\n"), silent_on=("why: a",))
    t.noop()
    why(t, "out", says=("out ran (", "why: b changed\n"))


@scenario("why", **KEPT)
def why_names_what_no_one_declared(t):
    """An undeclared read, a file that was looked for, and a member of a listing, one at a time."""
    t.files({"hid": "1\n", "d/a": "1\n"})
    t.ninja(edge("r", "cat hid > r"), edge("p", "test -f opt && cat opt > p || echo no > p"),
            edge("l", "ls d > l"))
    t.build(ran={"r", "p", "l"})
    t.write("hid", "2\n")
    t.build(ran={"r"})
    why(t, "r", says=("why: hid changed (read, not declared)\n",))
    why(t, "p", says=("p is up to date; it ran (", "first build"))
    t.write("opt", "x\n")
    t.build(ran={"p"})
    why(t, "p", says=("why: opt exists now (it was looked for before)\n",))
    t.write("d/new", "")
    t.build(ran={"l"})
    why(t, "l", says=("why: the listing of d gained new\n",))
    t.remove("d/a")
    t.build(ran={"l"})
    why(t, "l", says=("why: the listing of d lost a\n",))


@scenario("why", **KEPT)
def why_names_the_word_of_a_command(t):
    """One flag of many; the other words are not repeated."""
    t.write("a", "1\n")
    t.ninja(edge("out", "cat a > out; : -O1 -Wall -DY=1 -g", "a"))
    t.build(ran={"out"})
    t.ninja(edge("out", "cat a > out; : -O1 -Wall -DY=2 -g", "a"))
    t.build(ran={"out"})
    why(t, "out", says=('its command has "-DY=2" instead of "-DY=1"\n',), silent_on=("-Wall",))


@scenario("why", **KEPT)
def why_names_an_environment_variable(t):
    """By name, with both values; a secret's value is not on record."""
    t.ninja(edge("out", "echo $MODE > out"))
    names = ("MODE", "MY_TOKEN")
    t.build(ran={"out"}, env={"MODE": "fast", "MY_TOKEN": "hunter1"}, pass_env=names)
    t.build(ran={"out"}, env={"MODE": "slow", "MY_TOKEN": "hunter2"}, pass_env=names)
    why(t, "out", says=('environment variable MODE was "fast", is "slow"',
                        "environment variable MY_TOKEN was"), silent_on=("hunter",))


@scenario("why", needs=("gcc",), **KEPT)
def why_follows_a_change_to_its_source(t):
    """The program ran since an object did, and that since a header was edited."""
    t.files({"m.c": '#include "x.h"\nint main(void) { return X; }\n', "n.c": "int n;\n",
             "x.h": "#define X 1\n"})
    t.ninja(cc("m.c"), cc("n.c"), edge("app", "gcc m.o n.o -o app", "m.o n.o"))
    t.build(ran={"m.o", "n.o", "app"})
    t.write("x.h", "#define X 2\n")
    t.build(ran={"m.o", "app"})
    why(t, "app", says=("why: m.o changed; made by m.o\n",
                        "root cause: x.h changed (read, not declared) (through m.o)\n"),
        silent_on=("n.o",))
    why(t, "x.h", says=("x.h is made by no pip; used by 1 pip:\n", "m.o (read, not declared)\n"))
    why(t, "n.o", says=("n.o is up to date; it ran (",))


@scenario("why", **KEPT)
def why_of_a_replay_and_of_lost_outputs(t):
    """An undone edit is replayed for that edit; a removed output for no difference at all."""
    t.write("a", "1\n")
    t.ninja(edge("out", "cat a > out", "a"))
    t.build(ran={"out"})
    t.write("a", "2\n")
    t.build(ran={"out"})
    t.write("a", "1\n")
    t.noop(hit=1)
    why(t, "out", says=("out was replayed from the cache (", "saved", "why: a changed\n"))
    t.outputs_remove("out")
    t.noop(hit=1)
    why(t, "out", says=("outputs were missing or changed on disk and were restored",))
    t.outputs_remove("out")
    t.forget_cache()
    t.build(ran={"out"})
    why(t, "out", says=("its inputs are the same", "the cache no longer has its entry"))


@scenario("why", **KEPT)
def why_of_a_failure_and_of_its_repair(t):
    """What the failed run had read is on record, so that the repair is named."""
    t.files({"a": "1\n", "conf": "bad\n"})
    t.ninja(edge("out", "cat a > out; grep -q good conf", "a"))
    t.build(exit=1, check=False)
    why(t, "out", says=("out failed (exit code 1) (",))
    t.build(exit=1, check=False)
    why(t, "out", says=("its inputs are the same; it had failed, and failures are never cached",))
    t.write("conf", "good\n")
    t.build(ran={"out"})
    why(t, "out", says=("out ran (", "why: conf changed (read, not declared)\n"))


@scenario("why", **KEPT)
def why_of_what_is_never_cached(t):
    """A console pip says so in every build, not only in the first."""
    t.write("a", "1\n")
    t.ninja(edge("out", "cat a > out", "a", pool="console"))
    t.build(ran={"out"})
    why(t, "out", says=("not cached: it is an action: it runs each time it is asked for\n",))
    t.build(ran={"out"})
    why(t, "out", says=("its earlier result was not cached: it is an action: it runs each time it is asked for\n",))


@scenario("why", **KEPT)
def why_knows_outputs_names_and_nothing_else(t):
    """A second output leads to its pip, a phony name to its members; an unknown name is exit 2."""
    t.write("sub/a", "1\n")
    t.ninja(edge("out", "cat sub/a > out; cp out log.txt", "sub/a", side="log.txt"),
            phony("group", "out"))
    t.build(ran={"out"})
    why(t, "log.txt", says=("log.txt is made by out\n", "out ran ("))
    why(t, t.path("log.txt"), says=("is made by out\n",))
    why(t, "group", says=("group is a name for out",))
    why(t, "sub/a", says=("out (declared)\n",))
    why(t, "nothing.like.it", check=2, says=("neither a pip",))
    why(t, check=2, says=("Name a pip",))


@scenario("log", **KEPT)
def log_tells_of_the_last_builds(t):
    """Builds with nothing to do are listed too; the last one with work is told in detail."""
    t.write("a", "1\n")
    t.ninja(edge("1", "cat a > 1", "a"), edge("2", "cat 1 > 2", "1"), edge("x", "echo x > x"))
    t.build(ran={"1", "2", "x"})
    t.noop()
    t.write("a", "2\n")
    t.build(ran={"1", "2"})
    t.noop()
    lines = [json.loads(line) for line in t.tool("bxl", "log", "--json").stdout.splitlines()]
    t.expect([line["ran"] for line in lines] == [3, 0, 2, 0], f"log says {lines}")
    t.expect(len(t.tool("bxl", "log").stdout.splitlines()) == 5, "one line each and a heading")
    last = json.loads(t.tool("bxl", "log", "last", "--json").stdout)
    t.expect(last["criticalPath"] == ["1", "2"] and last["nothingToDoSince"], f"last: {last}")
    outcomes = {pip["pip"]: pip["outcome"] for pip in last["pips"]}
    t.expect(outcomes == {"1": "ran", "2": "ran", "x": "clean"}, f"outcomes {outcomes}")
    text = t.tool("bxl", "log", "last").stdout.decode()
    t.expect("2 ran, 0 from the cache, 1 up to date" in text and "critical path" in text, text)
    trace = json.loads(t.tool("bxl", "log", "trace").stdout)
    slices = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    t.expect([event["name"] for event in slices] == ["1", "2"], f"trace {slices}")
    t.expect(slices[0]["ts"] + slices[0]["dur"] <= slices[1]["ts"], f"slices overlap: {slices}")


@scenario("log", jobs=(1,), **KEPT)
def log_keeps_ten_builds(t):
    """The eleventh log displaces the first; the list goes further back."""
    t.ninja(edge("out", "cat a > out", "a"))
    for number in range(12):
        t.write("a", f"{number}\n")
        t.build(ran={"out"}, check=False)
    lines = t.tool("bxl", "log", "-v", "--json").stdout.splitlines()
    t.expect(len(lines) == 12, f"{len(lines)} lines in the list")
    names = json.loads(lines[-1])["id"]
    t.expect(t.read(f".bxl/log/{names}/summary.json").startswith('{"schema":1'), "no summary")
    why(t, "out", says=("why: a changed\n",))
    kept = [name for name in os.listdir(t.path(".bxl/log")) if name != "builds"]
    t.expect(len(kept) == 10, f"{len(kept)} logs are kept")
