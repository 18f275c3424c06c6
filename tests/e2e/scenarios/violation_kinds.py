"""Every kind of violation: the words a user reads, the exit code, and that the next build says so again."""
from harness.json_graph import copy_file, exclusive, pip, shared
from harness.ninja import edge
from harness.scenario import scenario

SLOW = "sleep 0.3; "


def told(t, code, *says, letter=None, **more):
    """The build ends with exit 4 for this reason, in every order, and so does the next one."""
    for _ in range(2):
        done = t.build(exit=4, says=[f"({code}: ", *says, "To fix it, "], sources=False, **more)
        found = [v for v in done.summary["violations"] if v["code"] == code]
        t.expect(found, f"{code} is not among {done.summary['violations']}")
        t.expect(not letter or found[0]["letter"] == letter, f"letter {found[0]['letter']}, not {letter}")


# --- reading ----------------------------------------------------------------------------------------
@scenario("DX5003")
def kind_read_of_a_declared_output(t):
    """The reader does not depend on the maker; whichever runs first."""
    t.write("in", "1\n")
    t.ninja(edge("a", "cp in a", "in"), edge("r", SLOW + "cat a > r"))
    told(t, "DX5003", "it read %build%/a, an output of a, which it does not depend on",
         "add a to the inputs of r", "build r: sh || a", letter="R")


@scenario("DX5009")
def kind_read_of_an_undeclared_output(t):
    """The file is nobody's declared output."""
    t.write("in", "1\n")
    t.ninja(edge("a", "cp in a; cp in extra", "in"), edge("r", SLOW + "cat extra > r"))
    told(t, "DX5009", "it read %build%/extra, an output of a, which it does not depend on", letter="R")


@scenario("DX5026")
def kind_probe_of_an_output_in_vain(t):
    """The reader looks too early, and finds nothing: its result would be another one later."""
    t.write("in", "1\n")
    t.ninja(edge("r", "test -e a; echo $? > r"), edge("a", SLOW + "cp in a", "in"))
    told(t, "DX5026", "in vain", "depend", "add a to the inputs of r", letter="MD")


@scenario("DX5007", jobs=(1,), state=("kept",))
def kind_read_of_what_a_dependent_made_before(t):
    """A file that was there before bxl knew it; what bxl knows is taken away, as it is from scratch."""
    t.write("in", "1\n")
    t.outputs_write("x", "of an unknown build\n")
    t.ninja(edge("first", "cat x in > first || cp in first", "in"), edge("x", "cp first x", "first"))
    told(t, "DX5007", "it read %build%/x, an output of x, which depends on it", letter="R")


@scenario("DX5006")
def kind_read_of_an_undeclared_source(t):
    """With undeclaredReads: deny."""
    t.files({"in": "1\n", "other": "2\n"})
    t.json(pip("p", "cat in other > out", ["in"], ["out"], undeclaredReads="deny"))
    told(t, "DX5006", "it read %ws%/other, a source that it does not declare",
         '"inputs" of pip "p", or a source seal that holds it', letter="R")


@scenario("DX5034")
def kind_read_outside_of_the_allowed_scopes(t):
    """With undeclaredReads: within. Files and directories; probes that find nothing are no reads."""
    t.files({"in": "1\n", "src/a": "a\n", "conf": "c\n", "other": "2\n"})

    def graph(*within):
        t.json(pip("p", "cat in src/a conf other > out; test ! -e none", ["in"], ["out"],
                   undeclaredReads={"within": list(within)}))
    graph("src", "conf")
    told(t, "DX5034", "it read %ws%/other, a source outside of where it may read undeclared ones",
         '"within" of its "undeclaredReads"', letter="R", silent_on=["src/a,", "conf,"])
    graph("src", "conf", "other")
    t.build(ran={"p"})
    t.noop()
    t.write("src/a", "b\n")
    t.build(ran={"p"})
    graph("src")
    t.build(exit=4, says=["other", "conf"])


# --- writing ----------------------------------------------------------------------------------------
@scenario("DX5002")
def kind_double_write(t):
    """Two pips write one file, ordered or not."""
    t.write("in", "1\n")
    t.ninja(edge("a", "cp in a; echo a > x", "in"), edge("b", SLOW + "cp in b; echo b > x", "in"))
    told(t, "DX5002", "it wrote %build%/x, an output of ", "let one of the two write x", letter="DW")
    t.ninja(edge("a", "cp in a; echo a > x", "in"), edge("b", "cp in b; echo b > x", "in | a"))
    told(t, "DX5002", "it wrote %build%/x, an output of a", letter="DW")


@scenario("DX5002", jobs=(1,))
def kind_removal_of_anothers_output(t):
    """As bad as writing it."""
    t.write("in", "1\n")
    t.ninja(edge("a", "cp in a; echo a > x", "in"), edge("b", "cp in b; rm -f x", "in | a"))
    told(t, "DX5002", "it removed %build%/x, an output of a", "take the removal of x out", letter="DW")


