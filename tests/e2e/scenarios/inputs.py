"""What a command reads decides whether it runs: declared or not, present or absent, file or listing."""
import os

from harness.ninja import cc, edge
from harness.scenario import scenario

USES_X = '#include "x.h"\nint v = X;\n'


@scenario("declared header")
def declared_input_edit_runs_its_edge_only(t):
    """An edited declared input runs the edge that names it, not its neighbour; undoing it is a hit."""
    t.files({"a": "1\n", "b": "1\n"})
    t.ninja(edge("out.a", "cat a > out.a", "a"), edge("out.b", "cat b > out.b", "b"))
    t.build(ran={"out.a", "out.b"}, total=2)
    t.write("a", "2\n")
    t.build(ran={"out.a"})
    t.noop()
    t.write("a", "1\n")
    t.noop(hit=1 if t.kept else 2)


@scenario("depfile header", needs=("gcc",))
def depfile_header_edit_recompiles(t):
    """A header known only from the depfile is an input; only the objects that include it run."""
    t.files({"m.c": USES_X, "n.c": "int w;\n", "inc/x.h": "#define X 1\n"})
    t.ninja(cc("m.c", "-Iinc"), cc("n.c", "-Iinc"))
    t.build(ran={"m.o", "n.o"})
    t.noop()
    t.write("inc/x.h", "#define X 2\n")
    t.build(ran={"m.o"})


@scenario("shadowing header", needs=("gcc",))
def new_header_earlier_in_the_include_path_is_seen(t):
    """An absent probe is an input: a header that appears earlier in the -I path is found."""
    t.files({"m.c": USES_X, "b/x.h": "#define X 1\n", "a/other.h": ""})
    t.ninja(cc("m.c", "-Ia -Ib"))
    t.build(ran={"m.o"})
    t.write("a/x.h", "#define X 2\n")
    t.build(ran={"m.o"})
    t.remove("a/x.h")
    t.noop(hit=1)


@scenario("shadowing header", needs=("gcc",))
def include_directory_that_appears_is_searched(t):
    """A probe below a directory that does not exist yet counts too, without a depfile.

    When only the directory appears the compiler may look again: it had found it absent.
    """
    t.files({"m.c": USES_X, "b/x.h": "#define X 1\n"})
    t.ninja(cc("m.c", "-Ia/deep -Ib", depfile=False))
    t.build(ran={"m.o"})
    t.write("a/deep/unrelated.h", "")
    t.build(ran=(), may={"m.o"})
    t.noop()
    t.write("a/deep/x.h", "#define X 3\n")
    t.build(ran={"m.o"})


@scenario("test -f")
def file_probed_for_appears_and_goes(t):
    """`test -f` on an absent file is an input; when the file goes again the first result is a hit."""
    t.write("in", "1\n")
    t.ninja(edge("out", "if test -f opt.cfg; then cat opt.cfg; else cat in; fi > out", "in"))
    t.build(ran={"out"})
    t.write("opt.cfg", "2\n")
    t.build(ran={"out"})
    t.remove("opt.cfg")
    t.noop(hit=1)


@scenario("glob")
def glob_gains_and_loses_a_member(t):
    """A listing is an input: a new member runs the edge, an unrelated file elsewhere does not."""
    t.files({"d/a.txt": "a\n", "d/b.txt": "b\n"})
    t.ninja(edge("out", "cat d/*.txt > out", "d/a.txt d/b.txt"))
    t.build(ran={"out"})
    t.write("d/c.txt", "c\n")
    t.build(ran={"out"})
    t.write("e/other.txt", "")
    t.noop()
    t.remove("d/c.txt")
    t.noop(hit=1)


@scenario("glob")
def listing_of_the_build_directory_hides_what_is_private(t):
    """`ls` of the build directory sees sources and not `.bxl`; a new source is noticed."""
    t.write("in", "1\n")
    t.ninja(edge("all.txt", "ls -A | grep -v -e ninja -e all.txt > all.txt", "in"))
    t.build(check=False, ran={"all.txt"})
    t.write("other", "")
    t.build(check=False, ran={"all.txt"})
    names = set(t.read("all.txt").split()) - {".bxl", ".bxl-root"}
    t.expect(names == {"in", "other"}, f"lists {names}")


@scenario("glob")
def renamed_member_of_a_listing_counts(t):
    """Same number of members, another name: the listing differs."""
    t.files({"d/a": "", "d/b": ""})
    t.ninja(edge("out", "ls d > out"))
    t.build(ran={"out"})
    t.rename("d/b", "d/c")
    t.build(ran={"out"})


@scenario("undeclared read")
def undeclared_read_edit_runs(t):
    """A file nobody declared is an input once it was read; its first content is a hit again later."""
    t.files({"in": "1\n", "hid": "1\n"})
    t.ninja(edge("out", "cat in hid > out", "in"))
    t.build(ran={"out"})
    t.write("hid", "2\n")
    t.build(ran={"out"})
    t.noop()
    t.write("hid", "1\n")
    t.noop(hit=1)


