"""Files of the user that stand where a build writes: never lost, whatever the graph says."""
import os
import signal

from harness.ninja import NAP, edge
from harness.scenario import scenario


def saved(t, text):
    """Is a file with that text below .bxl/saved?"""
    for directory, _, files in os.walk(t.path(".bxl/saved")):
        for name in files:
            with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
                if file.read() == text:
                    return True
    return False


WITH = [edge("src/parser.c", "cat tmpl > src/parser.c", "tmpl"),
        edge("out", "cat src/parser.c > out", "src/parser.c")]
WITHOUT = [edge("out", "cat src/parser.c > out", "src/parser.c")]


@scenario("rule 7")
def generated_file_that_gets_checked_in_stays(t):
    """One branch generates src/parser.c, the other has it checked in: the user's file is never touched."""
    t.files({"tmpl": "generated\n", "src/keep": ""})
    t.ninja(*WITH)
    t.build(ran={"src/parser.c", "out"})
    t.ninja(*WITHOUT)
    t.write("src/parser.c", "checked in\n")
    t.build(ran={"out"})
    t.expect(t.read("src/parser.c") == "checked in\n", "the checked-in file was replaced")
    t.noop()


@scenario("rule 7")
def checkout_back_and_forth(t):
    """The checked-in file goes away again with its branch; both branches are right every time."""
    t.files({"tmpl": "generated\n", "src/keep": ""})
    t.ninja(*WITH)
    t.build(ran={"src/parser.c", "out"})
    t.ninja(*WITHOUT)
    t.write("src/parser.c", "checked in\n")
    t.build(ran={"out"})
    t.remove("src/parser.c")
    t.ninja(*WITH)
    t.noop(hit=2)
    t.ninja(*WITHOUT)
    t.write("src/parser.c", "checked in\n")
    t.noop(hit=1)


@scenario("rule 7")
def users_file_in_the_way_of_an_output_is_set_aside(t):
    """An untracked file stands where the edge writes: the edge wins, the file is kept and named."""
    t.write("tmpl", "generated\n")
    t.write("src/keep", "")
    t.outputs_write("src/parser.c", "precious\n")
    t.ninja(*WITH)
    t.build(ran={"src/parser.c", "out"}, says=["src/parser.c"])
    t.expect(saved(t, "precious\n"), "the user's file is nowhere")


@scenario("rule 7")
def users_file_in_the_way_of_a_replay_is_set_aside(t):
    """The same when the output comes from the cache."""
    t.write("tmpl", "generated\n")
    t.write("src/keep", "")
    t.ninja(*WITH)
    t.build(ran={"src/parser.c", "out"})
    t.outputs_remove("src/parser.c", "out")
    t.outputs_write("src/parser.c", "precious\n")
    t.noop()
    t.expect(saved(t, "precious\n"), "the user's file is nowhere")


@scenario("rule 7")
def edited_leftover_belongs_to_the_user(t):
    """An undeclared output that was edited stays when its generator leaves the graph, and is read."""
    t.files({"a.in": "gen\n", "b.in": "b\n"})
    reader = "cat inc/foo.h > b 2>/dev/null || cat b.in > b"
    t.ninja(edge("a.stamp", "mkdir -p inc; cat a.in > inc/foo.h; touch a.stamp", "a.in"),
            edge("b", reader, "b.in", order_only="a.stamp"))
    t.build(ran={"a.stamp", "b"})
    t.write("inc/foo.h", "mine now\n")
    t.ninja(edge("b", reader, "b.in"))
    t.build(ran={"b"})
    t.expect(t.read("inc/foo.h") == "mine now\n", "the user's file is gone")
    t.expect(t.read("b") == "mine now\n", "the user's file was not read")


@scenario("rule 7")
def users_file_in_the_way_of_an_undeclared_output(t):
    """A hit that would replace a user's file is no hit: whatever runs, the text is not lost."""
    t.write("in", "1\n")
    t.ninja(edge("stamp", "cat in > side.h; touch stamp", "in"))
    t.build(ran={"stamp"})
    t.outputs_remove("side.h", "stamp")
    t.outputs_write("side.h", "precious\n")
    done = t.build(exit=(0, 4), check=False, sources=False)
    kept = os.path.exists(t.path("side.h")) and t.read("side.h") == "precious\n"
    t.expect(kept or saved(t, "precious\n") or done.pips["hit"] + done.pips["clean"] == 0,
             "a replay destroyed the user's file")


