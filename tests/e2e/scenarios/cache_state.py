"""Losing the state, the cache or both; one cache for several workspaces."""
import json
import os
import shutil
import time

from harness import tree
from harness.ninja import cc, edge
from harness.scenario import scenario


def chain(t):
    t.write("in", "1\n")
    t.ninja(edge("mid", "cat in > mid; cat in > side", "in"), edge("out", "cat mid mid > out", "mid"))
    t.build(ran={"mid", "out"})


@scenario("state", state=("kept",))
def state_lost_outputs_kept(t):
    """`rm -rf .bxl`: everything is a hit or clean, the outputs are not rewritten by running."""
    chain(t)
    t.forget_state()
    t.noop()
    t.forget_state()
    t.outputs_remove("mid", "side", "out")
    t.noop(hit=2)


@scenario("state", state=("kept",))
def cache_lost_state_kept(t):
    """The cache is gone and the outputs are current: nothing runs."""
    chain(t)
    t.forget_cache()
    t.noop(clean=2)
    t.write("in", "2\n")
    t.build(ran={"mid", "out"})


@scenario("state", state=("kept",))
def cache_and_outputs_lost(t):
    """Nothing to replay from: everything runs, and is right."""
    chain(t)
    t.forget_cache()
    t.outputs_remove("mid", "side", "out")
    t.build(ran={"mid", "out"})
    t.noop()


@scenario("rule 11", state=("kept",))
def content_lost_of_a_lazy_output_that_is_needed(t):
    """The store lost its blobs but not its entries: producers run again, in the same build."""
    t.files({"in": "1\n", "b.in": "1\n"})
    t.ninja(edge("mid", "cat in > mid", "in"), edge("out", "cat mid b.in > out", "mid b.in"))
    t.build(ran={"mid", "out"})
    t.outputs_remove("mid", "out")
    removed = 0
    for directory, _, files in os.walk(t.cache):
        for name in files:
            path = os.path.join(directory, name)
            if tree.entry(path)[1] == b"1\n":
                os.chmod(directory, 0o755)
                os.remove(path)
                removed += 1
    t.expect(removed, "no blob with the content of mid in the cache")
    t.write("b.in", "2\n")
    t.build(ran={"mid", "out"})
    t.noop()


def age_content(t, hours=48):
    """As if nobody had touched what is in the store for so long."""
    then = time.time() - 3600 * hours
    for directory, _, files in os.walk(os.path.join(t.cache, "objects")):
        for name in files:
            os.utime(os.path.join(directory, name), (then, then))


def stats(t):
    return json.loads(t.tool("bxl", "cache", "stats", "--json").stdout)


@scenario("rule 26", state=("kept",))
def evicted_content_is_made_again(t):
    """A collection that leaves nothing costs one run, and `bxl why` says so."""
    chain(t)
    age_content(t)
    said = t.tool("bxl", "gc", "--cache-size", "1").stdout.decode()
    t.expect("2 entries and " in said, f"bxl gc says {said!r}")
    t.expect(stats(t)["blobs"] == 0, "blobs are left")
    t.noop(clean=2)
    t.outputs_remove("mid", "out")
    t.build(ran={"mid", "out"})
    answer = t.tool("bxl", "why", "mid").stdout.decode()
    t.expect("evicted" in answer, f"why says {answer!r}")
    t.outputs_remove("mid", "out")
    t.noop(hit=2)


@scenario("rule 26", state=("kept",))
def what_a_build_uses_outlives_a_limit_that_is_too_small(t):
    """The collection at the end of a build takes old results and leaves those of the build."""
    small = ("--cache-size", "1k")
    t.files({"in": "1\n", "b.in": "1\n"})
    t.ninja(edge("mid", "cat in > mid", "in"), edge("out", "cat mid b.in > out", "mid b.in"))
    t.build(ran={"mid", "out"})
    t.outputs_remove("mid", "out")
    age_content(t)
    t.write("b.in", "2\n")
    t.build(ran={"out"}, args=small)
    t.expect(stats(t)["entries"] == 2, f"{stats(t)}: old out should be gone, mid was needed")
    t.outputs_remove("mid", "out")
    t.noop(hit=2, args=small)
    t.write("b.in", "1\n")
    t.build(ran={"out"}, args=small)