@scenario("undeclared read")
def read_set_that_changes_is_followed(t):
    """The second run reads another file than the first; an edit of the old one is then nothing."""
    t.files({"which": "a", "a": "1\n", "b": "2\n"})
    t.ninja(edge("out", "cat $(cat which) > out"))
    t.build(ran={"out"})
    t.write("which", "b")
    t.build(ran={"out"})
    t.write("a", "3\n")
    t.noop()
    t.write("b", "4\n")
    t.build(ran={"out"})


TOOL = "#!/bin/sh\ncat $1; echo {}\n"


@scenario("tool, mtime kept")
def tool_edit_with_restored_mtime_runs(t):
    """A script of the same size with its mtime put back is another tool."""
    t.files({"in": "1\n", "tool": TOOL.format(1)})
    t.ninja(edge("out", "./tool in > out", "in"))
    t.build(ran={"out"})
    t.write("tool", TOOL.format(2), keep_times=True)
    t.build(ran={"out"})


@scenario("tool, new mtime")
def tool_edit_runs(t):
    """A tool that is no declared input is an input."""
    t.files({"in": "1\n", "tool": TOOL.format(1)})
    t.ninja(edge("out", "./tool in > out", "in"))
    t.build(ran={"out"})
    t.write("tool", TOOL.format(2))
    t.build(ran={"out"})
    t.write("tool", TOOL.format(1))
    t.noop(hit=1)


@scenario("rule 30")
def tool_that_loses_its_x_bit_is_another_input(t):
    """The x-bit belongs to the content of an input."""
    t.files({"in": "1\n", "tool": TOOL.format(1)})
    t.ninja(edge("out", "./tool in > out 2>/dev/null || echo cannot > out", "in"))
    t.build(ran={"out"})
    t.chmod("tool", 0o644)
    t.build(ran={"out"})
    t.expect(t.read("out") == "cannot\n", "the tool ran without its x-bit")
    t.chmod("tool", 0o755)
    t.noop(hit=1)


@scenario("rule 30", unprivileged=True)
def unreadable_file_is_not_an_absent_one(t):
    """EACCES is no absence: the result is used but neither clean nor cached."""
    t.files({"in": "1\n", "secret": "s\n"})
    t.chmod("secret", 0)
    t.ninja(edge("out", "cat secret > out 2>/dev/null || echo none > out", "in"))
    t.build(ran={"out"}, uncacheable=1)
    t.build(ran={"out"})
    t.chmod("secret", 0o644)
    t.build(ran={"out"})
    t.expect(t.read("out") == "s\n", "the file became readable and was not read")
    t.noop()


@scenario("touched input", needs=("gcc",))
def touched_input_runs_nothing(t):
    """Same bytes, new time: nothing runs."""
    t.files({"m.c": USES_X, "x.h": "#define X 1\n"})
    t.ninja(cc("m.c"))
    t.build(ran={"m.o"})
    t.touch("m.c")
    t.touch("x.h")
    t.noop()


@scenario("mtime restored", needs=("gcc",))
def edit_with_restored_mtime_and_size_runs(t):
    """Size and mtime alone are never believed."""
    t.write("m.c", "int v=1;\n")
    t.ninja(cc("m.c"))
    t.build(ran={"m.o"})
    t.write("m.c", "int v=2;\n", keep_times=True)
    t.build(ran={"m.o"})


@scenario("mtime restored")
def replaced_file_with_older_mtime_runs(t):
    """A file renamed into place with a time of long ago (tar, cp -p) is a change."""
    t.files({"in": "new\n", "old/in": "old\n"})
    t.both(lambda d: os.utime(d + "/old/in", (10**9, 10**9)))
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(ran={"out"})
    t.rename("old/in", "in")
    t.build(ran={"out"})


@scenario("command line", needs=("gcc",))
def command_line_change_runs(t):
    """Another -D runs; the former one is a hit."""
    t.write("m.c", "int v=Y;\n")
    t.ninja(cc("m.c", "-DY=1"))
    t.build(ran={"m.o"})
    t.ninja(cc("m.c", "-DY=2"))
    t.build(ran={"m.o"})
    t.ninja(cc("m.c", "-DY=1"))
    t.noop(hit=1)


@scenario("input list")
def shrinking_input_list_runs(t):
    """An input taken off the list, and put back."""
    t.files({"a": "1\n", "b": "2\n"})
    t.ninja(edge("out", "cat a b > out", "a b"))
    t.build(ran={"out"})
    t.ninja(edge("out", "cat a > out", "a"))
    t.build(ran={"out"})
    t.ninja(edge("out", "cat a b > out", "a b"))
    t.noop(hit=1)


