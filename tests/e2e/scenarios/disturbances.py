"""What a pip looks for, lists or reads while another one, in no order with it, makes or changes it.

Whatever the order and the number of jobs: refused with exit 4, or not cached; in an order of the
graph: as from scratch.
"""
import os
import random
import subprocess

from harness.ninja import edge
from harness.scenario import scenario

LOOK = "if test -f x; then cat x; else echo none; fi > p.out"


def violations(done):
    return {(v["code"], v["letter"], v["pip"], v["related"], os.path.basename(v["path"]))
            for v in done.summary["violations"]}


def refused(t, pair, path, *targets, letters=("R", "MD", "DW"), **more):
    """Exit 4; the violation names both pips and the path; said again by the next build."""
    for _ in range(2):
        done = t.build(*targets, exit=4, check=False, sources=False, **more)
        have = violations(done)
        t.expect(any(letter in letters and {pip, related} == set(pair) and name == path
                     for _, letter, pip, related, name in have),
                 f"violations {have}, expected {pair} over {path}")
    return done


def writers_of_x(declared):
    if declared:
        return edge("x", "echo 1 > x", "w.in")
    return edge("w.out", "echo 1 > x; echo w > w.out", "w.in")


@scenario("rule 10")
def absent_probe_and_declared_output(t):
    """p looks for x, which w makes in no order with p: refused, whoever comes first."""
    t.files({"w.in": "1\n", "p.in": "1\n"})
    p, w = edge("p.out", LOOK, "p.in"), writers_of_x(declared=True)
    t.ninja(p, w)
    refused(t, ("p.out", "x"), "x")
    t.ninja(w, p)
    refused(t, ("p.out", "x"), "x")
    t.ninja(w, edge("p.out", LOOK, "p.in", order_only="x"))
    t.build(failed=0)
    t.noop()


@scenario("rule 10")
def absent_probe_and_undeclared_output(t):
    """As with a declared output; the order that the message asks for mends it."""
    t.files({"w.in": "1\n", "p.in": "1\n"})
    p, w = edge("p.out", LOOK, "p.in"), writers_of_x(declared=False)
    t.ninja(p, w)
    refused(t, ("p.out", "w.out"), "x")
    t.ninja(w, p)
    refused(t, ("p.out", "w.out"), "x")
    t.ninja(w, edge("p.out", LOOK, "p.in", order_only="w.out"))
    t.build(failed=0)
    t.noop()


@scenario("rule 10")
def absent_probe_upstream_of_the_writer(t):
    """w depends on p, so p never finds x: legitimate, also when p runs again over an old x."""
    for declared in (True, False):
        output = "x" if declared else "w.out"
        t.files({"p.in": "1\n"})
        t.ninja(edge("p.out", f"cat p.in; {LOOK.replace('> p.out', '')} > p.out; cat p.in >> p.out",
                     "p.in"),
                edge(output, "cat p.out > x; cat p.out > " + output, "p.out"))
        t.build(failed=0)
        t.noop()
        t.write("p.in", f"2 {declared}\n")
        t.build(ran={"p.out", output})
        t.noop()


@scenario("rule 15")
def listing_upstream_of_the_writer(t):
    """p lists d, where its dependent w makes files and directories: p never sees them."""
    t.files({"d/source": "", "p.in": "1\n"})
    t.ninja(edge("p.out", "cat p.in > p.out; ls d >> p.out", "p.in"),
            edge("d/x", "cat p.out > d/x; mkdir -p d/sub; cat p.out > d/sub/y", "p.out"))
    t.build(failed=0)
    t.noop()
    t.write("p.in", "2\n")
    t.build(ran={"p.out", "d/x"})
    t.noop()


@scenario("rule 15")
def listing_in_no_order_with_the_writer(t):
    """p lists d, w puts a file there: nothing is refused, and p is not cached in either order."""
    for declared in (True, False):
        t.files({"d/source": "", "p.in": "1\n", "w.in": "1\n"})
        output = "d/x" if declared else "w.out"
        p = edge("p.out", "ls d > p.out", "p.in")
        w = edge(output, f"cat w.in > d/x; cat w.in > {output}", "w.in")
        for edges in ((p, w), (w, p)):
            t.ninja(*edges)
            t.build(check=False, failed=0, uncacheable=1)
            t.build(check=False, ran={"p.out"}, failed=0, uncacheable=1)
        t.outputs_remove("p.out")
        t.ninja(w, edge("p.out", "ls d > p.out", "p.in", order_only=output))
        t.build(failed=0)
        t.noop()


