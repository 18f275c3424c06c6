"""Symlinks and hard links on the way to inputs and outputs: everybody means the same file."""
from harness.ninja import edge
from harness.scenario import scenario


@scenario("rule 8")
def directory_of_outputs_may_be_a_link_of_the_user(t):
    """out -> shared: outputs below out are stored, replayed and put right like any others."""
    t.files({"in": "1\n", "shared/keep": ""})
    t.symlink("shared", "out")
    t.ninja(edge("out/x", "cat in > out/x; cat in > out/y", "in"),
            edge("z", "cat out/x out/y > z", "out/x"))
    t.build(ran={"out/x", "z"}, uncacheable=0)
    t.noop()
    t.outputs_remove("shared/x", "shared/y")
    t.noop()
    t.outputs_write("shared/x", "damaged\n")
    t.noop()
    t.write("in", "2\n")
    t.build(ran={"out/x", "z"})
    t.noop()


@scenario("rule 8")
def directory_of_outputs_may_be_a_link_that_an_edge_makes(t):
    """One edge makes gen -> real, the next writes gen/x: no directory stands in the link's way."""
    t.files({"in": "1\n", "real/keep": ""})
    t.ninja(edge("gen", "ln -sfn real gen"),
            edge("gen/x", "cat in > gen/x", "in", order_only="gen"),
            edge("out", "cat gen/x > out", "gen/x"))
    t.build(ran={"gen", "gen/x", "out"})
    t.noop()
    t.write("in", "2\n")
    t.build(ran={"gen/x", "out"})
    t.outputs_remove("real/x", "gen", "out")
    t.noop()
    t.noop()


@scenario("output kinds")
def directory_of_an_output_is_made_again_before_its_edge(t):
    """An earlier edge starts with rm -rf of the directory; the later one finds it, as with ninja."""
    t.write("in", "1\n")
    t.ninja(edge("stamp", "rm -rf gen && cat in > stamp", "in"),
            edge("gen/sub/x", "cat stamp > gen/sub/x", "stamp"))
    t.build(ran={"stamp", "gen/sub/x"})
    t.noop()


@scenario("symlinks")
def versioned_library_links_follow_the_library(t):
    """lib.so -> lib.so.1 -> lib.so.1.0, made by one edge or by two."""
    t.write("in", "1\n")
    t.ninja(edge("lib.so", "cat in > lib.so.1.0 && ln -sf lib.so.1.0 lib.so.1 && "
                 "ln -sf lib.so.1 lib.so", "in"),
            edge("alias.so", "ln -sf lib.so alias.so", "lib.so"),
            edge("use", "cat alias.so > use", "alias.so"))
    t.build(ran={"lib.so", "alias.so", "use"}, uncacheable=0)
    t.noop()
    t.write("in", "2\n")
    t.build(ran={"lib.so", "use"}, may={"alias.so"}, uncacheable=0)
    t.write("in", "1\n")
    t.noop()
    t.outputs_remove("lib.so.1.0", "alias.so")
    t.noop()


@scenario("symlinks")
def dangling_link_gets_a_target(t):
    """What a link does not lead to yet is an absent input."""
    t.write("in", "1\n")
    t.symlink("nowhere", "link")
    t.ninja(edge("out", "cat link > out 2>/dev/null || cat in > out", "in"))
    t.build(ran={"out"}, uncacheable=0)
    t.write("nowhere", "here\n")
    t.build(ran={"out"})
    t.remove("nowhere")
    t.noop()


@scenario("symlinks")
def linked_include_directory_is_retargeted(t):
    """inc -> v1 becomes inc -> v2: declared or not, what lies below is another file."""
    t.files({"in": "1\n", "v1/x.h": "one\n", "v2/x.h": "two\n"})
    t.symlink("v1", "inc")
    t.ninja(edge("seen", "cat in inc/x.h > seen", "in"),
            edge("named", "cat in inc/x.h > named", "in inc/x.h"))
    t.build(ran={"seen", "named"}, uncacheable=0)
    t.symlink("v2", "inc")
    t.build(ran={"seen", "named"})
    t.symlink("v1", "inc")
    t.noop()


@scenario("rule 47")
def hard_linked_outputs_come_back_one_by_one(t):
    """Two names of one file are two outputs."""
    t.write("in", "1\n")
    t.ninja(edge("a", "cat in > a; ln -f a b", "in", side="b"), edge("c", "cat a b > c", "a b"))
    t.build(ran={"a", "c"}, uncacheable=0)
    t.outputs_remove("b")
    t.noop()
    t.outputs_remove("a", "b", "c")
    t.noop()


@scenario("ln instead of cp")
def hard_links_to_inputs_are_outputs_like_others(t):
    """A link moves the change time of its source, of an output and of all other names: nothing has changed for that."""
    t.write("in", "1\n")
    t.ninja(edge("o1", "ln -f in o1", "in"), edge("o2", "ln -f o1 o2", "o1"), edge("r", "cat o1 >r", "o1"))
    t.build(ran={"o1", "o2", "r"}, uncacheable=0, silent_on=["set aside"])
    t.noop()
    t.outputs_remove("o2")
    t.noop()
    t.noop()
    t.write("in", "2\n")
    t.build(ran={"o1", "o2", "r"}, silent_on=["set aside"])
    t.noop()


@scenario("ln instead of cp", state=("kept",))
def hard_links_are_edited_through_any_name(t):
    """An edit in place of the source is one of its linked output: both are made anew, and no copy piles up."""
    t.write("in", "1\n")
    t.ninja(edge("o1", "ln -f in o1", "in"), edge("r", "cat o1 >r", "o1"))
    t.build(ran={"o1", "r"})
    for text in ("2", "3"):
        t.shell(f"echo {text} >>in")
        t.build(ran={"o1", "r"}, silent_on=["set aside"])
    t.noop()


@scenario("open for writing, write nothing")
def opening_for_writing_is_no_write(t):
    """r+ on an upstream output and on a source; with a byte written it is an edit as before."""
    t.write("in", "1\n")
    t.write("s", "2\n")
    opened = "python3 -c \"import sys; [sys.stdout.write(open(f, 'r+').read()) for f in ('db', 's')]\" >r"
    t.ninja(edge("db", "cat in >db", "in"), edge("r", opened, "db s"))
    t.build(ran={"db", "r"}, uncacheable=0)
    t.noop()
    t.write("s", "3\n")
    t.build(ran={"r"}, uncacheable=0)
    t.ninja(edge("db", "cat in >db", "in"), edge("r", opened.replace(".read()", ".write('x') and ''"), "db s"))
    t.build(exit=4, sources=False)
