"""What reaches a command through the graph: order-only edges, phony, lazy outputs, edges that come and go."""
import os

from harness.ninja import cc, edge, phony
from harness.scenario import scenario


@scenario("rule 1")
def order_only_generator_edit_reaches_its_readers(t):
    """gen.h is an order-only input and read by observation; its generator's source is edited."""
    t.files({"gen.in": "1\n", "b.c": "b\n"})
    t.ninja(edge("gen.h", "cat gen.in > gen.h", "gen.in"),
            edge("b.o", "cat b.c gen.h > b.o", "b.c", order_only="gen.h"),
            edge("app", "cat b.o > app", "b.o"))
    t.build(ran={"gen.h", "b.o", "app"})
    t.noop()
    t.write("gen.in", "2\n")
    t.build(ran={"gen.h", "b.o", "app"})
    t.write("gen.in", "1\n")
    t.noop(hit=3)


@scenario("rule 1", needs=("gcc",))
def order_only_generated_header_recompiles(t):
    """The CMake shape: objects depend order-only on a phony for all generated headers."""
    t.files({"gen.in": "#define X 1\n", "m.c": '#include "gen.h"\nint main(void) { return X - X; }\n',
             "n.c": "int n = X0;\n"})
    t.ninja(edge("inc/gen.h", "cp gen.in inc/gen.h", "gen.in"), phony("headers", "inc/gen.h"),
            cc("m.c", "-Iinc", order_only="headers"),
            cc("n.c", "-DX0=7", order_only="headers"),
            edge("app", "gcc m.o n.o -o app", "m.o n.o"))
    t.build(ran={"inc/gen.h", "m.o", "n.o", "app"})
    t.write("gen.in", "#define X 2\n")
    t.build(ran={"inc/gen.h"}, may={"m.o", "app", "n.o"})
    t.noop()


@scenario("rule 1")
def order_only_chain_three_deep_through_phony(t):
    """A reads nothing of its neighbours; the last reads the first's header, three phony steps away."""
    t.files({"a.in": "1\n", "b.in": "1\n", "c.in": "1\n", "d.in": "1\n"})
    t.ninja(edge("a.h", "cat a.in > a.h", "a.in"), phony("pa", "a.h"),
            edge("b.stamp", "cat b.in > b.stamp", "b.in", order_only="pa"), phony("pb", "b.stamp"),
            edge("c.stamp", "cat c.in > c.stamp", "c.in", order_only="pb"), phony("pc", "c.stamp"),
            edge("d.out", "cat a.h d.in > d.out", "d.in", order_only="pc"))
    t.build(ran={"a.h", "b.stamp", "c.stamp", "d.out"})
    t.noop()
    t.write("a.in", "2\n")
    t.build(ran={"a.h", "d.out"}, may={"b.stamp", "c.stamp"})
    t.write("a.in", "1\n")
    t.noop()


@scenario("rule 1")
def order_only_output_that_is_not_read_runs_nobody(t):
    """Order alone is no reason to run: the dependent never looks at the file."""
    t.files({"gen.in": "1\n", "b.in": "1\n"})
    t.ninja(edge("gen.h", "cat gen.in > gen.h", "gen.in"),
            edge("b", "cat b.in > b", "b.in", order_only="gen.h"))
    t.build(ran={"gen.h", "b"})
    t.write("gen.in", "2\n")
    t.build(ran={"gen.h"})


@scenario("rule 1")
def undeclared_output_of_an_order_only_generator_appears(t):
    """After the edit the generator also writes a file that the dependent had probed in vain."""
    t.files({"gen.in": "a\n", "b.in": "b\n"})
    t.ninja(edge("gen.stamp", "for i in $(cat gen.in); do echo $i > g.$i; done; touch gen.stamp",
                 "gen.in"),
            edge("b", "cat b.in > b; if test -f g.x; then cat g.x >> b; fi", "b.in",
                 order_only="gen.stamp"))
    t.build(ran={"gen.stamp", "b"})
    t.write("gen.in", "a x\n")
    t.build(ran={"gen.stamp", "b"})
    t.write("gen.in", "a\n")
    t.noop(hit=2)