@scenario("augmented weak fingerprints", jobs=(1,), state=("kept",), needs=("gcc",), slow=True)
def fifty_edits_of_a_header_are_not_fifty_lookups(t):
    """Each edit makes the header include another file: a path set each, and few of them are visited."""
    t.write("m.c", '#include "h.h"\nint v = X;\n')
    t.ninja(cc("m.c"))

    def edit(n):
        t.write("h.h", f'#include "x{n}.h"\n')

    def few_visited(built):
        visited = built.summary["mostPathSetsVisited"]
        t.expect(visited <= 6, f"{visited} path sets were visited by one lookup")
        return visited

    visits = []
    for n in range(50):
        t.write(f"x{n}.h", f"#define X {n}\n")
        edit(n)
        visits.append(few_visited(t.build(ran={"m.o"}, check=n % 10 == 0)))
    t.expect(visits[5] == 5, f"five path sets are visited before they are augmented: {visits}")
    for n in (0, 4, 5, 6, 27):
        edit(n)
        few_visited(t.noop(hit=1))


@scenario("path sets", jobs=(1,), state=("kept",), needs=("gcc",))
def edits_that_change_no_path_set_share_one(t):
    """Eight contents of a header are one path set, visited once."""
    t.write("m.c", '#include "h.h"\nint v = X;\n')
    t.ninja(cc("m.c"))
    for n in range(8):
        t.write("h.h", f"#define X {n}\n")
        built = t.build(ran={"m.o"})
    t.expect(built.summary["mostPathSetsVisited"] == 1, f"{built.summary}")
    t.expect(stats(t)["pathSets"] == 1, f"{stats(t)}")
    t.write("h.h", "#define X 0\n")
    t.noop(hit=1)


@scenario("rule 21", state=("kept",))
def damaged_content_is_noticed_when_replayed(t):
    """A blob with a flipped byte is not handed out; its producer runs."""
    t.write("in", "some content\n")
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(ran={"out"})
    t.outputs_remove("out")
    damaged = 0
    for directory, _, files in os.walk(t.cache):
        for name in files:
            path = os.path.join(directory, name)
            if tree.entry(path)[1] == b"some content\n":
                os.chmod(path, 0o644)
                with open(path, "r+b") as file:
                    file.write(b"S")
                damaged += 1
    t.expect(damaged, "no blob with the content of out in the cache")
    t.build(ran={"out"})
    t.outputs_remove("out")
    t.noop(hit=1)


@scenario("rule 21")
def edited_output_does_not_change_the_cache(t):
    """Output overwritten in place and through chmod: what the cache holds is not touched by it."""
    t.write("in", "1\n")
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(ran={"out"})
    t.outputs_remove("out")
    t.noop(hit=1)
    os.chmod(t.path("out"), 0o644)
    t.outputs_write("out", "overwritten in place\n")
    t.noop()
    t.expect(t.read("out") == "1\n", "the cache's content was changed through the output")


@scenario("damaged database", state=("kept",))
def damaged_database_is_set_aside(t):
    """Garbage where the metadata was: the build goes on, says so, and is right."""
    chain(t)
    database = os.path.join(t.cache, "metadata.sqlite")
    t.expect(os.path.exists(database), "no metadata.sqlite in the cache")
    for name in os.listdir(t.cache):
        if name.startswith("metadata.sqlite"):
            with open(os.path.join(t.cache, name), "wb") as file:
                file.write(b"garbage " * 1000)
    t.outputs_remove("out")
    t.build(ran=(), may={"mid", "out"})
    t.noop()