@scenario("rule 8")
def source_named_as_output_is_restored_when_the_command_fails(t):
    """A file that bxl did not make is a declared output, and the command fails after touching it."""
    t.files({"in": "1\n", "parser.c": "tracked\n", "other.c": "tracked too\n"})
    t.ninja(edge("parser.c", "echo half > parser.c; false", "in"))
    t.build(exit=1, failed=1, ran=())
    t.expect(t.read("parser.c") == "tracked\n", "the user's file was not restored")
    t.ninja(edge("other.c", "false", "in"))
    t.build(exit=1, failed=1, ran=())
    t.expect(t.read("other.c") == "tracked too\n", "the user's file was not restored")


@scenario("rule 8")
def directory_named_as_output_is_not_emptied(t):
    """A declared output is a directory full of the user's files."""
    t.files({"in": "1\n", "docs/a.md": "a\n", "docs/sub/b.md": "b\n"})
    t.ninja(edge("docs", "false", "in"))
    t.build(exit=(1, 3, 4))
    t.ninja(edge("docs", "cat in > docs/made", "in"))
    t.build(exit=(0, 1, 3, 4), check=False)
    t.expect(t.read("docs/sub/b.md") == "b\n", "a file of the user is gone")


@scenario("rule 8")
def output_below_a_symlink_is_not_removed_through_it(t):
    """out -> shared: the file behind the link is not bxl's to remove."""
    t.files({"in": "1\n", "shared/x": "precious\n"})
    t.symlink("shared", "out")
    t.ninja(edge("out/x", "false", "in"))
    t.build(exit=(1, 3, 4))
    t.expect(t.read("shared/x") == "precious\n", "a file was removed through a symlink")


@scenario("rule 8")
def failing_command_leaves_the_last_good_state_reachable(t):
    """An output made by bxl, then its command fails: a return to the old source is a hit."""
    t.write("in", "good\n")
    t.ninja(edge("out", "cat in > out; grep -q good in", "in"))
    t.build(ran={"out"})
    t.write("in", "bad\n")
    t.build(exit=1, failed=1, ran=())
    t.write("in", "good\n")
    t.noop(hit=1)


def found(t, text):
    """Is a file with that text anywhere below the workspace?"""
    for directory, _, files in os.walk(t.root):
        for name in files:
            with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
                if file.read() == text:
                    return True
    return False


@scenario("rule 7", jobs=(1,))
def file_that_a_killed_command_edited_stays_the_users(t):
    """kill -9 while a command edits a file that was there before: it is nobody's output afterwards."""
    t.files({"in": "1\n", "notes": "precious\n"})
    t.ninja(edge("out", f"echo more >> notes; {NAP}; cat in > out", "in"))
    killed = t.start()
    killed.wait_for_nap()
    killed.signal_group(signal.SIGKILL)
    killed.finish(exit=-9, check=False, sources=False, summary=False, wake=False)
    t.ninja(edge("out", "cat notes in > out", "in"))
    t.build(check=False, sources=False, ran={"out"})
    t.expect(t.read("notes") == "precious\nmore\n", f"notes is {t.read('notes')!r}")
    t.expect(t.read("out") == "precious\nmore\n1\n", "the file was hidden from its reader")


@scenario("rule 7", jobs=(1,))
def file_that_a_killed_command_renamed_is_not_lost(t):
    """The same with a new name for it: the next run may not remove the only copy."""
    t.files({"in": "1\n", "notes": "precious\n"})
    t.ninja(edge("out", f"test ! -f notes || mv notes out; {NAP}", "in"))
    killed = t.start()
    killed.wait_for_nap()
    killed.signal_group(signal.SIGKILL)
    killed.finish(exit=-9, check=False, sources=False, summary=False, wake=False)
    t.build(exit=(0, 1, 4), check=False, sources=False)
    t.build(exit=(0, 1, 4), check=False, sources=False)
    t.expect(found(t, "precious\n"), "the user's file is nowhere")


@scenario("rule 7", jobs=(1,))
def file_that_a_command_renames_is_not_lost(t):
    """`mv` of a file that nobody made to a declared output: removing outputs before the next run spares it."""
    t.files({"in": "1\n", "notes": "precious\n"})
    t.ninja(edge("out", "mv notes out", "in"))
    for _ in range(3):
        t.build(exit=(0, 1, 4), check=False, sources=False)
        t.expect(found(t, "precious\n"), "the user's file is nowhere")