@scenario("rule 4")
def lazy_output_is_there_when_a_command_looks(t):
    """--lazy=minimal leaves a hit in the cache; a command that runs and tests for it finds it."""
    t.files({"opt.in": "o\n", "b.in": "1\n"})
    t.ninja(edge("gen/opt.h", "cat opt.in > gen/opt.h", "opt.in"),
            edge("out/b", "if test -f gen/opt.h; then echo yes; else echo no; fi > out/b;"
                 " ls gen >> out/b; cat b.in >> out/b", "b.in", order_only="gen/opt.h"))
    t.build(ran={"gen/opt.h", "out/b"})
    t.outputs_remove("gen", "out")
    t.write("b.in", "2\n")
    t.build("out/b", args=["--lazy=minimal"], ran={"out/b"})
    t.expect(t.read("out/b") == "yes\nopt.h\n2\n", f"out/b is {t.read('out/b')!r}")
    t.noop()


@scenario("rule 4")
def minimal_request_leaves_intermediates_in_the_cache(t):
    """--lazy=minimal with everything current: right afterwards when all is asked for."""
    t.write("in", "1\n")
    t.ninja(edge("mid", "cat in > mid; cat in > side", "in"), edge("out", "cat mid > out", "mid"))
    t.build(ran={"mid", "out"})
    t.outputs_remove("mid", "side", "out")
    t.build("out", args=["--lazy=minimal"], ran=(), check=False)
    t.noop()
    t.expect(os.path.exists(t.path("out")), "out is missing")


READER = "if test -f inc/foo.h; then cat inc/foo.h; else cat b.in; fi > b"


@scenario("rule 5")
def header_of_a_removed_generator_is_not_a_source(t):
    """The edge that wrote inc/foo.h (undeclared) is gone: its leftover is neither read nor kept."""
    t.files({"a.in": "gen\n", "b.in": "plain\n"})
    maker = edge("a.stamp", "mkdir -p inc; cat a.in > inc/foo.h; touch a.stamp", "a.in")
    t.ninja(maker, edge("b", READER, "b.in", order_only="a.stamp"))
    t.build(ran={"a.stamp", "b"})
    t.ninja(edge("b", READER, "b.in"))
    t.build(ran={"b"})
    t.expect(not os.path.exists(t.path("inc/foo.h")), "the leftover is still there")
    t.ninja(maker, edge("b", READER, "b.in", order_only="a.stamp"))
    t.noop()


@scenario("rule 5")
def output_that_got_another_name_leaves_nothing(t):
    """The generator now makes foo2.h; a reader that globs sees only that."""
    t.files({"a.in": "gen\n", "b.in": "b\n"})

    def graph(name):
        t.ninja(edge(f"inc/{name}", f"cat a.in > inc/{name}", "a.in"),
                edge("b", "for i in inc/*.h; do echo $i; cat $i; done > b", "b.in",
                     order_only=f"inc/{name}"))
    graph("foo.h")
    t.build(ran={"inc/foo.h", "b"})
    graph("foo2.h")
    t.build(ran={"inc/foo2.h", "b"})
    graph("foo.h")
    t.noop(hit=2)


@scenario("rule 5")
def undeclared_output_that_got_another_name_leaves_nothing(t):
    """The same, but only the command knows the name of the header."""
    t.files({"name": "foo.h", "b.in": "b\n"})
    t.ninja(edge("a.stamp", "mkdir -p inc; echo x > inc/$(cat name); touch a.stamp", "name"),
            edge("b", "ls inc > b; cat b.in >> b", "b.in", order_only="a.stamp"))
    t.build(ran={"a.stamp", "b"})
    t.write("name", "foo2.h")
    t.build(ran={"a.stamp", "b"})
    t.write("name", "foo.h")
    t.noop(hit=2)


@scenario("rule 5")
def edge_that_is_gone_takes_its_outputs_along(t):
    """A removed edge's declared and undeclared outputs go; a glob over them no longer sees them."""
    t.files({"a.in": "a\n", "b.in": "b\n"})
    reader = edge("all", "cat gen/*.txt > all", order_only="gen/b.txt")
    maker = edge("gen/b.txt", "cat b.in > gen/b.txt", "b.in")
    t.ninja(edge("gen/a.txt", "cat a.in > gen/a.txt; cat a.in > gen/side.txt", "a.in"), maker,
            edge("all", "cat gen/*.txt > all", order_only="gen/a.txt gen/b.txt"))
    t.build(ran={"gen/a.txt", "gen/b.txt", "all"})
    t.ninja(maker, reader)
    t.build(ran={"all"})


@scenario("rule 19")
def edge_inserted_at_the_top_moves_nobody(t):
    """Records are keyed by name, not by position."""
    t.files({n: n + "\n" for n in "abc"})
    edges = [edge(f"{n}.out", f"cat {n} > {n}.out; cat {n} > {n}.side", n) for n in "abc"]
    t.ninja(*edges)
    t.build(ran={"a.out", "b.out", "c.out"})
    t.write("new", "new\n")
    t.ninja(edge("new.out", "cat new > new.out", "new"), *edges)
    t.build(ran={"new.out"})
    t.ninja(*reversed(edges), edge("new.out", "cat new > new.out", "new"))
    t.noop()
    t.outputs_remove("b.side")
    t.noop(hit=1 if t.kept else 4)


