"""What a command makes: deleted, damaged, odd in kind or size; replayed exactly and never by running."""
import os
import stat

from harness import tree
from harness.ninja import cc, edge
from harness.scenario import scenario


@scenario("output deleted")
def deleted_output_comes_back_without_running(t):
    """An output that is gone is replayed."""
    t.write("in", "1\n")
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(ran={"out"})
    t.outputs_remove("out")
    t.noop(hit=1)
    t.noop()


@scenario("intermediate deleted")
def deleted_intermediate_runs_nothing(t):
    """The consumer is current: the intermediate may come back or stay away, nothing runs."""
    t.write("in", "1\n")
    t.ninja(edge("mid", "cat in > mid", "in"), edge("out", "cat mid > out", "mid"))
    t.build(ran={"mid", "out"})
    t.outputs_remove("mid")
    t.noop(absent=["mid"])
    t.write("in", "2\n")
    t.build(ran={"mid", "out"})


@scenario("hand edit")
def hand_edited_output_is_restored(t):
    """A declared output that was edited is put right without running."""
    t.write("in", "1\n")
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(ran={"out"})
    t.outputs_write("out", "2\n")
    t.noop()


@scenario("hand edit")
def hand_edited_intermediate_does_not_leak(t):
    """What its consumer sees is the result, not the edit."""
    t.files({"in": "1\n", "in2": "1\n"})
    t.ninja(edge("mid", "cat in > mid", "in"), edge("out", "cat mid in2 > out", "mid in2"))
    t.build(ran={"mid", "out"})
    t.outputs_write("mid", "edited\n")
    t.write("in2", "2\n")
    t.build(ran={"out"})


@scenario("hidden output")
def undeclared_output_is_restored_when_deleted(t):
    """What a command writes beside its declared outputs belongs to it."""
    t.write("in", "1\n")
    t.ninja(edge("out", "cat in > out; cat in > side", "in"))
    t.build(ran={"out"})
    t.outputs_remove("side")
    t.noop(hit=1)
    t.outputs_remove("out", "side")
    t.noop(hit=1)
    t.write("in", "2\n")
    t.build(ran={"out"})


@scenario("rule 39", needs=("gcc",))
def coverage_notes_are_restored(t):
    """A .gcno that no edge declares comes back with its object."""
    t.write("m.c", "int f(int a) { return a ? 1 : 2; }\n")
    t.ninja(cc("m.c", "--coverage"))
    t.build(ran={"m.o"}, ignore=["m.gcno", "m.o"])
    notes = tree.entry(t.path("m.gcno"))
    t.expect(notes is not None, "gcc made no m.gcno")
    t.outputs_remove("m.gcno")
    t.noop(ignore=["m.gcno", "m.o"], hit=1)
    t.outputs_remove("m.gcno", "m.o")
    t.noop(ignore=["m.gcno", "m.o"], hit=1)
    t.expect(tree.entry(t.path("m.gcno")) == notes, "m.gcno is not what it was")


@scenario("rule 33")
def deleted_output_directory_is_rebuilt_from_the_cache(t):
    """`rm -rf out`: files, nested and empty directories come back, nothing runs."""
    t.write("in", "1\n")
    t.ninja(edge("out/x/f", "mkdir -p out/x/y out/empty && cat in > out/x/f && cat in > out/x/y/g",
                 "in"), edge("out/h", "cat out/x/f > out/h", "out/x/f"))
    t.build(ran={"out/x/f", "out/h"}, uncacheable=0)
    t.noop()
    t.outputs_remove("out")
    t.noop(hit=2)
    t.expect(os.path.isdir(t.path("out/empty")), "the empty directory is missing")
    t.noop()


@scenario("rule 33")
def deleted_empty_directory_comes_back(t):
    """Only the empty directory is gone."""
    t.write("in", "1\n")
    t.ninja(edge("out", "mkdir -p made/empty; cat in > out", "in"))
    t.build(ran={"out"})
    t.outputs_remove("made")
    t.noop()


@scenario("output kinds")
def symlink_outputs_are_replayed_as_symlinks(t):
    """Relative, dangling and directory links come back as links with the same target."""
    t.files({"in": "1\n", "d/f": "f\n"})
    t.ninja(edge("link", "ln -s in link && ln -s nowhere dangling && ln -s d dirlink", "in",
                 side="dangling dirlink"))
    t.build(ran={"link"}, uncacheable=0)
    t.noop()
    t.outputs_remove("link", "dangling", "dirlink")
    t.noop(hit=1)
    t.expect(os.readlink(t.path("dangling")) == "nowhere", "the dangling link changed")


@scenario("output kinds")
def executable_bit_of_outputs_is_replayed(t):
    """A program stays a program, data stays data; a consumer can run it after replay."""
    t.files({"in": "#!/bin/sh\necho made\n", "in2": "1\n"})
    t.ninja(edge("prog", "cat in > prog && chmod +x prog && cat in > data", "in", side="data"),
            edge("out", "./prog > out; cat in2 >> out", "prog in2"))
    t.build(ran={"prog", "out"})
    t.outputs_remove("prog", "data", "out")
    t.noop(hit=2)
    t.outputs_remove("prog")
    t.write("in2", "2\n")
    t.build(ran={"out"})
    t.expect(os.stat(t.path("prog")).st_mode & stat.S_IXUSR, "prog lost its x-bit")


