"""Edges that disturb each other: refused with exit 4, and never a stale output afterwards."""
import os

from harness.ninja import cc, edge
from harness.scenario import scenario

M = '#include "gen.h"\nint v = X;\n'


def violated(t, *letters, exit=4):
    """A build that must end with exit 4 and name what happened."""
    done = t.build(exit=exit, check=False, sources=False)
    have = {v["letter"] for v in done.summary["violations"]}
    t.expect(done.code != 4 or have & set(letters), f"letters {have}, expected one of {letters}")
    return done


def honest_afterwards(t):
    """Built again unchanged: still refused, or every output is as from scratch."""
    t.build(exit=(0, 1, 4), sources=False)


@scenario("undeclared generated header", needs=("gcc",))
def undeclared_generated_header_with_a_stale_copy(t):
    """A copy of gen.h lies on disk, the edge that makes it is not upstream of its reader."""
    t.files({"gen.in": "#define X 2\n", "m.c": M})
    t.outputs_write("gen.h", "#define X 1\n")
    t.ninja(edge("gen.h", "sleep 0.6; cp gen.in gen.h", "gen.in"), cc("m.c"))
    # The stale copy is out of the way by then: at -j2 the compiler may not find any gen.h and fail.
    violated(t, "R", "MD", "P", exit=(1, 4))
    honest_afterwards(t)
    t.ninja(edge("gen.h", "sleep 0.6; cp gen.in gen.h", "gen.in"), cc("m.c", order_only="gen.h"))
    t.build(failed=0)
    t.noop()


@scenario("undeclared generated header", needs=("gcc",))
def undeclared_generated_header_then_an_edit(t):
    """The generator's source is edited after the first build."""
    t.files({"gen.in": "#define X 1\n", "m.c": M})
    t.outputs_write("gen.h", "#define X 1\n")
    t.ninja(edge("gen.h", "sleep 0.6; cp gen.in gen.h", "gen.in"), cc("m.c"))
    t.build(exit=(0, 1, 4), check=False)
    t.write("gen.in", "#define X 2\n")
    t.build(exit=(0, 1, 4), sources=False)


@scenario("secret write")
def edge_that_writes_anothers_output(t):
    """A double write nobody declared: exit 4, letter DW, and both edges are not up to date."""
    t.files({"a": "1\n", "b": "2\n"})
    t.ninja(edge("out", "cat a > out", "a"),
            edge("out2", "sleep 0.4; cat b > out; cat b > out2", "b"))
    violated(t, "DW")
    t.ninja(edge("out", "cat a > out", "a"), edge("out2", "cat b > out2", "b"))
    t.build(failed=0)
    t.noop()


@scenario("read before write")
def edge_that_reads_what_a_later_edge_rewrites(t):
    """t is a source for one edge and a target for another that nobody ordered."""
    t.files({"a": "1\n", "t": "old\n"})
    t.ninja(edge("out", "cat t > out", "a"),
            edge("out2", "sleep 0.4; cat a > t; cat a > out2", "a"))
    violated(t, "MD", "W", "DW")
    t.write("t", "old\n")
    t.ninja(edge("out", "cat t > out", "a"), edge("out2", "cat a > out2", "a"))
    t.build(failed=0)
    t.noop()


@scenario("rule 10")
def clean_owner_overwritten_by_a_miss(t):
    """After an edit c also writes what clean b made: a violation, and never forgotten by a no-op."""
    t.files({"b": "b\n", "c": "c\n"})
    b_edge = edge("b.out", "cat b > b.out; cat b > shared.txt", "b")
    t.ninja(b_edge, edge("c.out", "sh ./c > c.out", "c"))
    t.write("c", "echo c\n")
    t.build(ran={"b.out", "c.out"})
    t.write("c", "echo c; echo c > shared.txt\n")
    violated(t, "DW")
    violated(t, "DW")
    t.write("c", "echo c\n")
    t.build(failed=0)
    t.noop()


@scenario("rule 22")
def dependent_that_rewrites_its_input(t):
    """c edits the output of a in place: a double write, whatever the order."""
    t.write("in", "1\n")
    t.ninja(edge("v.txt", "cat in > v.txt", "in"),
            edge("c.out", "echo more >> v.txt; cat v.txt > c.out", "v.txt"))
    violated(t, "DW", "W")
    t.ninja(edge("v.txt", "cat in > v.txt", "in"), edge("c.out", "cat v.txt > c.out", "v.txt"))
    t.build(failed=0)
    t.noop()


@scenario("rule 39")
def undeclared_write_outside_the_build_directory(t):
    """Undeclared outputs are at home in the build directory; beside it they are a violation."""
    t.dir = "build"
    t.files({"src/in": "1\n"})
    t.ninja(edge("out", "cat ../src/in > out; echo x > ../src/side.txt", "../src/in"))
    violated(t, "W")
    if os.path.exists(t.path("src/side.txt")):
        os.remove(t.path("src/side.txt"))
    t.ninja(edge("out", "cat ../src/in > out", "../src/in"))
    t.build(failed=0)
    t.noop()


@scenario("warn")
def warned_violation_stays_uncached(t):
    """--violations=warn: the build goes on, both parties run again next time."""
    t.files({"a": "1\n", "b": "2\n"})
    t.ninja(edge("out", "cat a > out", "a"),
            edge("out2", "sleep 0.4; cat b > out; cat b > out2", "b"))
    t.build(args=["--violations=warn"], check=False, ran={"out", "out2"}, clean=0, hit=0)
    t.build(args=["--violations=warn"], check=False, ran={"out", "out2"}, clean=0, hit=0)
