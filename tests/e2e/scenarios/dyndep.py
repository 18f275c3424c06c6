"""Graphs that grow while they are built: dyndep files add inputs and outputs to edges."""
from harness.ninja import NAP, edge, phony
from harness.scenario import scenario

VERSION = "ninja_dyndep_version = 1\\n"


def says(target, *statements):
    """An edge that makes the dyndep file `target` from literal statements."""
    return edge(target, "printf '" + VERSION + "".join(s + "\\n" for s in statements) + f"' > {target}")


@scenario("ninja: dyndep")
def dynamic_input_is_built_first_and_followed(t):
    """The input that only the dyndep file names orders the build and counts like a declared one."""
    t.files({"in": "1\n", "extra": "1\n"})
    t.ninja(says("dd", "build out: dyndep | made"),
            edge("made", "sleep 0.2; cat extra > made", "extra"),
            edge("out", "cat in made > out", "in", order_only="dd", dyndep="dd"))
    t.build("out", ran={"dd", "made", "out"})
    t.noop("out")
    t.write("extra", "2\n")
    t.build("out", ran={"made", "out"})
    t.outputs_remove("out", "made", "dd")
    t.build("out", ran=set())
    t.write("extra", "1\n")
    t.build("out", ran=set())


@scenario("ninja: dyndep")
def dynamic_output_has_an_owner(t):
    """A dynamic output may be an input of others, by their dyndep file: as modules of Fortran."""
    t.files({"m.src": "module\n", "u.src": "use\n"})
    t.ninja(says("dd", "build m.o | m.mod: dyndep", "build u.o: dyndep | m.mod"),
            edge("u.o", "sleep 0.1; cat u.src m.mod > u.o", "u.src", order_only="dd", dyndep="dd"),
            edge("m.o", "sleep 0.3; cp m.src m.o; cp m.src m.mod", "m.src", order_only="dd", dyndep="dd"))
    t.build(ran={"dd", "m.o", "u.o"})
    t.noop()
    t.outputs_remove("m.mod")
    t.build(ran=set())
    t.write("m.src", "module 2\n")
    t.build(ran={"m.o", "u.o"})


@scenario("ninja: dyndep")
def dyndep_file_that_changes_moves_the_edges(t):
    """The scanner finds another module: the graph follows, in the same build."""
    t.files({"scan": "a\n", "a.src": "a\n", "b.src": "b\n"})
    t.ninja(edge("dd", "printf '" + VERSION + "build out: dyndep | %s.mod\\n' $(cat scan) > dd", "scan"),
            edge("a.mod", "cp a.src a.mod", "a.src"), edge("b.mod", "cp b.src b.mod", "b.src"),
            edge("out", "cat $(cat scan).mod > out", "scan", order_only="dd", dyndep="dd"))
    t.build("out", ran={"dd", "a.mod", "out"})
    t.write("scan", "b\n")
    t.build("out", ran={"dd", "b.mod", "out"})
    t.write("b.src", "b2\n")
    t.build("out", ran={"b.mod", "out"})
    t.write("a.src", "a2\n")
    t.build("out", ran=set())


@scenario("ninja: dyndep")
def chained_dyndep_files(t):
    """A dyndep file is made by an edge that has a dyndep file itself."""
    t.files({"in": "1\n"})
    t.ninja(says("d1", "build d2: dyndep | first"),
            edge("first", "cat in > first", "in"),
            edge("d2", "cat first; printf '" + VERSION + "build out: dyndep | second\\n' > d2",
                 order_only="d1", dyndep="d1"),
            edge("second", "sleep 0.1; cat in in > second", "in"),
            edge("out", "cat second > out", "in", order_only="d2", dyndep="d2"))
    t.build("out", ran={"d1", "d2", "first", "second", "out"})
    t.noop("out")
    t.write("in", "2\n")
    t.build("out", ran={"first", "d2", "second", "out"})


@scenario("ninja: dyndep")
def old_dyndep_file_that_contradicts_the_manifest(t):
    """What the last scan said is a cycle now, until the scanner has run again."""
    t.files({"scan": "build a: dyndep | b\nbuild b: dyndep\n"})
    dd = edge("dd", "(echo ninja_dyndep_version = 1; cat scan) > dd", "scan")
    a = edge("a", "if grep -q 'a: dyndep |' scan; then cat b; fi > a", "scan", order_only="dd", dyndep="dd")
    b = edge("b", "if grep -q 'b: dyndep |' scan; then cat a; fi > b", "scan", order_only="dd", dyndep="dd")
    t.ninja(dd, a, b)
    t.build(ran={"dd", "a", "b"})
    t.write("scan", "build a: dyndep\nbuild b: dyndep | a\n")
    t.build(ran={"dd", "a", "b"})
    # A new edge makes what the old dyndep file gives to another one.
    t.write("scan", "build a | side: dyndep\nbuild b: dyndep\n")
    t.ninja(dd, edge("a", "echo a > a; if grep -q side scan; then echo s > side; fi", "scan", order_only="dd",
                     dyndep="dd"), b)
    t.build(failed=0)
    t.write("scan", "build a: dyndep\nbuild b: dyndep\n")
    t.ninja(dd, edge("a", "echo a > a; if grep -q side scan; then echo s > side; fi", "scan", order_only="dd",
                     dyndep="dd"), b, edge("side", "echo other > side"))
    t.build(failed=0)
    t.noop()