@scenario("DX5008")
def kind_undeclared_output(t):
    """Where only declared outputs may be written."""
    t.write("in", "1\n")
    t.json(pip("p", "cat in > out; cat in > extra", ["in"], ["out"]))
    told(t, "DX5008", "it wrote %ws%/extra, which is neither an output nor in an output directory of it",
         '"outputs" of pip "p"', letter="W")


@scenario("DX5047")
def kind_rewrite_of_an_existing_file(t):
    """A file of the user, outside of what may be written, or with sourceRewrites: deny inside of it."""
    t.files({"in": "1\n", "notes": "n\n", "d/kept": "k\n"})
    t.json(pip("p", "cat in > out; date > notes", ["in"], ["out"]))
    told(t, "DX5047", "it rewrote the existing file %ws%/notes", letter="W")
    t.files({"d/kept": "k\n", "notes": "n\n"})
    t.json(pip("p", "cat in > d/kept", ["in"], outputDirectories=shared("d"), sourceRewrites="deny"))
    told(t, "DX5047", "it rewrote the existing file %ws%/d/kept", letter="W")
    t.json(pip("p", "cat in > d/kept", ["in"], outputDirectories=shared("d")))
    t.build(ran={"p"}, uncacheable=1, sources=False)


@scenario("DX5033")
def kind_rewrite_of_a_declared_source(t):
    """Somebody names the file as his input."""
    t.files({"in": "1\n", "conf": "c\n"})
    t.json(pip("p", "cat in > out; cat in > conf", ["in"], ["out"]),
           pip("q", "cat conf > q", ["conf", "out"], ["q"]))
    told(t, "DX5033", "it rewrote %ws%/conf, a source that q declares", "write a copy elsewhere",
         letter="W")


@scenario("DX5023")
def kind_write_into_a_source_directory(t):
    """A source seal of somebody holds the place; a seal of the top alone does not hold deeper ones."""
    t.files({"in": "1\n", "inc/x.h": "x\n", "inc/deep/y.h": "y\n"})

    def graph(where, recursive):
        t.json(pip("p", f"cat in > out; cat in > {where}", ["in"], ["out"]),
               pip("q", "cat inc/x.h > q", [{"seal": "inc"}, "out"], ["q"]),
               seals=[{"id": "inc", "kind": "source", "path": "inc", "recursive": recursive}])
    graph("inc/deep/new.h", True)
    told(t, "DX5023", "it wrote %ws%/inc/deep/new.h, in %ws%/inc, a source directory for q", letter="W")
    graph("inc/deep/new.h", False)
    t.build(exit=4, says=["DX5008"])


@scenario("DX14533")
def kind_write_into_an_exclusive_directory(t):
    """It belongs to one pip alone."""
    t.write("in", "1\n")
    t.json(pip("gen", "cat in > gen/x", ["in"], outputDirectories=exclusive("gen")),
           pip("p", "cat in > out; cat in > gen/y", ["in", "gen"], ["out"]))
    told(t, "DX14533", "it wrote %ws%/gen/y, in an output directory of gen, which it does not share",
         '"kind": "shared"', letter="W")


@scenario("DX5029")
def kind_write_into_anothers_temporary_directory(t):
    """Its own pip may, and leaves nothing there."""
    t.files({"in": "1\n", "tmp/users": "u\n"})

    def graph(command):
        t.json(pip("owner", "cat in > tmp/mine; mkdir -p tmp/d; cat in > tmp/d/e; cat tmp/mine > owner", ["in"],
                   ["owner"], temporaryDirectories=["tmp"]),
               pip("p", command, ["in", "owner"], ["out"]))
    graph("cat in > out; cat in > tmp/theirs")
    told(t, "DX5029", "it wrote %ws%/tmp/theirs, in a temporary directory of owner", "write into $TMPDIR",
         letter="W")
    t.outputs_remove("tmp/theirs")
    graph("cat in > out")
    gone = ("tmp/mine", "tmp/d", "tmp/d/e")
    t.build(ignore=gone)
    t.noop(ignore=gone)
    t.expect(not t.exists("tmp/mine") and not t.exists("tmp/d"), "what it made in its temporary directory is gone")
    t.expect(t.read("tmp/users") == "u\n", "what was there is not")
    t.write("in", "2\n")
    t.build(ran={"owner", "p"}, uncacheable=0, ignore=gone)
    graph("cat in > out; cat tmp/users > /dev/null")
    t.build(ran={"p"}, ignore=gone)
    t.write("tmp/users", "v\n")
    t.build(ran={"p"}, ignore=gone)


@scenario("DX5032", jobs=(2,))
def kind_one_temporary_file_of_two(t):
    """Both use the name at the same time, in no order."""
    t.write("in", "1\n")
    wait = lambda mine, theirs: (f"echo > {mine}; n=0; while test ! -e {theirs} && test $n -lt 200; "
                                 "do sleep 0.02; n=$((n+1)); done; ")
    t.ninja(edge("a", wait("a.on", "b.on") + "echo a > work; sleep 0.2; rm -f work; cp in a", "in"),
            edge("b", wait("b.on", "a.on") + "echo b > work; sleep 0.2; rm -f work; cp in b", "in"))
    done = t.build(exit=4, sources=False)
    codes = {v["code"] for v in done.summary["violations"]}
    t.expect(codes & {"DX5032", "DX5002", "DX5026", "DX5009"}, f"{codes}")