@scenario("rule 14")
def stat_of_a_file_counts_as_its_content(t):
    """Commands that decide by size alone, without opening the file, follow an edit."""
    t.files({"f": "1\n", "g": "1\n", "d/h": "1\n"})
    t.ninja(edge("s", "stat -c %s f > s"), edge("w", "wc -c < g > w"),
            edge("x", "find d -type f -size +1 > x"))
    t.build(ran={"s", "w", "x"})
    t.noop()
    t.write("f", "longer\n")
    t.build(ran={"s"})
    t.write("g", "longer\n")
    t.build(ran={"w"})
    t.write("d/h", "l" * 2000)
    t.build(ran={"x"})
    t.expect(t.read("x") == "d/h\n", "find does not see the new size")


GIT = ("export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'\n"
       "git init -q -b main . && git add src build.ninja\n"
       "git -c user.name=a -c user.email=a@b commit -q -m one\n")


@scenario("rule 14", needs=("git",))
def git_describe_sees_an_edited_tracked_file(t):
    """`git describe --dirty` only stats tracked files, and refreshed stat data is no change.

    git itself rewrites .git/index as long as its stat data is too young: such runs are not cached.
    """
    t.write("src/f", "1\n")
    t.ninja(edge("ver", "git describe --always --dirty > ver"))
    t.shell(GIT)
    t.build(ran={"ver"})
    t.expect("dirty" not in t.read("ver"), "dirty from the start")
    for _ in range(3):
        t.build(ran=(), may={"ver"})
    t.noop()
    t.write("src/f", "edited\n")
    t.build(ran={"ver"})
    t.expect("dirty" in t.read("ver"), "does not say dirty")
    t.write("src/f", "1\n")
    t.build(ran=(), may={"ver"})


@scenario("rule 18")
def path_through_proc_self_cwd_is_an_input(t):
    """Magic links are classified by where they lead."""
    t.files({"x": "1\n", "y": "1\n"})
    t.ninja(edge("o1", "cat /proc/self/cwd/x > o1"), edge("o2", "exec 3<y; cat /dev/fd/3 > o2"))
    t.build(ran={"o1", "o2"})
    t.noop()
    t.write("x", "2\n")
    t.build(ran={"o1"})
    t.write("y", "2\n")
    t.build(ran={"o2"})


@scenario("symlinks")
def symlink_input_retargeted(t):
    """A link on the way to an input is an input, as a file and as a directory."""
    t.files({"a": "a\n", "b": "b\n", "v1/f": "1\n", "v2/f": "2\n"})
    t.symlink("a", "link")
    t.symlink("v1", "cur")
    t.ninja(edge("o1", "cat link > o1", "link"), edge("o2", "cat cur/f > o2"))
    t.build(ran={"o1", "o2"})
    t.symlink("b", "link")
    t.build(ran={"o1"})
    t.symlink("v2", "cur")
    t.build(ran={"o2"})
    t.symlink("v1", "cur")
    t.noop(hit=1 if t.kept else 2)


@scenario("symlinks")
def file_replaced_by_a_symlink_to_equal_bytes(t):
    """`readlink` notices what `cat` does not."""
    t.files({"f": "same\n", "g": "same\n"})
    t.ninja(edge("kind", "readlink f > kind || echo file > kind", "f"))
    t.build(ran={"kind"})
    t.remove("f")
    t.symlink("g", "f")
    t.build(ran={"kind"})


@scenario("early cut-off", needs=("gcc",))
def comment_edit_stops_at_the_object(t):
    """A comment in a header makes the same object: the link does not run."""
    t.files({"m.c": USES_X + "int main(void) { return 0; }\n", "x.h": "#define X 1 /* a */\n"})
    t.ninja(cc("m.c"), edge("app", "gcc m.o -o app", "m.o"))
    t.build(ran={"m.o", "app"})
    t.write("x.h", "#define X 1 /* b */\n")
    t.build(ran={"m.o"})
    t.noop()
    t.write("x.h", "#define X 2 /* b */\n")
    t.build(ran={"m.o", "app"})


@scenario("early cut-off")
def unchanged_generated_file_stops_a_long_chain(t):
    """Four edges in a row; the first makes the same bytes from another source."""
    t.write("in", "a # one\n")
    t.ninja(edge("1", "cut -d' ' -f1 in > 1", "in"), edge("2", "cat 1 1 > 2", "1"),
            edge("3", "cat 2 2 > 3", "2"), edge("4", "cat 3 > 4", "3"))
    t.build(ran={"1", "2", "3", "4"})
    t.write("in", "a # two\n")
    t.build(ran={"1"})
    t.write("in", "b # two\n")
    t.build(ran={"1", "2", "3", "4"})
    t.write("in", "a # one\n")
    t.noop(hit=4)
