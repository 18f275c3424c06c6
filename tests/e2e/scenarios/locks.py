"""Two builds in one workspace, and a build inside a build."""
import os

from harness.ninja import NAP, edge
from harness.scenario import scenario


@scenario("rule 27", state=("kept",))
def second_build_waits_and_then_has_nothing_to_do(t):
    """Two builds of one workspace at once: the second says that it waits, both succeed."""
    t.write("in", "1\n")
    t.ninja(edge("out", f"{NAP}; cat in > out", "in"))
    first = t.start()
    first.wait_for_nap()
    second = t.start()
    second.wait_until_says("waiting")
    first.finish(ran={"out"})
    second.finish(ran=(), says=["waiting"])


@scenario("rule 27", state=("kept",))
def no_wait_gives_up_at_once(t):
    """--no-wait: exit 6 while another build holds the workspace, which is not disturbed."""
    t.write("in", "1\n")
    t.ninja(edge("out", f"{NAP}; cat in > out", "in"))
    first = t.start()
    first.wait_for_nap()
    t.start(args=["--no-wait"]).finish(exit=6, check=False, wake=False)
    first.finish(ran={"out"})
    t.noop(args=["--no-wait"])


@scenario("rule 27", state=("kept",))
def lock_of_a_killed_build_is_free(t):
    """A build that was killed leaves no lock behind."""
    t.write("in", "1\n")
    t.ninja(edge("out", f"{NAP}; cat in > out", "in"))
    first = t.start()
    first.wait_for_nap()
    first.signal_group(9)
    first.finish(exit=-9, check=False, summary=False)
    t.build(ran={"out"})


@scenario("rule 27", state=("kept",))
def nested_build_of_the_same_workspace_fails_at_once(t):
    """bxl inside a command of the same workspace would wait for itself: exit 2 and a sentence."""
    t.write("in", "1\n")
    t.ninja(edge("out", f"{t.bxl} build -C . --cache {t.cache} > text 2>&1; echo $? > out", "in"))
    t.build(exit=(0, 4), check=False)
    t.expect(t.read("out") == "2\n", f"the nested build exits {t.read('out')!r}")
    t.expect("bxl" in t.read("text"), "the nested build said nothing")


@scenario("rule 27", state=("kept",))
def build_through_a_symlink_is_the_same_workspace(t):
    """DIR by another spelling: same root, same lock, nothing to do."""
    t.write("in", "1\n")
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(ran={"out"})
    link = f"{t.base}/w/link"
    os.symlink("ws", link)
    t.start(root=link).finish(ran=(), clean=1, check=False)