@scenario("ninja: dyndep")
def dyndep_file_that_is_wrong_is_named(t):
    """Exit 3 with file, line and column, once the file is what it will stay; then its repair."""
    t.files({"scan": "build out: dyndep | x\n", "x": "x\n"})
    edges = (edge("dd", "(echo ninja_dyndep_version = 1; cat scan) > dd", "scan"),
             edge("out", "cat x > out", order_only="dd", dyndep="dd"))
    t.ninja(*edges)
    t.build(ran={"dd", "out"})
    for text, sentence in (("build out: dyndep\nbuild nobody: dyndep\n", "dd:3:7: no build statement exists for 'nobody'"),
                           ("build out: cat\n", "dd:2:12: expected build command name 'dyndep'"),
                           ("", "'out' is not mentioned in its dyndep file 'dd'"),
                           ("build out | dd: dyndep\n", "dd:2:1: multiple rules generate 'dd'")):
        t.write("scan", text)
        t.build(exit=3, says=[sentence], check=False)
    t.write("scan", "build out: dyndep | out\n")
    t.build(exit=3, says=["cycle"], check=False)
    t.write("scan", "build out: dyndep | x\n")
    t.build(failed=0)
    t.noop()


@scenario("ninja: dyndep")
def dyndep_file_that_nobody_makes(t):
    """It is a source: edited, missing, repaired."""
    t.files({"dd": "ninja_dyndep_version = 1.0\nbuild out: dyndep | a\n", "a": "a\n", "b": "b\n"})
    t.ninja(edge("out", "cat a b > out", order_only="dd", dyndep="dd"))
    t.build(ran={"out"})
    t.noop()
    t.write("dd", "ninja_dyndep_version = 1.0\nbuild out: dyndep | a b\n  restat = 1\n")
    t.build(ran={"out"})
    t.remove("dd")
    t.build(exit=3, says=["dd"], check=False)
    t.write("dd", "ninja_dyndep_version = 1.0\nbuild out: dyndep | a b\n  restat = 1\n")
    t.noop()


@scenario("ninja: dyndep")
def action_runs_once_in_a_build_of_several_rounds(t):
    """An edge that is never cached, and the always dirty maker of a dyndep file, run once per build."""
    t.files({"in": "1\n"})
    t.ninja(phony("FORCE"),
            edge("dd", "printf '" + VERSION + "build out: dyndep | made\\n' > dd", implicit="FORCE"),
            edge("made", "cat in > made", "in"),
            edge("act", "echo acted; echo x > act", implicit="FORCE"),
            edge("out", "cat in made > out", "in", order_only="dd", dyndep="dd"))
    for count in (1, 2, 3):
        done = t.build(ran={"dd", "act"} | ({"made", "out"} if count == 1 else set()))
        t.expect(done.text.splitlines().count("acted") == 1, f"acted more than once: {done.text}")


@scenario("ninja: dyndep")
def failing_scanner_keeps_its_users_from_running(t):
    """What does not need the file is built all the same with -k0."""
    t.files({"in": "1\n"})
    t.ninja(edge("dd", "test -f good && printf '" + VERSION + "build out: dyndep\\n' > dd"),
            edge("out", "cat in > out", "in", order_only="dd", dyndep="dd"),
            edge("other", "cat in > other", "in"))
    done = t.build(exit=1, args=("-k0",), ran={"other"}, failed=1, check=False)
    t.expect(done.summary["pips"]["skipped"] == 1, "the user of the dyndep file is counted as not run")
    t.write("good", "")
    t.build(ran={"dd", "out"})


@scenario("ninja: dyndep")
def minimal_materialisation_and_dyndep(t):
    """The dyndep file itself is always brought to disk: the graph is read from it."""
    t.files({"in": "1\n"})
    t.ninja(says("dd", "build out: dyndep | made"), edge("made", "cat in > made", "in"),
            edge("out", "cat in made > out", "in", order_only="dd", dyndep="dd"))
    t.build(ran={"dd", "made", "out"})
    t.outputs_remove("dd", "made", "out")
    t.build(args=["--lazy=minimal"], ran=set(), check=False)
    t.write("in", "2\n")
    t.build(ran={"made", "out"})


@scenario("ninja: dyndep")
def killed_between_rounds(t):
    """The rounds that were done before a kill are found again."""
    t.files({"in": "1\n"})
    t.ninja(says("dd", "build out: dyndep | made"), edge("made", f"{NAP}; cat in > made", "in"),
            edge("out", "cat in made > out", "in", order_only="dd made", dyndep="dd"))
    running = t.start("out")
    running.wait_for_nap()
    running.signal_group(9)
    running.finish(exit=-9, check=False)
    t.ninja(says("dd", "build out: dyndep | made"), edge("made", "cat in > made", "in"),
            edge("out", "cat in made > out", "in", order_only="dd", dyndep="dd"))
    t.build("out", failed=0)