@scenario("rule 20")
def alternate_targets_forget_nothing(t):
    """Build a, then b, then both: nothing is left to do; an edit of b's source only concerns b."""
    t.files({"a": "a\n", "b": "b\n"})
    t.ninja(edge("a.out", "cat a > a.out; cat a > a.side", "a"),
            edge("b.out", "cat b > b.out; cat b > b.side", "b"))
    t.build("a.out", ran={"a.out"}, total=1)
    t.build("b.out", ran={"b.out"}, total=1)
    t.noop(total=2)
    t.write("b", "b2\n")
    t.build("a.out", ran=(), total=1)
    t.build(ran={"b.out"})
    t.noop("b.out")


@scenario("rule 20")
def row_of_another_command_is_not_believed(t):
    """Target built, its command changed while another target is built: it runs when asked for again."""
    t.files({"a": "a\n", "b": "b\n"})
    b_edge = edge("b.out", "cat b > b.out", "b")
    t.ninja(edge("a.out", "cat a > a.out", "a"), b_edge)
    t.build(ran={"a.out", "b.out"})
    t.ninja(edge("a.out", "cat a a > a.out", "a"), b_edge)
    t.build("b.out", ran=())
    t.build("a.out", ran={"a.out"})
    t.noop()


@scenario("rule 15", jobs=(2,))
def listing_that_an_unordered_edge_fills_is_not_cached(t):
    """`ls gen` sees by luck what an unordered edge writes there: warned of, run each time."""
    t.write("in", "1\n")
    t.ninja(edge("gen/a", "cat in > gen/a", "in"), edge("all.txt", "sleep 0.7; ls gen > all.txt"))
    t.build(ran={"gen/a", "all.txt"})
    t.build(ran={"all.txt"})


@scenario("rule 24", jobs=(2,))
def listing_during_materialisation_sees_no_temporary_names(t):
    """Hits come back while a command lists their directory: none or all of them, never half."""
    names = [f"f{i:02}" for i in range(40)]
    t.files({"in": "1\n", "p.in": "1\n"})
    t.ninja(edge("gen/stamp", "for i in " + " ".join(names) + "; do echo > gen/$i; done;"
                 " touch gen/stamp", "in"),
            edge("p", "cat p.in > p; for i in 1 2 3 4 5 6; do ls -A gen 2>/dev/null; echo; done"
                 " >> p", "p.in"))
    t.build("gen/stamp", ran={"gen/stamp"})
    t.write("p.in", "2\n")
    t.outputs_remove("gen")
    t.build(check=False, ran={"p"})
    for listing in t.read("p").split("\n", 1)[1].split("\n\n"):
        seen = set(listing.split())
        t.expect(seen in (set(), {*names, "stamp"}), f"a listing saw {sorted(seen)[:5]} …")


@scenario("locks are no communication")
def empty_lock_file_is_nobodys_output(t):
    """Commands that serialise themselves by flock(1), fcntl or both; what is written into such a file is an output as ever."""
    t.write("in", "1\n")
    lockf = "python3 -c \"import fcntl; f = open('lock', 'a'); fcntl.lockf(f, fcntl.LOCK_EX); print(open('in').read())\" >c"
    t.ninja(edge("a", "flock lock cp in a", "in"), edge("b", "flock lock cp in b", "in"), edge("c", lockf, "in"))
    t.build(ran={"a", "b", "c"}, uncacheable=0)
    t.noop()
    t.outputs_remove("a", "c")
    t.noop()
    t.ninja(edge("a", "flock pid sh -c 'echo a >>pid; cp in a'", "in"), edge("b", "flock pid sh -c 'cat pid >b'", "in"))
    t.build(exit=4, sources=False)


@scenario("a lock file is not a stamp", jobs=(1,))
def empty_file_without_a_lock_is_an_output(t):
    """Whoever asks whether it is there has to depend on who makes it."""
    t.ninja(edge("a", "touch stamp; echo >a"), edge("b", "if test -e stamp; then echo yes; else echo no; fi >b", order_only="a"))
    t.build(ran={"a", "b"}, uncacheable=0)
    t.ninja(edge("a", "touch stamp; echo >a"), edge("b", "if test -e stamp; then echo yes; else echo no; fi >b"))
    t.build(exit=4, sources=False)
