"""Things that happen while a build runs: edits, directory swaps, signals, dead tools."""
import os
import signal

from harness import processes
from harness.ninja import NAP, edge
from harness.scenario import scenario


@scenario("edit during the run")
def input_edited_while_the_command_runs(t):
    """The result of the old content is not taken for the new one's, and not cached for either."""
    t.write("in", "1\n")
    t.ninja(edge("out", f"x=$(cat in); {NAP}; echo $x > out", "in"))
    build = t.start()
    build.wait_for_nap()
    t.write("in", "2\n")
    build.finish(check=False, ran={"out"}, uncacheable=1)
    t.build(ran={"out"})
    t.noop()
    t.write("in", "1\n")
    t.build(ran={"out"})


@scenario("edit during the run")
def undeclared_input_edited_while_the_command_runs(t):
    """The same for a file that only observation knows, replaced by rename with its mtime kept."""
    t.files({"in": "1\n", "hid": "1\n"})
    t.ninja(edge("out", f"x=$(cat hid); {NAP}; echo $x > out", "in"))
    build = t.start()
    build.wait_for_nap()
    t.write("hid", "2\n", keep_times=True)
    build.finish(check=False, ran={"out"}, uncacheable=1)
    t.build(ran={"out"})


@scenario("rule 12", state=("kept",), jobs=(1,))
def edit_and_build_in_one_breath(t):
    """A script that edits and builds at once is as well served as a slow user: what ran is cached."""
    t.ninja(edge("out", "cat in extra > out", "in"))
    for i in range(8):
        t.files({"extra": f"{i}\n", "in": f"{i}\n"})
        t.build(ran={"out"})
        t.noop(clean=1)


@scenario("rule 12")
def directory_swapped_while_the_command_runs(t):
    """mv inc inc.old; mv inc2 inc: every file keeps its old times, only the directory changed."""
    t.files({"in": "1\n", "inc/x.h": "old\n", "inc2/x.h": "new\n"})
    t.ninja(edge("out", f"x=$(cat inc/x.h); {NAP}; echo $x > out", "in"))
    build = t.start()
    build.wait_for_nap()
    t.rename("inc", "inc.old")
    t.rename("inc2", "inc")
    build.finish(check=False, ran={"out"})
    t.build(ran={"out"})
    t.noop()


@scenario("rule 12")
def member_added_while_the_command_runs(t):
    """A listing taken before the file came, hashed after."""
    t.files({"in": "1\n", "d/a": "a\n"})
    t.ninja(edge("out", f"x=$(ls d); {NAP}; echo $x > out", "in"))
    build = t.start()
    build.wait_for_nap()
    t.write("d/b", "b\n")
    build.finish(check=False, ran={"out"})
    t.build(ran={"out"})


@scenario("rule 12")
def file_that_appears_while_the_command_runs(t):
    """Probed in vain, there at the end."""
    t.write("in", "1\n")
    t.ninja(edge("out", f"test -f opt && x=yes || x=no; {NAP}; echo $x > out", "in"))
    build = t.start()
    build.wait_for_nap()
    t.write("opt", "")
    build.finish(check=False, ran={"out"})
    t.build(ran={"out"})


@scenario("rule 2")
def save_during_a_build_is_not_absorbed(t):
    """b1 and b2 are up to date when their inputs are saved in the middle: the next build runs them."""
    t.files({"slow.in": "1\n", "foo": "1\n", "hid": "1\n"})
    t.ninja(edge("slow", f"{NAP}; cat slow.in > slow", "slow.in"),
            edge("b1", "cat foo > b1", "foo"), edge("b2", "cat hid > b2"))
    t.build(ran={"slow", "b1", "b2"})
    t.write("slow.in", "2\n")
    build = t.start()
    build.wait_for_nap()
    t.write("foo", "2\n")
    t.write("hid", "2\n")
    build.finish(check=False, ran={"slow"}, may={"b1", "b2"})
    done = set(build.summary["ran"])
    t.build(ran={"b1", "b2"} - done)
    t.noop()


@scenario("rule 40")
def save_before_a_late_lookup_is_seen_by_it(t):
    """b waits for an order-only upstream; its input is saved meanwhile: b is looked up with it."""
    t.files({"slow.in": "1\n", "hid": "1\n"})
    t.ninja(edge("slow", f"{NAP}; cat slow.in > slow", "slow.in"),
            edge("b", "cat hid > b", order_only="slow"))
    t.build(ran={"slow", "b"})
    t.write("slow.in", "2\n")
    build = t.start()
    build.wait_for_nap()
    t.write("hid", "2\n")
    build.finish(ran={"slow", "b"})
    t.noop()


KILLED = [edge("a.stamp", "mkdir -p inc; cat a.in > inc/foo.h; touch a.stamp", "a.in"),
          edge("slow", f"{NAP}; cat s.in > slow", "s.in", order_only="a.stamp")]
AFTER = [edge("a.stamp", "mkdir -p inc; cat a.in > inc/foo2.h; touch a.stamp", "a.in"),
         edge("slow", "cat s.in > slow", "s.in", order_only="a.stamp"),
         edge("b", "cat inc/*.h > b; cat b.in >> b", "b.in", order_only="a.stamp")]


def kill_exec(t, build):
    pid = processes.eldest("bxl-exec", build.process.pid)
    t.expect(pid, "no bxl-exec runs")
    os.kill(pid, signal.SIGKILL)