@scenario("rule 10")
def clean_prober_and_a_new_output(t):
    """After an edit w also makes x, which p, up to date, had looked for in vain."""
    t.files({"p.in": "1\n", "w": "echo w > w.out\n"})
    t.ninja(edge("p.out", LOOK, "p.in"), edge("w.out", "sh ./w", "w"))
    t.build(ran={"p.out", "w.out"})
    t.write("w", "echo w > w.out; echo x > x\n")
    refused(t, ("p.out", "w.out"), "x")
    t.write("w", "echo w > w.out\n")
    t.build(failed=0)
    t.noop()


@scenario("rule 10", state=("kept",))
def prober_outside_the_request_and_a_new_output(t):
    """The same, and only w is asked for."""
    t.files({"p.in": "1\n", "w": "echo w > w.out\n"})
    t.ninja(edge("p.out", LOOK, "p.in"), edge("w.out", "sh ./w", "w"))
    t.build(ran={"p.out", "w.out"})
    t.write("w", "echo w > w.out; echo x > x\n")
    done = t.build("w.out", exit=4, check=False)
    t.expect(("DX5026", "MD", "w.out", "p.out", "x") in violations(done), violations(done))
    refused(t, ("p.out", "w.out"), "x")
    t.write("w", "echo w > w.out\n")
    t.build(failed=0)
    t.noop()


@scenario("rule 10")
def clean_reader_and_a_source_that_is_rewritten_or_removed(t):
    """After an edit w changes s, a source that p, up to date, has read."""
    for number, change in enumerate(("echo 2 > s", "rm s")):
        t.files({"p.in": "1\n", "s": "1\n", "w": f"echo w{number} > w.out\n"})
        t.ninja(edge("p.out", "cat s p.in > p.out", "p.in"), edge("w.out", "sh ./w", "w"))
        t.build(failed=0)
        t.write("w", f"{change}; echo w > w.out\n")
        done = t.build(exit=4, check=False, sources=False)
        t.expect(("DX5025", "MD", "w.out", "p.out", "s") in violations(done), violations(done))
        t.write("s", "1\n")
        done = t.build(exit=4, check=False, sources=False)
        t.expect(("p.out", "w.out") in {tuple(sorted(v[2:4])) for v in violations(done)},
                 violations(done))
        t.write("s", "1\n")
        t.write("w", f"echo w{number} > w.out\n")
        t.build(failed=0)
        t.noop()


@scenario("rule 10")
def hit_in_a_graph_with_a_new_writer(t):
    """p's cached result says that x is absent or a source; in the new graph another pip makes x."""
    t.files({"p.in": "1\n", "w.in": "1\n"})
    p = edge("p.out", LOOK, "p.in")
    t.ninja(p)
    t.build(ran={"p.out"})
    t.outputs_remove("p.out")
    t.ninja(p, writers_of_x(declared=True))
    refused(t, ("p.out", "x"), "x")
    t.files({"y": "source\n", "q.in": "1\n"})
    q = edge("q.out", "cat y > q.out", "q.in")
    t.ninja(q)
    t.build(failed=0)
    t.remove("y")
    t.ninja(q, edge("y", "echo made > y", "w.in"))
    done = t.build(exit=(1, 4), check=False)
    t.expect("q.out" not in done.summary["ran"] and done.pips["hit"] == 0, done.summary)


