"""The build.ninja language as far as correctness hangs on it, odd names, and graphs that are refused."""
from harness.ninja import PRELUDE, cc, edge, phony
from harness.scenario import scenario

COPY = "rule copy\n  command = cat $in > $out\n"


@scenario("names")
def names_with_spaces_and_quotes(t):
    """ninja quotes $in and $out; records and replay keep every byte."""
    t.files({"in file": "1\n", "it's": "2\n", 'say "hi"': "3\n", "dollar$": "4\n"})
    t.ninja(COPY, "build out$ 1: copy in$ file\n", "build o'2: copy it's\n",
            'build "3": copy say$ "hi"\n', "build o$:4: copy dollar$$\n")
    t.build(ran={"out 1", "o'2", '"3"', "o:4"})
    t.noop()
    t.outputs_remove("out 1", "o'2", '"3"', "o:4")
    t.noop(hit=4)
    t.write("it's", "new\n")
    t.build(ran={"o'2"})


@scenario("names")
def names_that_are_not_utf8(t):
    """Paths are bytes: Latin-1 names as input, output, and in a listing."""
    t.files({"caf\udce9.txt": "1\n", "d/\udcff": "", "d/plain": ""})
    t.ninja(COPY, "build o.\udce9: copy caf\udce9.txt\n", edge("list", "ls d > list"))
    t.build(total=2, failed=0)
    t.noop()
    t.outputs_remove("o.\udce9", "list")
    t.noop(hit=2)
    t.write("caf\udce9.txt", "2\n")
    done = t.build(failed=0)
    t.expect(done.pips["ran"] == 1, f"ran {done.pips['ran']}, expected 1")


@scenario("names")
def paths_are_canonicalised(t):
    """./a//b/../c is a/c; the id is the canonical first output, also when asked for otherwise."""
    t.write("in", "1\n")
    t.ninja(edge("./d//x/../out", "cat in > d/out", "./in"), edge("end", "cat d/out > end", "d/./out"))
    t.build(ran={"d/out", "end"})
    t.noop("./d/../d/out")
    t.noop()


@scenario("ninja: rspfile")
def response_file_content_is_part_of_the_command(t):
    """The rspfile exists while the command runs, is gone afterwards, and its content counts."""
    t.files({"a": "a\n", "b": "b\n"})

    def graph(names):
        t.ninja("rule join\n  command = cat $$(cat $out.rsp) > $out\n  rspfile = $out.rsp\n"
                "  rspfile_content = $in\n", f"build out: join {names}\n")
    graph("a b")
    t.build(ran={"out"})
    t.noop()
    graph("b a")
    t.build(ran={"out"})
    graph("a b")
    t.noop(hit=1)


@scenario("ninja: depfile", needs=("gcc",))
def depfile_that_stays_on_disk(t):
    """depfile without deps = gcc: the file is an output like others and may be deleted."""
    t.files({"m.c": '#include "x.h"\nint v = X;\n', "x.h": "#define X 1\n"})
    t.ninja(edge("m.o", "gcc -MD -MF m.d -c m.c -o m.o", "m.c", depfile="m.d"))
    t.build(ran={"m.o"})
    t.outputs_remove("m.d")
    t.noop()
    t.write("x.h", "#define X 2\n")
    t.build(ran={"m.o"})


@scenario("ninja: depfile", needs=("gcc",))
def header_that_is_removed_from_the_sources(t):
    """The depfile names a file that is gone: no error, the object is made anew."""
    t.files({"m.c": '#include "x.h"\nint v = X;\n', "x.h": "#define X 1\n"})
    t.ninja(cc("m.c"))
    t.build(ran={"m.o"})
    t.write("m.c", "int v = 3;\n")
    t.remove("x.h")
    t.build(ran={"m.o"})
    t.noop()


@scenario("ninja: scoping")
def late_bound_rule_variables(t):
    """A rule sees the file's final value, a build statement the value so far."""
    t.write("in", "1\n")
    t.ninja("v = 1\nrule say\n  command = echo $v $w > $out\n",
            "build one: say in\n  w = $v$v\n", "v = 3\n", "build two: say in\n  w = $v$v\n")
    t.build(ran={"one", "two"})
    t.noop()


@scenario("ninja: include")
def included_and_sub_files_are_read_again(t):
    """An edit of an included file changes the graph."""
    t.write("in", "1\n")
    t.write("flags.ninja", "text = a\n")
    t.write("sub/more.ninja", "build out2: say in\n")
    t.ninja("include flags.ninja\n", "rule say\n  command = echo $text > $out\n",
            "build out: say in\n", "subninja sub/more.ninja\n")
    t.build(ran={"out", "out2"})
    t.noop()
    t.write("flags.ninja", "text = b\n")
    t.build(ran={"out", "out2"})
    t.write("sub/more.ninja", "build out3: say in\n")
    t.build(ran={"out3"})