@scenario("rule 7", jobs=(1,))
def directory_that_a_command_renames_is_not_lost(t):
    """`mv` of a directory that nobody made: its members are not taken for outputs, nor scrubbed with the edge."""
    t.files({"in": "1\n", "docs/a.md": "precious\n"})
    t.ninja(edge("out", "test ! -d docs || mv docs kept; touch out", "in"))
    t.build(exit=(0, 4), check=False, sources=False)
    t.build(exit=(0, 4), check=False, sources=False)
    t.ninja(edge("other", "cat in > other", "in"))
    t.build(exit=(0, 4), check=False, sources=False)
    t.expect(found(t, "precious\n"), "the user's file is nowhere")


@scenario("rule 9")
def in_place_edit_of_a_source_is_never_replayed(t):
    """sed -i on a source: runs every time, is never clean or a hit, and the edit is never replayed."""
    t.write("src.txt", "a\n")
    t.ninja(edge("stamp", "sed -i s/a/a+/ src.txt && touch stamp", "src.txt"))
    first = t.build(exit=(0, 4), check=False, sources=False, clean=0, hit=0)
    second = t.build(exit=(0, 4), check=False, sources=False, clean=0, hit=0)
    if first.code == 0 and second.code == 0:
        t.expect(t.read("src.txt") == "a++\n", f"src.txt is {t.read('src.txt')!r}")
        t.expect(second.summary["ran"] == ["stamp"], "the second build did not run it")
    t.write("src.txt", "a\n")
    third = t.build(exit=(0, 4), check=False, sources=False, clean=0, hit=0)
    if third.code == 0:
        t.expect(third.summary["ran"] == ["stamp"], "the edit was replayed")


@scenario("rule 9")
def in_place_edit_beside_an_output_poisons_no_reader(t):
    """A formatter rewrites what another edge reads: the reader never keeps the wrong text."""
    t.files({"src.txt": "foo\n", "in": "1\n"})
    t.ninja(edge("fmt", "sed -i s/foo/bar/ src.txt; touch fmt", "in"),
            edge("out", "cat src.txt > out", "src.txt", order_only="fmt"))
    t.build(exit=(0, 4), check=False, sources=False)
    t.write("src.txt", "foo2\n")
    done = t.build(exit=(0, 4), check=False, sources=False)
    if done.code == 0:
        t.expect(t.read("out") == t.read("src.txt"), "out is not made from src.txt")


@scenario("rule 38")
def configuration_of_another_project_is_not_taken(t):
    """A config.dsc above the directory that has a build.ninja does not take over."""
    t.dir = "sub"
    t.write("config.dsc", "this is not for you\n")
    t.write("sub/in", "1\n")
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(ran={"out"})
    t.noop()


@scenario("rule 38")
def upward_search_stops_at_the_vcs_root(t):
    """A directory without a build file finds the one above, but not beyond its own repository."""
    t.files({"in": "1\n", "below/x": "", "repo/.git/HEAD": "ref: refs/heads/main\n"})
    t.ninja(edge("out", "cat in > out", "in"))
    t.write(".git/HEAD", "ref: refs/heads/main\n")
    t.build(ran={"out"})
    t.dir = "below"
    t.outputs_remove("out")
    t.start().finish(exit=0, check=False, ran=())
    t.expect(os.path.exists(t.path("out")), "the build file above was not found")
    t.dir = "repo"
    t.start().finish(exit=(2, 3), check=False)


@scenario("what a failed command leaves", state=("kept",))
def leftovers_of_failed_commands_are_no_files_of_the_user(t):
    """The depfile of a compiler that failed and a response file: no copy of them in .bxl/saved, however often it fails."""
    t.write("in", "exit 1\n")
    t.ninja("rule cc\n  command = echo $out: in >$out.d; . ./in; cat $out.rsp in >$out\n  depfile = $out.d\n  deps = gcc\n"
            "  rspfile = $out.rsp\n  rspfile_content = words\nbuild x.o: cc in\n")
    for _ in range(3):
        t.build(exit=1, failed=1, silent_on=["set aside", "restored"])
    t.write("in", "true\n")
    t.build(ran={"x.o"}, uncacheable=0, silent_on=["set aside"])
    t.expect(not t.exists(".bxl/saved"), "something was set aside")
    t.noop()
