"""What ordinary commands do in passing must neither go unseen nor make them uncached."""
import os

from harness.ninja import edge, phony
from harness.scenario import scenario


@scenario("rule 32")
def names_of_users_make_nothing_uncached(t):
    """ls -l, id and getent ask for names: sockets that nobody answers, /etc/passwd, and no more."""
    t.write("in", "1\n")
    t.ninja(edge("out", "ls -l in | wc -l > out; id -un >> out; id -gn >> out", "in"))
    done = t.build(ran={"out"})
    t.expect(done.summary["uncacheable"] == 0, f"uncached: {done.text}")
    t.outputs_remove("out")
    t.build(ran=set())


@scenario("rule 36", needs=("git",))
def git_status_refreshes_its_index_and_edits_nothing(t):
    """A command that asks git for changes is cached, and no violation; an edit reaches it."""
    t.files({"src/a": "1\n"})
    t.shell("cd src && git init -q . && git add a && git -c user.name=x -c user.email=x@y commit -qm m")
    t.ninja(edge("out", "git -C src status --porcelain > out"))
    t.build(ran={"out"})
    t.touch("src/a")
    t.build(ran=set(), may={"out"})
    t.write("src/a", "2\n")
    t.build(ran={"out"})


@scenario("rule 42")
def dependent_of_an_equal_result_is_up_to_date_without_a_cache(t):
    """The cache is gone, an upstream command makes the same bytes again: what follows needs no run."""
    t.files({"a": "1\n", "b": "b\n"})
    t.ninja(edge("mid", "wc -l < a > mid", "a"), edge("out", "cat mid b > out", "mid b"))
    t.build(ran={"mid", "out"})
    t.forget_cache()
    t.write("a", "2\n")
    # Without the workspace's state nobody knows the old result either.
    t.build(ran={"mid"} if t.kept else {"mid", "out"})


@scenario("rule 46")
def mask_of_the_caller_reaches_no_command(t):
    """Files have the same mode whoever starts the build."""
    t.write("in", "1\n")
    t.ninja(edge("out", "umask > out; cat in > made; stat -c %a made >> out", "in", side="made"))
    old = os.umask(0o077)
    try:
        t.build(ran={"out"}, check=False)  # ninja hands its own mask on
        t.expect(t.read("out") == "0022\n644\n", f"out is {t.read('out')!r}")
    finally:
        os.umask(old)
    t.build(ran=set(), check=False)


@scenario("rule 49")
def generator_that_always_runs_costs_itself_alone(t):
    """git describe into version.h before each build: everything waits for it, nothing follows it."""
    t.files({"version": "1\n"} | {f"s{i}": f"{i}\n" for i in range(6)})
    t.ninja(phony("FORCE"), edge("version.h", "cat version > version.h", implicit="FORCE"),
            *(edge(f"o{i}", f"cat s{i} version.h > o{i}", f"s{i}", order_only="version.h") for i in range(6)))
    t.build(ran={"version.h"} | {f"o{i}" for i in range(6)})
    t.build(ran={"version.h"})
    t.write("s3", "x\n")
    t.build(ran={"version.h", "o3"})
    t.write("version", "2\n")
    t.build(ran={"version.h"} | {f"o{i}" for i in range(6)})


@scenario("rule 54")
def replayed_outputs_are_no_older_than_what_they_are_made_of(t):
    """A make below, or a person, that compares times finds nothing to do."""
    t.write("in", "1\n")
    t.ninja(edge("a", "cat in > a", "in"), edge("b", "cat a > b", "a"), edge("c", "cat b > c", "b"))
    t.build(ran={"a", "b", "c"})
    t.outputs_remove("a", "b", "c")
    t.build(ran=set())
    times = [os.stat(t.path(name)).st_mtime_ns for name in ("in", "a", "b", "c")]
    t.expect(times == sorted(times), f"times are {times}")


@scenario("rule 34")
def nested_make_is_cached_and_follows_its_sources(t):
    """make inside a command decides by times; what it looked at counts by content."""
    t.files({"sub/Makefile": "out.txt: in.txt\n\tcat in.txt > $@\n", "sub/in.txt": "1\n"})
    t.ninja(edge("done", "mkdir -p work && cp sub/Makefile sub/in.txt work && make -s -C work && cat work/out.txt > done",
                 "sub/Makefile"))
    t.build(ran={"done"})
    t.noop()
    t.write("sub/in.txt", "2\n")
    t.build(ran={"done"})
    t.expect(t.read("done") == "2\n", f"done is {t.read('done')!r}")
