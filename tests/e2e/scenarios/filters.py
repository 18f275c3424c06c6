"""Pip filters on the command line: what runs, what reaches the disk."""
import json
import random

from harness.filter_oracle import Oracle, random_filter
from harness.json_graph import copy_file, exclusive, pip, write_file
from harness.ninja import edge, phony
from harness.scenario import scenario

EDGES = (edge("a.o", "cat a > a.o", "a"), edge("b.o", "cat b > b.o", "b"), edge("bin/app", "cat a.o b.o > bin/app", "a.o b.o"),
         edge("other", "cat a > other", "a"), phony("everything", "bin/app other"))


@scenario("filter")
def filter_selects_outputs_and_what_they_need(t):
    """dpc, and, a name's end; dependencies run and stay in the cache."""
    t.files({"a": "a\n", "b": "b\n"})
    t.ninja(*EDGES)
    t.build(args=["-f", "output='*/app'"], ran={"a.o", "b.o", "bin/app"}, check=False)
    t.expect(not t.exists("other"), "other was built")
    t.outputs_remove("a.o", "b.o", "bin/app")
    t.build(args=["/filter:output='*.o' and ~(output='a*')"], ran=set(), check=False)
    t.expect(t.exists("b.o") and not t.exists("a.o") and not t.exists("bin/app"), "one output was asked for")
    t.build(args=["-f", "+input='a'"], ran={"other"}, check=False)
    t.build(ran=set())


@scenario("filter")
def argument_that_is_no_target_is_short_for_a_filter(t):
    """app finds bin/app; an alias means what it stands for."""
    t.files({"a": "a\n", "b": "b\n"})
    t.ninja(*EDGES)
    t.build("app", ran={"a.o", "b.o", "bin/app"}, check=False)
    t.build("everything", ran={"other"})
    t.outputs_remove("other")
    t.build(args=["-f", "output='everything'"], ran=set(), check=False)
    t.expect(t.exists("other"), "the alias stands for other")


@scenario("filter")
def filter_that_is_wrong_or_matches_nothing_is_refused(t):
    """Exit 2 with the column, DX0295, or the advice to use one of both."""
    t.files({"a": "a\n", "b": "b\n"})
    t.ninja(*EDGES)
    for args, sentence in ((["-f", "tag=x"], "column 5: expected a value in '"),
                           (["-f", "tag='none'"], "error DX0295: no pip matches the filter tag='none'"),
                           (["bin/apq"], "error DX0295: unknown target 'bin/apq', did you mean 'bin/app'?"),
                           (["-f", "id='a.o'", "b.o"], "a filter and targets together")):
        t.build(args=args, exit=2, says=[sentence], check=False)
    t.build(ran={"a.o", "b.o", "bin/app", "other"})


def random_graph(rng):
    """Pips of all kinds; each may use what those before it make."""
    pips, files = [], ["in"]
    for n in range(rng.randrange(3, 12)):
        name = f"p{n}"
        about = {"tags": sorted(rng.sample(["fast", "slow"], rng.randrange(3))), "value": f"v{rng.randrange(2)}"}
        if rng.randrange(3) == 0:
            about["module"] = rng.choice(["core", "net"])
        where = rng.choice(["", "d/", "d/e/"])
        inputs = sorted({rng.choice(files) for _ in range(rng.randrange(4))})
        kind = rng.randrange(5)
        if kind == 0:
            pips.append(write_file(name, f"{where}{name}.w", "text\n", **about))
            made = [f"{where}{name}.w"]
        elif kind == 1:
            pips.append(copy_file(name, rng.choice(files), f"{where}{name}.c", **about))
            made = [f"{where}{name}.c"]
        else:
            made = [f"{where}{name}-{k}.x" for k in range(rng.randrange(3))]
            if kind == 2 or not made:
                about["outputDirectories"] = exclusive(f"dirs/{name}")
            pips.append(pip(name, "true", inputs, made, **about))
        files += made
    return pips


@scenario("filter", jobs=(2,), state=("kept",), slow=True)
def random_filters_mean_what_the_printed_graph_says(t):
    """Random filters over random JSON graphs against their definition, over what bxl-graph show prints."""
    t.write("in", "1\n")
    graph, plan = f"{t.base}/graph", f"{t.base}/plan"

    def show(tool, file):
        text = t.tool(tool, "show", "--json", "--in", file).stdout.decode()
        return [json.loads(line) for line in text.splitlines()]

    matched = 0
    for seed in range(6):
        rng = random.Random(seed)
        t.json(*random_graph(rng), **({"module": "core"} if seed % 2 else {}))
        t.tool("bxl-graph", "--out", graph)
        oracle = Oracle(show("bxl-graph", graph), t.root, "core" if seed % 2 else "ws")
        for _ in range(25):
            text, meaning = random_filter(oracle, rng, 3)
            done = t.tool("bxl-plan", "-f", text, "--in", graph, "--out", plan, check=None)
            wanted = oracle.makers(meaning)
            if not wanted:
                t.expect(done.returncode == 2 and b"DX0295" in done.stderr, f"seed {seed}: {text}: {done}")
                continue
            t.expect(done.returncode == 0, f"seed {seed}: {text}: {done}")
            asked = {r["pip"] for r in show("bxl-plan", plan) if r["record"] == "planPip" and r["requested"]}
            t.expect(asked == wanted, f"seed {seed}: {text} asks for {sorted(asked)}, means {sorted(wanted)}")
            matched += 1
    t.expect(matched > 75, f"only {matched} filters matched anything")