@scenario("warn")
def warned_violation_with_a_clean_owner(t):
    """b is up to date, c overwrites what b made: both run again, for as long as c does that."""
    t.files({"b": "b\n", "c": "echo c > c.out\n"})
    b_edge = edge("b.out", "cat b > b.out; cat b > shared.txt", "b")
    t.ninja(b_edge, edge("c.out", "sh ./c", "c"))
    t.build(ran={"b.out", "c.out"})
    t.write("c", "echo c > c.out; echo c > shared.txt\n")
    for _ in range(3):
        done = t.build(args=["--violations=warn"], check=False)
        t.expect("c.out" in done.summary["ran"] and done.pips["clean"] in (0, 1), done.summary)
        t.expect(("DX5002", "DW", "c.out", "b.out", "shared.txt") in violations(done),
                 violations(done))
    t.write("c", "echo c > c.out\n")
    t.build(failed=0)
    t.noop()


@scenario("warn")
def warned_absent_probe(t):
    """Both parties run in every build."""
    t.files({"w.in": "1\n", "p.in": "1\n"})
    t.ninja(edge("p.out", LOOK, "p.in"), writers_of_x(declared=True))
    for _ in range(3):
        t.build(args=["--violations=warn"], check=False, ran={"p.out", "x"}, uncacheable=2)


@scenario("rule 41")
def ordered_source_rewrite(t):
    """w depends on p and rewrites what p has read: no race, and never clean."""
    t.files({"s": "1\n", "p.in": "1\n"})
    t.ninja(edge("p.out", "cat s > p.out", "p.in"),
            edge("w.out", "cat p.out > w.out; echo 2 > s", "p.out"))
    t.build(check=False, sources=False, failed=0, uncacheable=1)
    t.build(check=False, sources=False, failed=0, uncacheable=1, ran={"p.out", "w.out"})
    # Its input is as w leaves it now: p is up to date, w runs for ever.
    t.build(check=False, sources=False, ran={"w.out"}, uncacheable=1)


@scenario("rule 29")
def same_content_again_downstream(t):
    """b depends on a and writes a's undeclared file once more, alike: no violation, b not cached."""
    t.write("in", "1\n")
    t.ninja(edge("a.out", "cat in > a.out; cat in > both", "in"),
            edge("b.out", "cat in > b.out; cat in > both", "in", order_only="a.out"))
    t.build(ran={"a.out", "b.out"}, uncacheable=1)
    t.build(ran={"b.out"}, uncacheable=1)
    t.ninja(edge("a.out", "cat in > a.out; cat in > both", "in"),
            edge("b.out", "cat in > b.out; cat in > both", "in"))
    refused(t, ("a.out", "b.out"), "both")


@scenario("rule 19")
def undeclared_output_moves_to_another_edge(t):
    """What a made, b makes now: no double write, whichever comes first."""
    t.write("in", "1\n")

    def edges(maker):
        return [edge(f"{name}.out", f"cat in > {name}.out"
                     + ("; cat in > side" if name == maker else ""), "in") for name in "ab"]
    for maker in "abab":
        t.ninja(*edges(maker))
        t.build(failed=0)
        t.noop()


@scenario("rule 10")
def removal_of_what_comes_after(t):
    """a empties a directory where its dependent b then works: as from scratch, again and again."""
    t.write("in", "1\n")
    t.ninja(edge("gen/a", "rm -rf gen; mkdir gen; cat in > gen/a", "in"),
            edge("b.out", "cat gen/a > gen/b; cat gen/a > b.out", "gen/a"))
    for text in ("1\n", "2\n", "3\n"):
        t.write("in", text)
        t.build(failed=0)
        t.noop()


@scenario("rule 10")
def removal_of_anothers_output(t):
    """a and b are in no order, b removes what a made: refused, and again."""
    t.files({"a": "1\n", "b": "1\n"})
    t.ninja(edge("a.out", "cat a > a.out; cat a > side", "a"),
            edge("b.out", "sleep 0.4; rm -f side; cat b > b.out", "b"))
    # When b comes first there is nothing to remove, and no harm: what a makes stays.
    t.build(exit=(0, 4), check=False)
    t.write("b", "2\n")
    refused(t, ("a.out", "b.out"), "side")