@scenario("rule 6")
def outputs_are_known_after_kill_9(t):
    """bxl-exec is killed after A made inc/foo.h; A's output is then renamed: foo.h is no source."""
    t.files({"a.in": "a\n", "b.in": "b\n", "s.in": "s\n"})
    t.ninja(*KILLED)
    build = t.start()
    build.wait_for_nap()
    kill_exec(t, build)
    build.finish(exit=tuple(range(1, 256)), check=False, summary=False)
    processes.end_below(t.root)
    t.ninja(*AFTER)
    t.build(ran={"a.stamp", "slow", "b"})
    t.noop()


@scenario("rule 6")
def work_done_before_kill_9_is_right_or_done_again(t):
    """The same graph again after the kill: nothing half-made is taken for a result."""
    t.files({"a.in": "a\n", "s.in": "s\n"})
    t.ninja(*KILLED)
    build = t.start()
    build.wait_for_nap()
    kill_exec(t, build)
    build.finish(exit=tuple(range(1, 256)), check=False, summary=False)
    processes.end_below(t.root)
    t.build(ran={"slow"}, may={"a.stamp"})
    t.noop()


@scenario("summary", state=("kept",), jobs=(2,))
def summary_of_a_killed_build_tells_its_exit_code(t):
    """bxl-exec is killed: --summary is written all the same and says what the wrapper returns."""
    t.files({"a.in": "a\n", "s.in": "s\n"})
    t.ninja(*KILLED)
    build = t.start()
    build.wait_for_nap()
    kill_exec(t, build)
    build.finish(exit=tuple(range(1, 256)), check=False, summary=True)


@scenario("rule 6", state=("kept",))
def outputs_of_a_command_killed_midway_are_known(t):
    """bxl-exec and its command die with inc/foo.h half written: the file is junk, not a source."""
    t.files({"a.in": "a\n", "b.in": "b\n", "s.in": "s\n"})
    t.ninja(edge("a.stamp", f"mkdir -p inc; echo half > inc/foo.h; {NAP}; touch a.stamp", "a.in"))
    build = t.start()
    build.wait_for_nap()
    kill_exec(t, build)
    build.finish(exit=tuple(range(1, 256)), check=False, summary=False)
    processes.end_below(t.root)
    t.ninja(*AFTER)
    t.build(ran={"a.stamp", "slow", "b"})


@scenario("rule 6")
def ctrl_c_keeps_what_was_done(t):
    """SIGINT to the group: exit 130, finished work is not done again, the rest is right."""
    t.files({"a.in": "a\n", "s.in": "s\n"})
    t.ninja(*KILLED)
    build = t.start()
    build.wait_for_nap()
    build.signal_group(signal.SIGINT)
    build.finish(exit=130, check=False)
    t.expect(not processes.below(t.root), "a command outlived the build")
    t.build(ran={"slow"})
    t.noop()


@scenario("rule 6")
def ctrl_c_then_another_graph(t):
    """After an interrupted build the outputs of both the finished and the killed command are known."""
    t.files({"a.in": "a\n", "b.in": "b\n", "s.in": "s\n"})
    t.ninja(KILLED[0], edge("slow", f"echo half > inc/half.h; {NAP}; cat s.in > slow", "s.in",
                            order_only="a.stamp"))
    build = t.start()
    build.wait_for_nap()
    build.signal_group(signal.SIGINT)
    build.finish(exit=130, check=False)
    t.ninja(*AFTER)
    t.build(ran={"a.stamp", "slow", "b"})


@scenario("rule 6")
def terminated_build_exits_143(t):
    """SIGTERM to the group ends everything and the next build is right."""
    t.files({"a.in": "a\n", "s.in": "s\n"})
    t.ninja(*KILLED)
    build = t.start()
    build.wait_for_nap()
    build.signal_group(signal.SIGTERM)
    build.finish(exit=(143, -signal.SIGTERM), check=False, summary=False)
    processes.end_below(t.root)
    t.build(ran={"slow"}, may={"a.stamp"})
    t.noop()


@scenario("rule 8", jobs=(2,), state=("kept",))
def directory_that_a_running_command_has_seen(t):
    """`mkdir -p gen` finds gen; whoever made it runs again meanwhile: gen, though empty, stays for the first."""
    t.write("in", "1\n")
    t.ninja(edge("c", "cat in > c", "in"),
            edge("b", "if grep -q 1 in; then mkdir -p gen; cat in > gen/b; fi; cat c > b", "in c"),
            edge("a", f"mkdir -p gen; {NAP}; cat in > gen/a && cat in > a", "in"))
    t.build("b", ran={"b", "c"})
    t.build(ran={"a"})
    t.outputs_remove("gen/a", "gen/b")
    t.write("in", "2\n")
    build = t.start()
    build.wait_for_nap()
    processes.wait_until(lambda: t.exists("b") and t.read("b") == "2\n", "b was made anew", seconds=30)
    build.finish(ran={"a", "b", "c"})
    t.noop()


@scenario("rule 8", jobs=(2,), state=("kept",))
def directory_that_a_new_command_has_seen(t):
    """The same, but nothing tells that the first uses gen, which goes: its attempt is thrown away and made again."""
    t.write("in", "1\n")
    t.ninja(edge("c", "cat in > c", "in"),
            edge("b", "if grep -q 1 in; then mkdir -p gen; cat in > gen/b; fi; cat c > b", "in c"),
            edge("a", f"mkdir -p gen; {NAP}; cat in > gen/a && cat in > a", "in"))
    t.build("b", ran={"b", "c"})
    t.outputs_remove("gen/b")
    t.write("in", "2\n")
    build = t.start()
    build.wait_for_nap()
    processes.wait_until(lambda: t.exists("b") and t.read("b") == "2\n", "b was made anew", seconds=30)
    build.finish(ran={"a", "b", "c"})
    t.noop()