# --- changing what others use -------------------------------------------------------------------------
@scenario("DX5025")
def kind_rewrite_of_what_another_uses_as_a_source(t):
    """In no order with the reader. In an order it is none, and uncached."""
    def graph(order):
        t.ninja(edge("r", SLOW + "cat shared > r"), edge("w", "echo w > shared; cp in w", "in" + order))
    t.write("in", "1\n")
    t.write("shared", "s\n")
    graph("")
    told(t, "DX5025", "shared", "uses", letter="MD")
    t.write("shared", "s\n")
    graph(" | r")
    t.build(ran={"r", "w"}, uncacheable=1, sources=False, check=False)


# --- what a declaration denies ------------------------------------------------------------------------
@scenario("undeclaredWrites: deny", needs=("python3",))
def kind_denied_writes_fail_and_do_no_harm(t):
    """The command meets EACCES, the file stays as it was, and the violation says who tried."""
    t.files({"in": "1\n", "precious": "p\n"})
    t.json(pip("p", "cat in > out; echo x > precious; chmod 600 precious; echo y > new; true", ["in"],
               ["out"], optionalOutputs=["opt/maybe"], outputDirectories=shared("gen"),
               undeclaredWrites="deny"))
    told(t, "DX5008", "it tried to write %ws%/precious, which its declaration denies it", letter="W")
    t.expect(t.read("precious") == "p\n" and not t.exists("new"), "nothing was written")
    t.json(pip("p", "cat in > out; cat in > opt/maybe; mkdir gen/d; cat in > gen/d/x; cat in > $TMPDIR/y; "
                    "echo > /dev/null", ["in"], ["out"], optionalOutputs=["opt/maybe"],
               outputDirectories=shared("gen"), undeclaredWrites="deny"))
    t.build(ran={"p"}, uncacheable=0)
    t.noop()
    t.outputs_remove("out", "opt", "gen")
    t.noop()


@scenario("network: deny", needs=("python3",))
def kind_denied_network(t):
    """A socket cannot even be made. Trusted: it can, and the result is cached."""
    t.write("in", "1\n")
    talk = ("import socket\n"
            "try:\n"
            " s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('192.0.2.1', 9))\n"
            "except OSError: pass\n")
    t.write("talk.py", talk)

    def graph(network):
        t.json(pip("p", "python3 -S talk.py; cat in > out", ["in", "talk.py"], ["out"], network=network))
    graph("deny")
    told(t, "DX5000", "it tried to use the network", '"network": "report"', letter="W")
    graph("trusted")
    t.build(ran={"p"}, uncacheable=0)
    t.noop()
    graph("report")
    t.build(ran={"p"}, uncacheable=1)


# --- programs of their own ----------------------------------------------------------------------------
@scenario("survivingProcesses")
def kind_survivors_are_as_the_pip_says(t):
    """An allowed one is no reason not to cache; nobody waits for it, and it is gone afterwards."""
    t.write("in", "1\n")
    t.json(pip("p", "ln -sf /bin/sleep $TMPDIR/agent-x; setsid $TMPDIR/agent-x 1000 >/dev/null 2>&1 & "
                    "until grep -qs agent-x /proc/$!/comm; do :; done; cat in > out", ["in"], ["out"],
               survivingProcesses=["agent-x"]))
    t.build(ran={"p"}, uncacheable=0)
    t.noop()
    t.json(pip("p", "setsid sleep 1000 >/dev/null 2>&1 & cat in > out", ["in"], ["out"],
               survivingProcesses=["agent-x"]))
    t.build(ran={"p"}, uncacheable=1)


@scenario("breakawayProcesses")
def kind_breakaway_programs_are_nobodys_business(t):
    """What they read is no input, what they write no output and no violation."""
    t.files({"in": "1\n", "theirs": "t\n"})
    t.json(pip("p", "cp /bin/cat $TMPDIR/agent-y; $TMPDIR/agent-y theirs > /dev/null; cat in > out", ["in"],
               ["out"], breakawayProcesses=["agent-y"]))
    t.build(ran={"p"}, uncacheable=0)
    t.write("theirs", "u\n")
    t.noop()
    t.write("in", "2\n")
    t.build(ran={"p"})


@scenario("violations and hits")
def kind_violation_is_told_again_when_the_other_one_is_a_hit(t):
    """The writer is replayed from an earlier graph in which nobody read its file."""
    t.write("in", "1\n")
    a, r = edge("a", "cp in a; cp in extra", "in"), edge("r", "cat extra > r 2>/dev/null; cp in r", "in")
    t.ninja(a)
    t.build(ran={"a"})
    t.ninja(a, r)
    for _ in range(2):
        done = t.build(exit=4, sources=False)
        codes = {v["code"] for v in done.summary["violations"]}
        t.expect(codes & {"DX5009", "DX5026"}, f"{codes}")
    t.ninja(a, edge("r", "cat extra > r; cp in r", "in | a"))
    t.build(may={"a"}, ran={"r"})
    t.noop()