@scenario("messages")
def message_names_pips_code_path_and_the_line_that_mends_it(t):
    """Read once, the violation can be mended without looking anything up."""
    t.files({"w.in": "1\n", "p.in": "1\n"})
    t.ninja(edge("p.out", LOOK, "p.in"), writers_of_x(declared=True))
    mended = "build p.out: sh p.in || x"
    done = t.build(exit=4, check=False, says=(
        "DX0500", "(DX50", "%build%/x", "Related pip: ", "(build.ninja:4)",
        "add x to the inputs of p.out", mended))
    t.expect(all(mended in v["fix"] and v["message"] for v in done.summary["violations"]),
             done.summary["violations"])
    t.build(exit=0, args=["--violations=warn"], check=False, says=("warning DX0501", mended))


# --- random graphs -----------------------------------------------------------------------------------

def random_edges(chance):
    """A few edges that read, look for, list, write and make directories among few names."""
    edges = []
    for number in range(chance.randrange(2, 5)):
        lines = []
        for _ in range(chance.randrange(1, 4)):
            name = chance.choice("xyz")
            lines.append(chance.choice((
                f"cat d/{name}", f"test -f d/{name} && echo yes || echo no", "ls d",
                f"echo {number} > d/{name}{number}", f"test -f d/{name}{chance.randrange(4)} && echo found",
                f"mkdir -p d/m{number}; echo {number} > d/m{number}/f", "ls d/m0", "cat s",
                f"cat d/{name}{chance.randrange(4)}")))
        after = chance.sample(range(number), chance.randrange(0, 2)) if number else []
        edges.append({"name": f"o{number}", "after": [f"o{n}" for n in after],
                      "command": "{ echo " + str(number) + "; " + "; ".join(lines)
                                 + f"; }} > o{number} 2>&1 || true"})
    return edges


def written(edges):
    return [edge(e["name"], e["command"], "in", order_only=" ".join(e["after"])) for e in edges]


def in_order(edges, first):
    """An order that the graph allows, preferring the edges as they stand in `first`."""
    done, waiting = [], list(first)
    while waiting:
        for e in waiting:
            if set(e["after"]) <= {d["name"] for d in done}:
                done.append(e)
                waiting.remove(e)
                break
    return done


def outputs_in_order(t, edges):
    """What each output is when the edges run one after the other in this order."""
    top = f"{t.base}/t/ws"
    subprocess.run(["rm", "-rf", top], check=True)
    os.makedirs(os.path.dirname(top), exist_ok=True)
    subprocess.run(["cp", "-a", t.shadow, top], check=True)
    for e in edges:
        subprocess.run(["/bin/sh", "-c", e["command"]], cwd=top, check=True,
                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = {}
    for e in edges:
        with open(f"{top}/{e['name']}", encoding="utf-8") as file:
            found[e["name"]] = file.read()
    return found


def above(edges, name):
    """Everything upstream of an edge."""
    by_name, found, todo = {e["name"]: e for e in edges}, set(), [name]
    while todo:
        for other in by_name[todo.pop()]["after"]:
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


@scenario("rules 10, 15", state=("kept",), slow=True)
def random_graphs_never_keep_what_luck_decided(t):
    """Edges that list, look, read and write at will: what depends on the order is never reused."""
    for seed in range(12):
        chance = random.Random(seed)
        edges = random_edges(chance)
        t.forget_cache()
        subprocess.run(["rm", "-rf", t.root, t.shadow], check=True)
        for directory in (t.root, t.shadow):
            os.makedirs(directory)
        t.files({"in": "1\n", "s": "s\n", "d/x": "x\n"})
        orders = [in_order(edges, edges), in_order(edges, edges[::-1])]
        truths = [outputs_in_order(t, order) for order in orders]
        by_luck = {name for name in truths[0] if truths[0][name] != truths[1][name]}
        for first in (edges, edges[::-1]):
            t.ninja(*written(first))
            for _ in range(2):
                done = t.build(exit=(0, 4), check=False, sources=False)
            if done.code == 4:
                continue
            for e in edges:
                name = e["name"]
                if name in done.summary["ran"]:
                    continue  # not kept
                if name in by_luck:
                    t.expect(above(edges, name) & by_luck,
                             f"seed {seed}: {name} was kept: {truths[0][name]!r} or "
                             f"{truths[1][name]!r}")
                else:
                    t.expect(t.read(name) == truths[0][name],
                             f"seed {seed}: {name} is {t.read(name)!r}, from scratch "
                             f"{truths[0][name]!r}")
