"""Lazy outputs: which files each mode writes, counted against what is asked for and needed, and no more."""
import os

from harness.ninja import edge
from harness.scenario import scenario

# Contents of different sizes, so that bytes tell files apart.
SOURCES = {"gen.in": "gen\n", "a.in": "aaaaaaaa\n", "b.in": "b" * 20 + "\n", "main.in": "m" * 50 + "\n",
           "doc.in": "d" * 300 + "\n"}
OUTPUTS = {"gen.h", "sub/a.o", "sub/a.map", "sub/b.o", "lib", "app", "doc"}
OF_APP = OUTPUTS - {"doc"}

# The spellings of one mode, ours and BuildXL's.
REQUESTED = ((), ("--lazy=requested",), ("/enableLazyOutputs",))
ALL = (("--lazy=all",), ("/enableLazyOutputs-",))
MINIMAL = (("--lazy=minimal",), ("/enableLazyOutputs:minimal",))


def project(t):
    t.files(SOURCES)
    t.ninja(edge("gen.h", "cat gen.in > gen.h", "gen.in"),
            edge("sub/a.o", "cat gen.h a.in > sub/a.o; cat a.in a.in a.in > sub/a.map", "a.in gen.h"),
            edge("sub/b.o", "cat b.in > sub/b.o", "b.in"),
            edge("lib", "cat sub/a.o sub/b.o > lib", "sub/a.o sub/b.o"),
            edge("app", "cat lib main.in > app", "lib main.in"),
            edge("doc", "cat doc.in > doc", "doc.in"))
    t.build(ran=ALL_PIPS)


ALL_PIPS = {"gen.h", "sub/a.o", "sub/b.o", "lib", "app", "doc"}


def stamps(t):
    """Every output on disk, by what a write or a touch would change."""
    found = {}
    for name in OUTPUTS:
        if t.exists(name):
            info = os.lstat(t.path(name))
            found[name] = (info.st_ino, info.st_mtime_ns, info.st_size)
    return found


def remove_outputs(t):
    t.outputs_remove(*(name for name in OUTPUTS if t.exists(name)))


def writes(t, wanted, *targets, args=(), ran=(), **expected):
    """Builds; exactly `wanted` must have been written, those of pips that did not run by bxl, and counted."""
    before = stamps(t)
    built = t.build(*targets, args=args, ran=ran, check=expected.pop("check", False), **expected)
    after = stamps(t)
    changed = {name for name in after if after[name] != before.get(name)}
    t.expect(changed == set(wanted), f"written: {sorted(changed)}, expected {sorted(wanted)}")
    made_by_run = {"sub/a.o", "sub/a.map"} & set(wanted) if "sub/a.o" in ran else set()
    replayed = set(wanted) - set(ran) - made_by_run
    size = sum(after[name][2] for name in replayed)
    have = (built.summary["filesMaterialized"], built.summary["bytesMaterialized"])
    t.expect(have == (len(replayed), size),
             f"files and bytes materialized are {have}, expected {(len(replayed), size)}")
    return built


@scenario("lazy: requested")
def lazy_requested_writes_what_was_asked_for(t):
    """Fully cached, outputs deleted: everything without a request, else the outputs of the request alone.

    A target of Ninja's by its bare name brings what it is made from, as ninja would leave it,
    unless the mode is given.
    """
    project(t)
    for args in REQUESTED:
        remove_outputs(t)
        writes(t, OUTPUTS, args=args, hit=6, check=True)
        remove_outputs(t)
        writes(t, {"app"} if args else OF_APP, "app", args=args, hit=5)
        remove_outputs(t)
        writes(t, {"lib", "doc"}, args=(*args, "-f", "output='*/lib' or output='*/doc'"), hit=5)
        # The other output of the same pip comes along: its outputs are requested, not one file.
        remove_outputs(t)
        asked = {"sub/a.o", "sub/a.map"}
        writes(t, asked if args else {*asked, "gen.h"}, "sub/a.o", args=args, hit=2)
    remove_outputs(t)
    writes(t, {"app"}, args=("/f:output='*/app'",), hit=5)