@scenario("output kinds")
def chmod_of_an_output_is_put_right(t):
    """An output whose x-bit was taken away is not current."""
    t.write("in", "#!/bin/sh\necho made\n")
    t.ninja(edge("prog", "cat in > prog && chmod +x prog", "in"))
    t.build(ran={"prog"})
    os.chmod(t.path("prog"), 0o644)
    t.noop()


@scenario("outputs: sizes")
def empty_and_large_outputs_are_replayed(t):
    """Zero bytes and twenty million bytes."""
    t.write("in", "1\n")
    t.ninja(edge("empty", ": > empty", "in"),
            edge("large", "yes 0123456789 | head -c 20000000 > large", "in"))
    t.build(ran={"empty", "large"})
    t.outputs_remove("empty", "large")
    t.noop(hit=2)
    t.expect(os.path.getsize(t.path("large")) == 20000000, "large has another size")


@scenario("outputs: many")
def edge_with_many_outputs_is_one_pip(t):
    """Thirty outputs: named once in `ran`, all replayed, one missing is enough."""
    names = [f"o{i:02}" for i in range(30)]
    t.write("in", "1\n")
    t.ninja(edge(" ".join(names[:20]), "for i in " + " ".join(names) + "; do cat in > $i; done",
                 "in", side=" ".join(names[20:])))
    t.build(ran={"o00"}, total=1)
    t.outputs_remove("o17", "o29")
    t.noop(hit=1)
    t.outputs_remove(*names)
    t.noop(hit=1)


@scenario("ninja: restat")
def restat_edge_with_equal_result_stops_there(t):
    """restat and content agree: the consumer of an unchanged result does not run."""
    t.write("in", "a # one\n")
    t.ninja(edge("gen", "cut -d' ' -f1 in > gen.tmp; cmp -s gen.tmp gen || cp gen.tmp gen;"
                 " rm gen.tmp", "in", restat=1), edge("out", "cat gen > out", "gen"))
    t.build(ran={"gen", "out"})
    t.write("in", "a # two\n")
    t.build(ran={"gen"})
    t.noop()


@scenario("rule 34")
def own_leftovers_are_no_inputs(t):
    """A tool that looks for its own output and its own cache file first is cached and replayed."""
    t.write("in", "1\n")
    t.ninja(edge("out", "test -f out && echo old > out || cat in > out; "
                 "test -f info && cat info > /dev/null; cat in > info", "in"))
    t.build(ran={"out"}, uncacheable=0)
    t.noop()
    t.write("in", "2\n")
    t.build(ran={"out"})
    t.write("in", "1\n")
    t.noop(hit=1)


@scenario("rule 34")
def random_scratch_names_are_no_inputs(t):
    """Written under another name each time, then renamed: replayed, and no scratch file is left."""
    t.write("in", "1\n")
    t.ninja(edge("out", "cat in > out.$$ && mv out.$$ out", "in"))
    t.build(ran={"out"}, uncacheable=0)
    t.outputs_remove("out")
    t.noop(hit=1)
    t.write("in", "2\n")
    t.build(ran={"out"})


@scenario("rules 40, 50")
def renamed_directory_carries_its_members(t):
    """A directory made under another name and renamed: its members are outputs under the new one."""
    t.write("a.in", "1\n")
    t.ninja(edge("a.stamp", "mkdir work && cat a.in > work/f && rm -rf fin && mv work fin "
                 "&& touch a.stamp", "a.in"),
            edge("b", "cat fin/f > b", "a.stamp"))
    t.build(ran={"a.stamp", "b"})
    t.noop()
    t.write("a.in", "2\n")
    t.build(ran={"a.stamp", "b"})
    t.outputs_remove("fin")
    t.noop()
    t.write("a.in", "1\n")
    t.noop(hit=2)


@scenario("outputs: fewer than last time")
def output_no_longer_written_is_removed(t):
    """The second run makes less than the first: what it left out is stale, whichever way it comes."""
    t.write("in", "a b c\n")
    t.ninja(edge("stamp", "for i in $(cat in); do echo $i > f.$i; done; touch stamp", "in"))
    t.build(ran={"stamp"})
    t.write("in", "a c\n")
    t.build(ran={"stamp"})
    t.expect(not os.path.exists(t.path("f.b")), "f.b is still there")
    t.write("in", "a b c\n")
    t.noop(hit=1)
    t.write("in", "a c\n")
    t.noop(hit=1)
    t.expect(not os.path.exists(t.path("f.b")), "f.b survived the replay")


@scenario("outputs: all")
def all_outputs_deleted_are_all_replayed(t):
    """A small tree of compiles and a link: everything is a hit."""
    t.files({f"s{i}.c": f"int f{i}(void) {{ return {i}; }}\n" for i in range(4)})
    t.write("main.c", "int main(void) { return 0; }\n")
    objects = ["main.o"] + [f"s{i}.o" for i in range(4)]
    t.ninja(cc("main.c"), *(cc(f"s{i}.c") for i in range(4)),
            edge("bin/app", "gcc " + " ".join(objects) + " -o bin/app", " ".join(objects)))
    t.build(ran={*objects, "bin/app"}, total=6)
    t.outputs_remove(*objects, "bin")
    t.noop(hit=6)
    t.noop()