@scenario("state", state=("kept",))
def damaged_state_is_no_state(t):
    """Every file of .bxl cut in half: the build is right."""
    chain(t)
    for directory, _, files in os.walk(t.path(".bxl")):
        for name in files:
            path = os.path.join(directory, name)
            if not os.path.islink(path):
                os.truncate(path, os.path.getsize(path) // 2)
    t.noop()
    t.write("in", "2\n")
    t.build(ran={"mid", "out"})


@scenario("rule 6", state=("kept",), jobs=(1,))
def damaged_record_of_outputs_makes_no_sources(t):
    """A flipped byte in .bxl/outputs.log: the copy in the cache tells what is a leftover."""
    t.files({"a.in": "gen\n", "b.in": "b\n"})
    reader = "cat inc/foo.h > b 2>/dev/null || cat b.in > b"
    t.ninja(edge("a.stamp", "mkdir -p inc; cat a.in > inc/foo.h; touch a.stamp", "a.in"),
            edge("b", reader, "b.in", order_only="a.stamp"))
    t.build(ran={"a.stamp", "b"})
    log = t.path(".bxl/outputs.log")
    with open(log, "rb") as file:
        data = bytearray(file.read())
    data[len(data) // 2] ^= 0x55
    with open(log, "wb") as file:
        file.write(data)
    t.ninja(edge("b", reader, "b.in"))
    t.build(ran={"b"})
    t.noop()


def other_checkout(t, name):
    """A second copy of the sources at another path of another length."""
    root = f"{t.base}/elsewhere/{name}"
    shutil.copytree(t.shadow, root, symlinks=True)
    return root


@scenario("rule 17", state=("kept",))
def checkout_elsewhere_does_not_get_the_first_ones_path(t):
    """A command prints its working directory; a second checkout shares the cache."""
    t.write("in", "1\n")
    t.ninja(edge("where", "pwd > where", "in"), edge("plain", "cat in > plain", "in"))
    t.build(check=False, ran={"where", "plain"})
    t.expect(t.read("where") == t.root + "\n", "pwd is not the workspace")
    other = other_checkout(t, "second")
    t.start(root=other).finish(check=False, ran={"where"}, may={"plain"})
    with open(f"{other}/where", encoding="utf-8") as file:
        t.expect(file.read() == other + "\n", "the second checkout got the first one's path")
    t.noop(check=False)


@scenario("rule 17", state=("kept",), needs=("gcc",))
def debug_information_names_the_right_checkout(t):
    """gcc -g writes the working directory into objects without being told it."""
    t.write("m.c", "int main(void) { return 0; }\n")
    t.ninja(cc("m.c", "-g"))
    t.build(check=False, ran={"m.o"})
    other = other_checkout(t, "second")
    t.start(root=other).finish(check=False)
    with open(f"{other}/m.o", "rb") as file:
        data = file.read()
    t.expect(t.root.encode() not in data, "the object names the other checkout")


@scenario("shared cache", state=("kept",))
def two_builds_at_once_share_a_cache(t):
    """Two workspaces build the same sources at the same time: both right, then nothing to do."""
    t.files({f"s{i}": f"{i}\n" for i in range(12)})
    t.ninja(*(edge(f"o{i}", f"cat s{i} s{i} > o{i}", f"s{i}") for i in range(12)))
    other = other_checkout(t, "second")
    first, second = t.start(), t.start(root=other)
    first.finish(failed=0, total=12)
    second.finish(failed=0, total=12, check=False)
    for i in range(12):
        with open(f"{other}/o{i}", encoding="utf-8") as file:
            t.expect(file.read() == f"{i}\n{i}\n", f"o{i} of the second is wrong")
    t.noop()
    t.start(root=other).finish(ran=(), check=False)


@scenario("shared cache")
def entry_of_a_moved_workspace(t):
    """The workspace is renamed as a whole: right afterwards, nothing of the old place is used."""
    t.files({"in": "1\n", "hid": "1\n"})
    t.ninja(edge("out", "cat in hid > out; pwd >> out", "in"))
    t.build(check=False, ran={"out"})
    old, t.root = t.root, f"{t.base}/w/renamed"
    os.rename(old, t.root)
    t.build(check=False, ran={"out"})
    t.expect(t.read("out") == f"1\n1\n{t.root}\n", f"out is {t.read('out')!r}")
    t.noop(check=False)