@scenario("lazy: all")
def lazy_all_writes_everything_that_is_reached(t):
    """Fully cached, outputs deleted: also what only leads to the request."""
    project(t)
    for args in ALL:
        remove_outputs(t)
        writes(t, OUTPUTS, args=args, hit=6, check=True)
        remove_outputs(t)
        writes(t, OF_APP, "app", args=args, hit=5)
        remove_outputs(t)
        writes(t, {"gen.h", "sub/a.o", "sub/a.map", "sub/b.o", "lib"}, args=(*args, "-f", "output='*/lib'"), hit=4)


@scenario("lazy: minimal")
def lazy_minimal_writes_nothing_that_is_cached(t):
    """Fully cached, outputs deleted: no file, not even the target."""
    project(t)
    for args in MINIMAL:
        remove_outputs(t)
        writes(t, (), args=args, hit=6)
        writes(t, (), "app", args=args, hit=5)
        writes(t, (), args=(*args, "-f", "output='*/lib'"), hit=4)
        t.expect(not stamps(t), "outputs are on disk")
    writes(t, OUTPUTS, hit=6, check=True)


@scenario("lazy: one edit downstream", state=("kept",))
def lazy_modes_and_one_edit_downstream(t):
    """What runs gets what it needs; the rest is as the mode says."""
    project(t)
    edits = iter(range(100))

    def edit(name="main.in"):
        t.write(name, f"edit {next(edits)}\n")
        remove_outputs(t)

    for args in MINIMAL:
        edit()
        writes(t, OF_APP, args=args, ran={"app"}, hit=5)
    for args in REQUESTED:
        edit()
        writes(t, OF_APP, "app", args=args, ran={"app"}, hit=4)
    for args in ALL:
        edit()
        writes(t, OF_APP, "app", args=args, ran={"app"}, hit=4)
        edit()
        writes(t, OUTPUTS, args=args, ran={"app"}, hit=5, check=True)
    edit()
    writes(t, OUTPUTS, ran={"app"}, hit=5, check=True)


@scenario("lazy: left alone", state=("kept",))
def lazy_outputs_in_place_are_left_alone(t):
    """One output is missing: that one is written, no other gets a new inode or time, in any mode."""
    project(t)
    for args in (*REQUESTED, *ALL):
        t.outputs_remove("lib")
        writes(t, {"lib"}, args=args, hit=1, clean=5, check=True)
        writes(t, (), args=args, clean=6)
    for args in MINIMAL:
        t.outputs_remove("lib")
        writes(t, (), args=args, hit=1, clean=5)
        writes(t, {"lib"}, hit=1, clean=5)
    # Of a pip with two outputs the one that is in place stays.
    t.outputs_remove("sub/a.map")
    writes(t, {"sub/a.map"}, hit=1, clean=5, check=True)
    # A run that needs what is there finds it there.
    t.write("main.in", "edited\n")
    writes(t, {"app"}, args=("--lazy=minimal",), ran={"app"}, clean=5)


def saved(t):
    found = []
    for directory, _, files in os.walk(t.path(".bxl/saved")):
        for name in files:
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                found.append(file.read())
    return found


@scenario("lazy: edited by hand", state=("kept",))
def lazy_output_edited_by_hand_is_set_aside_and_replaced(t):
    """Content of the user's in the place of an output is noticed, kept in .bxl/saved, and replaced when asked for."""
    project(t)
    t.outputs_write("lib", "mine\n")
    writes(t, (), "app", args=("--lazy=requested",), hit=1, clean=4)
    t.expect(t.read("lib") == "mine\n", "an output that nobody asked for was replaced")
    writes(t, {"lib"}, hit=1, clean=5, says=("set aside",), check=True)
    t.expect(saved(t) == ["mine\n"], f".bxl/saved has {saved(t)}")
    # A run needs it.
    t.outputs_write("lib", "mine again\n")
    t.write("main.in", "edited\n")
    writes(t, {"lib", "app"}, args=("--lazy=minimal",), ran={"app"}, hit=1, says=("set aside",))
    t.expect(sorted(saved(t)) == ["mine\n", "mine again\n"], f".bxl/saved has {saved(t)}")
    # The same bytes, written by somebody else, are adopted as they are.
    text = t.read("lib")
    t.outputs_remove("lib")
    t.outputs_write("lib", text)
    writes(t, (), hit=1, clean=5, check=True, silent_on=("set aside",))
    t.noop(clean=6)
