"""Bad input: a sentence with its place, an exit code, nothing touched; once it is corrected nothing done is done again."""
import hashlib
import os
import re
import shutil
import stat
import subprocess

from harness.ninja import PRELUDE, edge
from harness.scenario import scenario

GOOD = (edge("mid", "cat in > mid", "in"), edge("out", "cat mid > out", "mid"))


def digest(directory):
    """Kind, mode, mtime and bytes of everything below but .bxl; directories without their mtime."""
    found = {}
    for at, names, files in os.walk(directory):
        names[:] = [name for name in names if name != ".bxl"]
        for name in names + files:
            path = os.path.join(at, name)
            info = os.lstat(path)
            content = ""
            if stat.S_ISLNK(info.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(info.st_mode) and os.access(path, os.R_OK):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            stamp = 0 if stat.S_ISDIR(info.st_mode) else info.st_mtime_ns
            found[path] = (info.st_mode, stamp, content)
    return found


def refused(t, *says, exit=3, matches=(), targets=()):
    """A build that must be refused with all of `says` and patterns `matches`, and must change nothing."""
    t.own()
    before = digest(t.root)
    done = t.build(*targets, exit=exit, says=says, check=False, sources=False)
    for pattern in matches:
        t.expect(re.search(pattern, done.text), f"{pattern!r} is not in: {done.text}")
    after = digest(t.root)
    changed = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    t.expect(not changed, f"a refused build changed {changed[:4]}")
    t.expect("error" in done.text, f"no error is printed: {done.text}")
    return done


def bxl(t, *args):
    """(exit code, what it says) of the wrapper on some other directory."""
    done = subprocess.run([*t.prefix, t.bxl, "build", "--cache", t.cache, *args], cwd=t.base,
                          env=t._environment({}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


MALFORMED = {
    "no rule\n": "build.ninja:1:4: expected '='",
    PRELUDE + "build out sh in\n": "build.ninja:4:16: expected ':'",
    PRELUDE + "build out: nosuch in\n": "build.ninja:4:12: unknown build rule 'nosuch'",
    PRELUDE + "build out: sh in\n  cmd\n": "build.ninja:5:6: expected '='",
    PRELUDE + "build out: sh in\n\tcmd = x\n": "build.ninja:5:1: tabs are not allowed",
    PRELUDE + "build : sh in\n": "build.ninja:4:7: expected path",
    PRELUDE + "build out: sh in": "build.ninja:4:17: unexpected end of file",
    PRELUDE + "build out: sh in$": "build.ninja:4:17: unexpected end of file",
    PRELUDE + "build o$!ut: sh in\n": "build.ninja:4:8: bad $-escape",
    PRELUDE + "build $empty: sh in\n": "build.ninja:4:7: empty path",
    PRELUDE + "rule sh\n  command = x\n": "build.ninja:4:6: duplicate rule 'sh'",
    PRELUDE + "rule x\n  comand = x\n": "build.ninja:5:3: unexpected variable 'comand'",
    PRELUDE + "rule x\n": "build.ninja:5:1: expected 'command =' line",
    PRELUDE + "default nowhere\n": "build.ninja:4:9: unknown target 'nowhere'",
    PRELUDE + "include nowhere.ninja\n": "build.ninja:4:9: loading 'nowhere.ninja'",
    "include build.ninja\n": "build.ninja:1:9: files include each other more than 100 levels deep",
    PRELUDE + "pool p\n  depth = many\n": "build.ninja:5:3: invalid pool depth 'many'",
    PRELUDE + "build out: sh in\n  pool = p\n": "build.ninja:4:1: unknown pool name 'p'",
    PRELUDE + "build out: sh in\nbuild out: sh in\n": "build.ninja:5:7: multiple rules generate 'out'",
    PRELUDE + "build out out: sh in\n": "build.ninja:4:11: 'out' is listed as an output twice",
    PRELUDE + "build out: sh out\n": "cycle",
    "ninja_required_version = 9.0\n": "build.ninja:1:1: this manifest needs ninja 9.0",
    PRELUDE + "build out: sh nowhere.c\n": "nowhere.c",
    PRELUDE + "v = a\0b\n": "build.ninja:4:6: unexpected NUL",
    "\x7fELF\x02\x01\x01\0": "build.ninja:1:1: unexpected character",
    "<<<<<<< ours\n": "build.ninja:1:1: unexpected character",
}


@scenario("refused", jobs=(1,), state=("kept",))
def malformed_manifests_change_nothing(t):
    """26 kinds of broken build.ninja over a finished build: place and reason, no byte or time changed."""
    t.write("in", "1\n")
    t.ninja(*GOOD)
    t.build(ran={"mid", "out"})
    for text, says in MALFORMED.items():
        t.write("build.ninja", text)
        refused(t, says)
    t.ninja(*GOOD)
    t.noop()


@scenario("refused", jobs=(1,))
def malformed_include_and_cycle_after_work(t):
    """An included file that broke, then a cycle: named; with the manifest mended all is there."""
    t.files({"in": "1\n", "sub/more.ninja": "build out2: sh in\n  cmd = cat in > out2\n"})
    t.ninja(*GOOD, "subninja sub/more.ninja\n")
    t.build(ran={"mid", "out", "out2"})
    t.write("sub/more.ninja", "build out2: sh in\n  cmd cat in > out2\n")
    refused(t, "sub/more.ninja:2:7: expected '='")
    t.write("sub/more.ninja", "build out2: sh in | last\n  cmd = cat in > out2\n"
            "build last: sh out2\n  cmd = cat out2 > last\n")
    refused(t, "cycle", "out2", "last")
    t.write("sub/more.ninja", "build out2: sh in\n  cmd = cat in > out2\n")
    t.noop()


@scenario("refused", jobs=(1,))
def missing_source_after_work(t):
    """A source disappears and comes back: named with who needs it, then nothing is to do."""
    t.write("in", "1\n")
    t.ninja(*GOOD)
    t.build(ran={"mid", "out"})
    t.remove("in")
    refused(t, "'mid'", "missing", matches=[r"build\.ninja:4", r"/in'"])
    t.write("in", "1\n")
    t.noop()


@scenario("refused", jobs=(1,), state=("kept",))
def files_in_the_place_of_build_ninja(t):
    """A directory, a FIFO, a link to nothing, a link to itself: exit 2 or 3 and no wait for anybody."""
    t.write("in", "1\n")
    t.write(".git/HEAD", "ref: refs/heads/main\n")  # the search for another build.ninja ends here
    t.ninja(*GOOD)
    t.build(ran={"mid", "out"})
    os.remove(t.path("build.ninja"))
    os.mkdir(t.path("build.ninja"))
    refused(t, "no build.ninja", exit=2)
    os.rmdir(t.path("build.ninja"))
    os.mkfifo(t.path("build.ninja"))
    refused(t, "no build.ninja", exit=2)
    os.remove(t.path("build.ninja"))
    os.symlink("nowhere", t.path("build.ninja"))
    refused(t, "no build.ninja", exit=2)
    os.remove(t.path("build.ninja"))
    os.symlink("build.ninja", t.path("build.ninja"))
    refused(t, "build.ninja", exit=(2, 3))
    os.remove(t.path("build.ninja"))
    t.ninja(*GOOD)
    t.noop()


@scenario("refused", jobs=(1,), state=("kept",), unprivileged=True)
def unreadable_files(t):
    """build.ninja, an included file, a source that may not be read: named, with the reason."""
    t.files({"in": "1\n", "more.ninja": "# more\n"})
    t.ninja(*GOOD, "include more.ninja\n")
    t.build(ran={"mid", "out"})
    t.chmod("build.ninja", 0o000)
    refused(t, "build.ninja", "Permission denied")
    t.chmod("build.ninja", 0o644)
    t.chmod("more.ninja", 0o000)
    refused(t, "build.ninja:8:9: loading 'more.ninja'", "Permission denied")
    t.chmod("more.ninja", 0o644)
    t.noop()


@scenario("refused", jobs=(1,), state=("kept",), unprivileged=True)
def directory_that_may_not_be_written(t):
    """No place for .bxl: exit 6 names it; with the right to write the build goes on."""
    t.write("in", "1\n")
    t.ninja(*GOOD)
    t.own()
    os.chmod(t.root, 0o555)
    refused(t, f"{t.root}/.bxl", exit=6)
    os.chmod(t.root, 0o755)
    t.build(ran={"mid", "out"})
    os.chmod(t.root, 0o555)
    t.noop()  # nothing has to be written into it
    t.write("in", "2\n")
    done = t.build(exit=(1, 6), check=False, sources=False)
    t.expect("mid" in done.text and "Permission denied" in done.text, done.text)
    os.chmod(t.root, 0o755)
    t.build(ran={"mid", "out"})


@scenario("refused", jobs=(1,), state=("kept",))
def huge_and_binary_manifests(t):
    """64 MB of newlines, one line of 32 MB, 32 MB of random bytes: an answer, soon."""
    t.write("in", "1\n")
    t.ninja(*GOOD)
    t.build(ran={"mid", "out"})
    with open(t.path("build.ninja"), "rb") as file:
        good = file.read()

    def replace(data):  # not in the shadow: nothing is built from it
        with open(t.path("build.ninja"), "wb") as file:
            file.write(data)
    replace(b"x" * (32 << 20))
    done = refused(t, "build.ninja:1:")
    t.expect(len(done.text) < 2000, "a line of the file is printed in full length")
    replace(bytes(range(256)) * (1 << 17))
    refused(t, "build.ninja:1:1: unexpected NUL")
    replace(b"\n" * (64 << 20) + b"build\n")
    refused(t, "build.ninja:67108865:6: expected path")
    replace(good)
    t.noop()


@scenario("rule 53", jobs=(1,), state=("kept",))
def directories_that_are_no_workspace(t):
    """/, the home directory, what holds it, and a link to it: exit 2, nothing made there."""
    home = f"{t.base}/home"
    with open(f"{home}/build.ninja", "w", encoding="utf-8") as file:
        file.write("rule r\n  command = echo > $out\nbuild out: r\n")
    shutil.copy(f"{home}/build.ninja", f"{t.base}/build.ninja")
    os.symlink(home, f"{t.base}/link")
    t.own()
    for args in (["-C", home], ["-C", t.base], ["-C", f"{t.base}/link"],
                 ["-C", f"{home}/../home/."], ["-C", "/", "-c", f"{home}/build.ninja"]):
        code, text = bxl(t, *args)
        t.expect(code == 2 and "the workspace would be" in text, f"{args}: exit {code}, {text}")
    for directory in (home, t.base, "/"):
        t.expect(not os.path.exists(f"{directory}/.bxl"), f"{directory}/.bxl was made")
    os.mkdir(f"{home}/project")
    shutil.copy(f"{home}/build.ninja", f"{home}/project/build.ninja")
    os.remove(f"{home}/build.ninja")
    t.own()
    code, text = bxl(t, "-C", f"{home}/project")
    t.expect(code == 0, f"a project below the home directory is refused: {text}")


@scenario("names", jobs=(1,))
def workspace_behind_a_symlink(t):
    """By link and by its real name it is one workspace, and one state."""
    t.write("real/in", "1\n")
    t.write("real/build.ninja", PRELUDE + "".join(GOOD))
    t.symlink("real", "link")
    t.dir = "link"
    t.build(ran={"mid", "out"})
    t.dir = "real"
    t.noop()
    t.write("real/in", "2\n")
    t.dir = "link"
    t.build(ran={"mid", "out"})


@scenario("names", jobs=(1,))
def names_with_newlines(t):
    """ninja cannot spell them, but commands list and make such files."""
    t.files({"d/a\nb": "1\n", "d/plain": "", "in": "1\n"})
    t.ninja(edge("list", "ls d > list"),
            edge("out", "cat in > out; printf x > \"$(printf 'new\\nline')\"", "in"))
    t.build(ran={"list", "out"})
    t.noop()
    t.outputs_remove("list", "new\nline")
    t.noop(hit=2)
    t.write("d/c\nd", "2\n")
    t.build(ran={"list"})
    t.remove("d/a\nb")
    t.build(ran={"list"})


@scenario("names", jobs=(2,), state=("kept",))
def five_thousand_inputs(t):
    """One edge with 5000 inputs by response file: one of them counts."""
    names = [f"d{i % 10}/i{i}" for i in range(5000)]
    for name in names:
        t.write(name, "")
    t.write(names[4321], "here\n")
    t.ninja("rule join\n  command = xargs cat < $out.rsp > $out\n  rspfile = $out.rsp\n"
            "  rspfile_content = $in\nbuild out: join " + " ".join(names) + "\n")
    t.build(ran={"out"})
    t.noop()
    t.write(names[4999], "last\n")
    t.build(ran={"out"})
    t.remove(names[77])
    refused(t, names[77], "missing")
    t.write(names[77], "")
    t.noop()


@scenario("nested workspaces", jobs=(1,), state=("kept",))
def workspace_inside_a_workspace(t):
    """The inner one's outputs are the outer one's sources: read, followed, never removed or listed as its own."""
    t.files({"in": "1\n", "inner/in": "1\n"})
    t.write("inner/build.ninja", PRELUDE + edge("made", "cat in > made", "in"))
    t.ninja(edge("out", "cat in inner/made > out", "in"))
    t.dir = "inner"
    t.build(ran={"made"})
    t.both(lambda d: d == t.shadow and open(f"{d}/inner/made", "w", encoding="utf-8").write("1\n"))
    t.dir = "."
    t.build(ran={"out"})
    t.noop()
    inner = digest(t.path("inner"))
    t.ninja(edge("other", "cat in inner/made > other", "in"))
    t.build(ran={"other"})
    t.expect(digest(t.path("inner")) == inner, "the outer build changed the inner workspace")
    t.write("inner/in", "2\n")
    t.dir = "inner"
    t.build(ran={"made"}, check=False, sources=False)
    t.both(lambda d: d == t.shadow and open(f"{d}/inner/made", "w", encoding="utf-8").write("2\n"))
    t.dir = "."
    t.build(ran={"other"})
    t.dir = "inner"
    t.noop(check=False)


@scenario("nested workspaces", jobs=(1,), state=("kept",))
def write_into_a_workspace_inside_is_a_violation(t):
    """Declared or not: exit 4 with the inner workspace's name, and its next build is not misled."""
    t.files({"in": "1\n", "inner/in": "1\n"})
    t.write("inner/build.ninja", PRELUDE + edge("made", "cat in > made", "in"))
    t.ninja(edge("out", "cat in > out; echo x > inner/made", "in"))
    t.dir = "inner"
    t.build(ran={"made"}, check=False)
    t.dir = "."
    t.build(exit=4, says=["inside of %build%/inner, a workspace of its own"], check=False)
    t.ninja(edge("inner/other", "cat in > inner/other", "in"))
    t.build(exit=4, says=["inside of %build%/inner, a workspace of its own"], check=False)
    t.dir = "inner"
    t.build(check=False)
    t.expect(t.read("inner/made") == "1\n", f"made is {t.read('inner/made')!r}")
