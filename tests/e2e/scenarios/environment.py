"""What reaches a command from outside its files: variables, PATH, temporary directories, home."""
import os

from harness.ninja import edge
from harness.scenario import scenario

SAY = "#!/bin/sh\necho {}\n"


@scenario("rule 35", needs=("python3",))
def scripts_that_share_a_module_do_not_meet_in_its_cache(t):
    """Two edges run scripts that import one module: no __pycache__ is written, none is shared."""
    t.files({"tools/mod.py": "X = 1\n",
             "tools/gen.py": "import sys, mod\nopen(sys.argv[1], 'w').write(str(mod.X))\n"})
    t.ninja(edge("one", "python3 tools/gen.py one", "tools/gen.py"),
            edge("two", "python3 tools/gen.py two", "tools/gen.py"))
    # From scratch, without bxl, python leaves its cache: the trees are not compared.
    t.build(ran={"one", "two"}, uncacheable=0, check=False)
    t.expect(not os.path.exists(t.path("tools/__pycache__")), "a cache was written beside the module")
    t.noop(check=False)
    t.write("tools/mod.py", "X = 2\n")
    t.build(ran={"one", "two"}, uncacheable=0, check=False)
    t.expect(t.read("one") + t.read("two") == "22", "the old module was used")


@scenario("environment")
def passed_variable_is_an_input(t):
    """FOO named by --pass-env: a new value runs, the old one is a hit; unset differs from empty."""
    t.write("in", "1\n")
    t.ninja(edge("out", 'echo "[${FOO-unset}]" > out', "in"))
    t.build(env={"FOO": "1"}, pass_env=["FOO"], ran={"out"})
    t.build(env={"FOO": "1"}, pass_env=["FOO"], ran=())
    t.build(env={"FOO": "2"}, pass_env=["FOO"], ran={"out"})
    t.build(env={"FOO": "1"}, pass_env=["FOO"], ran=(), hit=1)
    t.build(env={"FOO": ""}, pass_env=["FOO"], ran={"out"})
    t.build(pass_env=["FOO"], ran={"out"})


@scenario("environment")
def variable_that_is_not_passed_reaches_nobody(t):
    """Without --pass-env FOO is unset in the command, and its value is nobody's business."""
    t.write("in", "1\n")
    t.ninja(edge("out", 'echo "[${FOO-unset}]" > out', "in"))
    t.build(env={"FOO": "1"}, ran={"out"})
    t.build(env={"FOO": "2"}, ran=())
    t.expect(t.read("out") == "[unset]\n", "FOO reached the command")


@scenario("rule 37")
def terminal_and_session_variables_do_not_matter(t):
    """TERM, COLUMNS and the like neither reach a command nor cause work."""
    t.write("in", "1\n")
    t.ninja(edge("out", "env | grep -E '^(TERM|COLUMNS|SSH_TTY|DISPLAY|OLDPWD)=' > out || true",
                 "in"))
    t.build(env={"TERM": "dumb", "COLUMNS": "80"}, ran={"out"})
    t.build(env={"TERM": "xterm-256color", "COLUMNS": "132", "SSH_TTY": "/dev/pts/9",
                 "DISPLAY": ":0"}, ran=())
    t.expect(t.read("out") == "", "a session variable reached the command")


@scenario("rule 37")
def path_order_decides_and_is_noticed(t):
    """The same two directories the other way round find another tool."""
    t.files({"bin1/say": SAY.format(1), "bin2/say": SAY.format(2)})
    t.ninja(edge("out", "say > out"))
    rest = ":/usr/bin:/bin"
    t.build(env={"PATH": "{ws}/bin1:{ws}/bin2" + rest}, ran={"out"})
    t.build(env={"PATH": "{ws}/bin2:{ws}/bin1" + rest}, ran={"out"})
    t.build(env={"PATH": "{ws}/bin1:{ws}/bin2" + rest}, ran=(), hit=1)


@scenario("rule 37")
def entries_of_path_that_are_not_there_do_not_matter(t):
    """PATH is normalised: duplicates and absent directories make no difference."""
    t.write("in", "1\n")
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(env={"PATH": "/usr/bin:/bin"}, ran={"out"})
    t.build(env={"PATH": "/usr/bin:/nonexistent-e2e:/bin:/usr/bin"}, ran=())


@scenario("rule 37")
def tool_that_appears_earlier_in_path_is_taken(t):
    """A name probed for and not found in one directory of PATH is an input."""
    t.files({"bin1/other": SAY.format(0), "bin2/say": SAY.format(2)})
    t.ninja(edge("out", "say > out"))
    t.env["PATH"] = "{ws}/bin1:{ws}/bin2:/usr/bin:/bin"
    t.build(ran={"out"})
    t.write("bin1/say", SAY.format(1))
    t.build(ran={"out"})
    t.expect(t.read("out") == "1\n", "the old tool was used")


@scenario("rule 51")
def temporary_files_are_nobodys_input(t):
    """mktemp names differ in every run: cached all the same, replayed after the output is deleted."""
    t.write("in", "1\n")
    t.ninja(edge("out", "f=$(mktemp) && cat in > $f && cat $f > out && rm $f", "in"),
            edge("junk", "cat in > ${TMPDIR:-/tmp}/left-$$; cat in > junk", "in"))
    t.build(ran={"out", "junk"}, uncacheable=0)
    t.noop()
    t.outputs_remove("out", "junk")
    t.noop(hit=2)


@scenario("rule 51")
def each_command_has_its_own_temporary_directory(t):
    """Two commands that use one fixed name below TMPDIR do not meet."""
    t.files({"a": "a\n", "b": "b\n"})
    t.ninja(*(edge(f"out.{n}", f"cat {n} > $TMPDIR/same; sleep 0.1; cat $TMPDIR/same > out.{n}", n)
              for n in "ab"))
    t.build(ran={"out.a", "out.b"})
    t.noop()


@scenario("environment")
def file_in_home_that_was_read_is_an_input(t):
    """A configuration file below HOME counts like any other, also when it appears."""
    t.write("in", "1\n")
    home = f"{t.base}/home/.toolrc"
    t.ninja(edge("out", "cat ~/.toolrc > out 2>/dev/null || echo none > out", "in"))
    t.build(ran={"out"})
    with open(home, "w", encoding="utf-8") as file:
        file.write("rc\n")
    t.build(ran={"out"}, check=False)
    t.expect(t.read("out") == "rc\n", "the new file in HOME was not noticed")
