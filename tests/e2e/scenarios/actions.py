"""Commands that are actions, commands that fail, and what they say."""
from harness.ninja import edge, phony
from harness.scenario import scenario


@scenario("rule 16")
def forced_edge_runs_each_time_and_stops_there(t):
    """An always-dirty phony input (CMake's FORCE): runs each time; its unchanged result runs nobody."""
    t.write("in", "1\n")
    t.ninja(phony("FORCE"), edge("v", "cat in > v", "in", implicit="FORCE"),
            edge("out", "cat v > out", "v"))
    t.build(ran={"v", "out"})
    t.build(ran={"v"})
    t.build(ran={"v"})
    t.write("in", "2\n")
    t.build(ran={"v", "out"})


@scenario("rule 16")
def forced_through_another_phony(t):
    """The same through an alias."""
    t.write("in", "1\n")
    t.ninja(phony("FORCE"), phony("always", "FORCE"),
            edge("v", "cat in > v", "in", order_only="", implicit="always"))
    t.build(ran={"v"})
    t.build(ran={"v"})


@scenario("rule 16")
def edge_that_makes_nothing_runs_each_time(t):
    """A test or install target never makes its output: it runs whenever it is asked for."""
    t.write("in", "1\n")
    t.ninja(edge("app", "cat in > app", "in"), edge("check", "cat app; echo checked", "app"),
            "default app\n")
    t.build(ran={"app"}, total=1)
    t.build("check", ran={"check"}, says=["checked"])
    t.build("check", ran={"check"}, says=["checked"])
    t.noop(silent_on=["checked"])


@scenario("rule 16")
def console_edge_runs_each_time(t):
    """pool = console: an action, even when it makes its output."""
    t.write("in", "1\n")
    t.ninja(edge("log", "cat in > log; echo hello-console", "in", pool="console"),
            edge("out", "cat in > out", "in"))
    t.build(ran={"log", "out"}, says=["hello-console"])
    t.build(ran={"log"}, says=["hello-console"])


@scenario("rule 16")
def install_to_a_stamp_with_the_console_runs_twice(t):
    """CMake's install shape: console pool, no output, depends on everything."""
    t.write("in", "1\n")
    t.ninja(edge("app", "cat in > app", "in"), phony("all", "app"),
            edge("install.util", "mkdir -p dest; cp app dest/app", "all", pool="console"),
            phony("install", "install.util"), "default all\n")
    t.build(ran={"app"})
    t.build("install", ran={"install.util"})
    t.outputs_remove("dest")
    t.build("install", ran={"install.util"}, check=False)
    t.expect(t.read("dest/app") == "1\n", "install did not install")


@scenario("replay of text")
def text_of_a_command_is_replayed_with_its_hit(t):
    """Warnings on stdout and stderr are shown again when the result comes from the cache."""
    t.write("in", "1\n")
    t.ninja(edge("out", "echo to-stdout; echo to-stderr >&2; cat in > out", "in"))
    t.build(ran={"out"}, says=["to-stdout", "to-stderr"])
    t.outputs_remove("out")
    t.noop(hit=1, says=["to-stdout", "to-stderr"])


@scenario("failure")
def failed_command_is_tried_again_and_its_fix_runs(t):
    """Exit 1 with the command's own words; again exit 1; after the fix only what is due."""
    t.files({"in": "bad\n", "other": "1\n"})
    t.ninja(edge("other.out", "cat other > other.out", "other"),
            edge("out", "cat in > out; echo the-reason >&2; grep -q good in", "in",
                 order_only="other.out"),
            edge("end", "cat out > end", "out"))
    t.build(exit=1, ran={"other.out"}, failed=1, skipped=1, says=["the-reason", "out"])
    t.build(exit=1, ran=(), failed=1, skipped=1, says=["the-reason"])
    t.write("in", "good\n")
    t.build(ran={"out", "end"})
    t.noop()


@scenario("failure")
def failure_is_not_cached_for_another_state(t):
    """The failed command's junk is no source for others and gone after its edge is."""
    t.files({"in": "1\n", "b.in": "b\n"})
    t.ninja(edge("a", "mkdir -p inc; echo junk > inc/junk.h; false", "in"))
    t.build(exit=1, failed=1, ran=())
    t.ninja(edge("b", "cat inc/*.h > b 2>/dev/null; cat b.in >> b", "b.in"))
    t.build(ran={"b"})


@scenario("failure")
def keep_going_does_all_that_can_be_done(t):
    """-k 0: independent work is done, dependents are skipped; the fix runs only what is left."""
    t.files({"a": "1\n", "b": "bad\n", "c": "1\n", "d": "1\n"})
    t.ninja(*(edge(f"{n}.out", f"cat {n} > {n}.out", n) for n in "acd"),
            edge("b.out", "cat b > b.out; ! grep -q bad b", "b"),
            edge("sum", "cat a.out b.out > sum", "a.out b.out"))
    t.build(exit=1, args=["-k", "0"], ran={"a.out", "c.out", "d.out"}, failed=1, skipped=1, total=5)
    t.write("b", "good\n")
    t.build(ran={"b.out", "sum"})


@scenario("failure", jobs=(1,))
def first_failure_stops_the_rest(t):
    """-k 1, the default: what has not started is skipped and done next time."""
    t.files({"a": "1\n", "b": "bad\n"})
    t.ninja(edge("b.out", "cat b > b.out; ! grep -q bad b", "b"),
            *(edge(f"a{i}", f"cat a > a{i}; cat b.out >> a{i}", "a", order_only="b.out")
              for i in range(3)))
    t.build(exit=1, ran=(), failed=1, skipped=3)
    t.write("b", "good\n")
    t.build(ran={"b.out", "a0", "a1", "a2"})


@scenario("failure")
def command_killed_by_a_signal_failed(t):
    """A crash is a failure, its partial output no result."""
    t.write("in", "1\n")
    t.ninja(edge("out", "echo half > out; kill -SEGV $$", "in"))
    t.build(exit=1, failed=1, ran=())
    t.build(exit=1, failed=1, ran=())
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(ran={"out"})


@scenario("failure")
def command_that_is_not_there_fails(t):
    """sh says 127; when the tool appears the edge runs."""
    t.write("in", "1\n")
    t.ninja(edge("out", "./maker in > out", "in"))
    t.build(exit=1, failed=1, ran=(), says=["maker"])
    t.write("maker", "#!/bin/sh\ncat $1\n")
    t.build(ran={"out"})