@scenario("ninja: generator")
def build_file_is_regenerated_first(t):
    """A generator edge for build.ninja: its source is edited, the new graph is what is built."""
    regenerate = ("#!/bin/sh\n{ printf 'rule regen\\n  command = ./regen\\n  generator = 1\\n'\n"
                  "printf 'rule say\\n  command = echo %s > $out\\n' \"$(cat config)\"\n"
                  "printf 'build build.ninja: regen | config regen\\nbuild out: say\\n'\n"
                  "printf 'default out\\n'; } > build.ninja.tmp && mv build.ninja.tmp build.ninja\n")
    t.files({"config": "one\n", "regen": regenerate})
    t.shell("./regen")
    t.build(ran={"out"}, total=1)
    t.noop()
    t.write("config", "two\n")
    t.build(ran={"out"}, total=1)
    t.expect(t.read("out") == "two\n", "the old graph was built")
    t.noop()


@scenario("ninja: default")
def default_targets_and_phony(t):
    """`default` limits the request; an alias can be asked for; total counts what is reached."""
    t.files({"a": "1\n", "b": "1\n"})
    t.ninja(edge("a.out", "cat a > a.out", "a"), edge("b.out", "cat b > b.out", "b"),
            phony("every", "a.out b.out"), "default a.out\n")
    t.build(ran={"a.out"}, total=1)
    t.build("every", ran={"b.out"}, total=2)
    t.noop(total=1, check=False)


@scenario("ninja: phony")
def source_through_a_phony(t):
    """A phony over source files passes their change on."""
    t.files({"a": "1\n", "b": "1\n"})
    t.ninja(phony("sources", "a b"), edge("out", "cat a b > out", implicit="sources"))
    t.build(ran={"out"})
    t.write("b", "2\n")
    t.build(ran={"out"})
    t.noop()


@scenario("ninja: validations")
def validation_is_built_with_its_target(t):
    """|@ is no input but comes along, and fails the build with it; it may need the target itself."""
    t.files({"in": "1\n", "rules": "ok\n"})
    t.ninja(edge("lint", "grep -q ok rules && touch lint", "rules"),
            edge("spell", "grep -q 1 out && touch spell", "out"),
            "build out: sh in |@ lint spell\n  cmd = cat in > out\n",
            edge("user", "cat out > user", "out"))
    t.build("out", ran={"out", "lint", "spell"})
    t.write("rules", "bad\n")
    t.build("user", exit=1, failed=1, ran={"user"}, args=("-k0",))
    t.write("rules", "ok again\n")
    t.build("user", ran={"lint"})
    t.noop("user")


@scenario("refused", state=("kept",))
def malformed_build_file_is_refused_with_its_line(t):
    """Exit 3, the file and the line; nothing was touched."""
    t.write("in", "1\n")
    t.write("build.ninja", PRELUDE + "build out sh in\n")
    t.build(exit=3, says=["build.ninja:4"], check=False)
    t.write("build.ninja", PRELUDE + "build out: nosuchrule in\n")
    t.build(exit=3, says=["nosuchrule"], check=False)
    t.write("build.ninja", b"\0\xff\xfe garbage \n" * 50)
    t.build(exit=3, says=["build.ninja"], check=False)
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(ran={"out"})


@scenario("refused", state=("kept",))
def cycle_is_refused(t):
    """Exit 3 and the members of the cycle."""
    t.write("in", "1\n")
    t.ninja(edge("a", "cat b > a", "b"), edge("b", "cat c > b", "c"), edge("c", "cat a > c", "a"),
            edge("out", "cat a > out", "a"))
    t.build(exit=3, says=["cycle"], check=False)


@scenario("two edges for one output", state=("kept",))
def two_edges_for_one_output_are_refused(t):
    """Exit 3 naming the output."""
    t.files({"a": "1\n", "b": "2\n"})
    t.ninja(edge("out", "cat a > out", "a"), edge("out", "cat b > out", "b"))
    t.build(exit=3, says=["out"], check=False)


@scenario("refused", state=("kept",))
def unknown_target_is_refused_with_a_suggestion(t):
    """A slip of the hand in a target's name."""
    t.write("in", "1\n")
    t.ninja(edge("program", "cat in > program", "in"))
    t.build("progam", exit=(2, 3), says=["progam", "program"], check=False)


@scenario("refused", state=("kept",))
def missing_input_is_named(t):
    """A source that is not there: named; only a matter for those who need it."""
    t.write("in", "1\n")
    t.ninja(edge("bad", "cat nowhere.c > bad", "nowhere.c"), edge("good", "cat in > good", "in"))
    t.build(exit=(1, 2, 3), says=["nowhere.c"], check=False, summary=False)
    t.start("good").finish(check=False, ran=(), may={"good"})
    t.expect(t.read("good") == "1\n", "good was not built")
    t.write("nowhere.c", "here\n")
    t.build(ran={"bad"})


@scenario("refused", state=("kept",))
def no_build_file_is_a_sentence(t):
    """An empty directory, and one that does not exist."""
    t.write(".git/HEAD", "ref: refs/heads/main\n")
    t.build(exit=(2, 3), says=["bxl"], check=False)
    t.dir = "nowhere"
    t.build(exit=(2, 3), says=["nowhere"], check=False)


@scenario("refused", state=("kept",))
def unknown_option_is_refused_with_a_suggestion(t):
    """Exit 2 and the nearest name."""
    t.write("in", "1\n")
    t.ninja(edge("out", "cat in > out", "in"))
    t.build(exit=2, args=["--sumary", "x"], says=["--summary"], check=False)
    t.build(exit=2, args=["-j", "many"], check=False)
