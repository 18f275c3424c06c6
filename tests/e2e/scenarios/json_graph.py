"""Graphs in JSON: pips with and without a process, output directories, what may be read and written."""
from harness.json_graph import (copy_directory, copy_file, exclusive, pip, shared, write_file)
from harness.scenario import scenario


@scenario("json")
def json_processes_run_replay_and_stay_clean(t):
    """Words or text, a directory of their own, streams from and to files: observed like any command."""
    t.files({"in": "1\n", "sub/opt": "o\n", "words": "two words"})
    t.json(pip("cat", ["cat", "opt", "../in", "../two words"], cwd="sub", stdout="out/cat",
               inputs=["in"]),
           pip("text", "cat; cat sub/opt >&2", stdin="in", stdout="out/text", stderr="out/err"),
           pip("both", "cat; echo e >&2; echo o", stdin={"text": "given\n"}, stdout="out/both",
               stderr="out/both"),
           pip("sum", "cat out/cat out/text out/err out/both > sum",
               ["out/cat", "out/text", "out/err", "out/both"], ["sum"]))
    t.write("two words", "w\n")
    t.build(ran={"cat", "text", "both", "sum"}, uncacheable=0, total=4)
    t.noop()
    t.write("in", "2\n")
    t.build(ran={"cat", "text", "sum"})
    t.write("sub/opt", "p\n")
    t.build(ran={"cat", "text", "sum"})
    t.write("sub/opt", "o\n")
    t.noop()
    t.outputs_remove("out", "sum")
    t.noop()


@scenario("json")
def json_write_file_pips_write_what_they_say(t):
    """Content and x-bit; an edit of the graph writes anew; they count in the summary."""
    t.write("in", "1\n")

    def graph(content, **more):
        t.json(write_file("w", "out/w", content, **more), write_file("e", "out/e", ""),
               pip("p", "cat out/w in > out/p", ["out/w", "in"], ["out/p"]))
    graph("one\n")
    t.build(ran={"w", "e", "p"}, total=3, uncacheable=0)
    t.noop()
    graph("two\n")
    t.build(ran={"w", "p"})
    graph("two\n", executable=True)
    t.build(ran={"w"}, may={"p"})
    graph("one\n")
    t.noop()
    t.outputs_remove("out")
    t.noop()
    t.outputs_write("out/w", "damaged\n")
    t.noop()


@scenario("json")
def json_copies_follow_their_sources(t):
    """A file, through a link, with its x-bit; what reads the copy runs when its content changes."""
    t.write("src/tool", "#!/bin/sh\necho 1\n")
    t.symlink("tool", "src/link")
    t.json(copy_file("c", "src/link", "out/tool"), copy_file("cc", "out/tool", "out/again"),
           pip("run", ["out/again"], ["out/again"], stdout="out/log"))
    t.build(ran={"c", "cc", "run"}, uncacheable=0)
    t.noop()
    t.write("src/tool", "#!/bin/sh\necho 2\n")
    t.build(ran={"c", "cc", "run"})
    t.write("src/other", "#!/bin/sh\necho 1\n")
    t.symlink("other", "src/link")
    t.build(ran=(), may={"c"})
    t.outputs_remove("out/again")
    t.noop()


@scenario("json")
def json_copied_trees_gain_and_lose_members(t):
    """Files, links and empty directories; what leaves the source leaves the copy."""
    t.files({"src/a": "1\n", "src/d/b": "2\n"})
    t.symlink("a", "src/l")
    t.shell("mkdir src/empty")
    t.json(copy_directory("t", "src", "out/tree"),
           pip("p", "find out/tree | sort > list; cat out/tree/d/* >> list", ["out/tree"], ["list"]))
    t.build(ran={"t", "p"}, uncacheable=0, total=2)
    t.noop()
    t.write("src/d/c", "3\n")
    t.build(ran={"t", "p"})
    t.write("src/a", "#!x\n")
    t.build(ran={"t"}, may={"p"})
    t.remove("src/d/c")
    t.write("src/a", "1\n", mode=0o644)
    t.noop()
    t.expect("c" not in t.read("list"), "the list names what is gone")
    t.outputs_remove("out", "list")
    t.noop()
    t.rename("src/d", "src/e")
    t.json(copy_directory("t", "src", "out/tree"),
           pip("p", "find out/tree | sort > list", ["out/tree"], ["list"]))
    t.build(ran={"t", "p"})


@scenario("json")
def json_trees_of_outputs_are_copied(t):
    """Who copies a directory waits for all that is made in it."""
    t.write("in", "1\n")
    t.json(copy_directory("dist", "out", "dist"),
           pip("a", "cat in > out/a", ["in"], ["out/a"]),
           pip("b", "mkdir -p out/gen/x; cat in > out/gen/x/b", ["in"],
               outputDirectories=exclusive("out/gen")))
    t.build(ran={"dist", "a", "b"}, uncacheable=0)
    t.noop()
    t.write("in", "2\n")
    t.build(ran={"dist", "a", "b"})
    t.write("in", "1\n")
    t.noop()


@scenario("json: exclusive directories, View rule 2")
def json_directory_of_a_pip_has_what_it_made_last(t):
    """Members are known only after the run: consumers see all of them, and none of an earlier run."""
    t.write("names", "a\nb\n")
    t.json(pip("gen", "while read n; do mkdir -p gen/$n; echo $n > gen/$n/f; done < names", ["names"],
               outputDirectories=exclusive("gen")),
           pip("use", "find gen -type f | sort > use; cat $(cat use) >> use", ["gen"], ["use"]),
           pip("one", "cat gen/a/f > one", ["gen/a/f"], ["one"]))
    t.build(ran={"gen", "use", "one"}, uncacheable=0)
    t.noop()
    t.write("names", "a\nc\n")
    t.build(ran={"gen", "use"})
    t.expect(not t.exists("gen/b/f"), "a member of the earlier run is still there")
    t.outputs_remove("gen", "use")
    t.noop()
    t.write("names", "a\nb\n")
    t.noop()
    t.expect(not t.exists("gen/c/f"), "a member of the other result is still there")


@scenario("json: shared directories")
def json_shared_directory_has_several_makers(t):
    """Each owns what it wrote; who depends on one of them does not depend on the other."""
    t.files({"in1": "1\n", "in2": "2\n"})
    t.json(pip("a", "cat in1 > gen/a; cat in1 > gen/a2", ["in1"], outputDirectories=shared("gen")),
           pip("b", "mkdir -p gen/sub; cat in2 > gen/sub/b", ["in2"], outputDirectories=shared("gen")),
           pip("all", "cat gen/a gen/a2 gen/sub/b > all", ["gen"], ["all"]),
           pip("one", "cat gen/a > one", dependencies=["a"], outputs=["one"]))
    t.build(ran={"a", "b", "all", "one"}, uncacheable=0)
    t.noop()
    t.write("in2", "3\n")
    t.build(ran={"b", "all"})
    t.write("in1", "4\n")
    t.build(ran={"a", "all", "one"})
    t.outputs_remove("gen")
    t.noop()


@scenario("json: exclusive directories", jobs=(1,))
def json_member_read_without_dependency_is_a_violation(t):
    """The reader comes before or after the maker: it is told, and so in the next build."""
    t.write("in", "1\n")
    t.json(pip("gen", "cat in > gen/x", ["in"], outputDirectories=exclusive("gen")),
           pip("reader", "cat gen/x > r 2>/dev/null || echo none > r", outputs=["r"]))
    t.build(exit=4, says=["gen/x", 'add "gen" to "dependencies" of pip "reader"'])
    t.build(exit=4, says=["gen/x"])
    t.json(pip("reader", "cat gen/x > r 2>/dev/null || echo none > r", outputs=["r"]),
           pip("gen", "cat in > gen/x", ["in"], outputDirectories=exclusive("gen")))
    t.build(exit=4, says=["gen/x", 'add "gen" to "dependencies" of pip "reader"'])
    t.json(pip("gen", "cat in > gen/x", ["in"], outputDirectories=exclusive("gen")),
           pip("reader", "cat gen/x > r 2>/dev/null || echo none > r", outputs=["r"],
               dependencies=["gen"]))
    t.build(ran={"reader", "gen"})
    t.noop()


@scenario("json: the workspace is read-only")
def json_writes_outside_of_declared_places_are_violations(t):
    """A new file, an existing one, another's directory: exit 4, with the field that would allow it."""
    t.files({"in": "1\n", "src/x": "x\n"})
    t.json(pip("p", "cat in > out/p; cat in > out/extra", ["in"], ["out/p"]))
    t.build(exit=4, says=["DX5008", "out/extra", '"outputs" of pip "p"'])
    t.json(pip("p", "cat in > out/p; echo y > src/x", ["in"], ["out/p"]))
    t.build(exit=4, says=["DX5047", "src/x"], sources=False)
    t.write("src/x", "x\n")
    t.json(pip("gen", "cat in > gen/x", ["in"], outputDirectories=exclusive("gen")),
           pip("p", "cat in > gen/y", ["in", "gen"]))
    t.build(exit=4, says=["DX14533", "gen/y", "an output directory of gen"])
    t.json(pip("q", "cat in > out/q", ["in"], ["out/q"]),
           pip("p", "cat in > out/p; cat in > out/q", ["in"], ["out/p"], dependencies=["q"]))
    t.build(exit=4, says=["DX5002", "out/q"])
    t.json(pip("p", "cat in > out/p; rm -rf out/d; mkdir out/d; cat in > out/d/q", ["in"],
               ["out/p", "out/d/q"]))
    t.build(ran={"p"})
    t.noop()
    for left in ("gen/x", "gen/y", "out/extra"):
        t.expect(not t.exists(left), f"{left}, made by a violation, is still there")


@scenario("json: undeclaredReads")
def json_reads_are_declared_where_that_is_asked_for(t):
    """deny: inputs, seals, and what upstream made; allow: any source, which becomes an input."""
    t.files({"a": "a\n", "inc/x.h": "x\n", "inc/deep/y.h": "y\n", "gen.in": "g\n"})
    gen = pip("gen", "cat gen.in > out/g; cat gen.in > out/d/m", ["gen.in"], ["out/g"],
              outputDirectories=exclusive("out/d"))
    command = "cat a inc/x.h inc/deep/y.h out/g out/d/m > out/p; test ! -e none"
    t.json(gen, pip("p", command, ["a", "out/g"], ["out/p"], undeclaredReads="deny"))
    t.build(exit=4, says=["DX5006", "inc/x.h", "inc/deep/y.h", '"inputs" of pip "p"'],
            silent_on=["out/d/m,", "%ws%/a,"])
    seal = {"id": "inc", "kind": "source", "path": "inc", "recursive": False}
    t.json(gen, pip("p", command, ["a", "out/g", {"seal": "inc"}], ["out/p"],
                    undeclaredReads="deny"), seals=[seal])
    t.build(exit=4, says=["inc/deep/y.h"], silent_on=["inc/x.h,"])
    t.json(gen, pip("p", command, ["a", "out/g", {"seal": "inc"}], ["out/p"],
                    undeclaredReads="deny"), seals=[{**seal, "recursive": True}])
    t.build(ran={"p"})
    t.noop()
    t.write("inc/deep/y.h", "z\n")
    t.build(ran={"p"})
    t.write("inc/unused.h", "u\n")
    t.noop()
    t.json(gen, pip("p", command, ["a", "out/g"], ["out/p"]))
    t.build(ran={"p"})
    t.write("inc/x.h", "changed\n")
    t.build(ran={"p"})
    t.json(gen, pip("p", command, ["a", "out/g"], ["out/p"], undeclaredReads="deny"))
    t.build(exit=4, says=["inc/x.h"])


@scenario("json: seals")
def json_groups_of_files_count_by_what_is_read(t):
    """A partial seal of sources and outputs: in order before its users, an input member by member."""
    t.files({"in": "1\n", "lib/a": "a\n", "lib/b": "b\n"})
    t.json(pip("gen", "cat in > lib/g", ["in"], ["lib/g"]),
           pip("p", "cat lib/a lib/g > p", [{"seal": "lib"}], ["p"], undeclaredReads="deny"),
           seals=[{"id": "lib", "kind": "partial", "path": "lib",
                   "files": ["lib/a", "lib/b", "lib/g"]}])
    t.build(ran={"gen", "p"}, uncacheable=0)
    t.write("lib/b", "c\n")
    t.noop()
    t.write("lib/a", "c\n")
    t.build(ran={"p"})
    t.write("in", "2\n")
    t.build(ran={"gen", "p"})


@scenario("json: untracked")
def json_nobody_looks_at_untracked_places(t):
    """What is read there is no input, what is written no output and no violation."""
    t.files({"in": "1\n", "log/old": "o\n", "stamp": "s\n"})
    t.json(pip("p", "cat log/old stamp >/dev/null; date >> log/new; cat in > out", ["in"], ["out"],
               untracked=["log", "stamp"]))
    t.build(ran={"p"}, uncacheable=0, ignore=("log/new",))
    t.noop(ignore=("log/new",))
    t.write("log/old", "p\n")
    t.write("stamp", "t\n")
    t.noop(ignore=("log/new",))
    t.write("in", "2\n")
    t.build(ran={"p"}, ignore=("log/new",))
    t.expect(len(t.read("log/new").splitlines()) == 2, "what lies there is not removed")


@scenario("json: doubleWrites", jobs=(1,))
def json_same_content_twice_is_as_the_pips_say(t):
    """Both allow it: no violation, the second one is not cached. One does not: exit 4."""
    t.write("in", "1\n")

    def graph(a, b, text="in"):
        t.json(pip("a", "cat in > d/x; cat in > d/a", ["in"], outputDirectories=shared("d"),
                   doubleWrites=a),
               pip("b", f"cat {text} > d/x; cat in > d/b", ["in", text], outputDirectories=shared("d"),
                   doubleWrites=b))
    graph("allowSameContent", "allowSameContent")
    t.build(ran={"a", "b"}, uncacheable=1)
    t.build(exit=0)
    graph("allowSameContent", "deny")
    t.build(exit=4, says=["DX5002", "d/x"])
    t.write("other", "2\n")
    graph("allowSameContent", "allowSameContent", "other")
    t.build(exit=4, says=["DX5002", "d/x"])


@scenario("json: exit codes")
def json_success_retry_and_timeout_are_the_pips(t):
    """successExitCodes; retryExitCodes with its attempts from a clean state; timeoutMs is exit 7."""
    t.write("in", "1\n")
    t.json(pip("ok", "cat in > ok; exit 3", ["in"], ["ok"], successExitCodes=[0, 3]))
    t.build(ran={"ok"}, uncacheable=0)
    t.noop()
    again = "test ! -e partial || exit 9; echo > partial; echo x >> count/n; " \
            "test $(wc -l < count/n) -ge 3 || exit 75; rm partial; cat in > out"
    t.json(pip("again", again, ["in"], ["out"], optionalOutputs=["partial"], untracked=["count"],
               retryExitCodes=[75]))
    t.write("count/keep")
    t.build(ran={"again"}, check=False, uncacheable=0,
            says=["again exited with 75 and runs again (2 of 2)"])
    t.write("in", "2\n")
    t.outputs_remove("count/n")
    t.json(pip("again", again, ["in"], ["out"], optionalOutputs=["partial"], untracked=["count"],
               retryExitCodes=[75], retries=1))
    t.build(exit=1, failed=1, says=["it exited with 75"])
    t.json(pip("slow", "sleep 30; cat in > out", ["in"], ["out"], timeoutMs=200))
    t.build(exit=7, failed=1, says=["ran longer than 0.2 s (its timeoutMs)"])


@scenario("json: exit codes that are not kept, stderr, attempts, closed places")
def json_policies_of_output_and_exit_are_the_pips(t):
    """uncacheableExitCodes; failOnStderr, also into a file; retryAttemptVariable; outputExclusions."""
    t.write("in", "1\n")
    t.json(pip("u", "cat in > u; exit 3", ["in"], ["u"], uncacheableExitCodes=[3]),
           pip("n", 'cat in > n; test "$N" = 1 || exit 9', ["in"], ["n"], retryExitCodes=[9], retryAttemptVariable="N"))
    t.build(ran={"u", "n"}, check=False, uncacheable=1, says=["u is not cached: it exited with 3"])
    t.build(ran={"u"}, check=False)
    t.json(pip("e", "echo x >&2; cat in > e", ["in"], ["e"], stderr="log", failOnStderr=True))
    t.build(exit=1, failed=1, says=["but wrote 2 bytes to standard error"])
    d = {"outputDirectories": [{"path": "d", "kind": "shared"}], "outputExclusions": ["d/x"]}
    t.json(pip("d", "mkdir -p d/x; cat in > d/y; cat in > d/x/y", ["in"], **d))
    t.build(exit=4, says=["DX5008", "below %ws%/d/x, where nothing is an output of it"])
    d["outputDirectories"].append({"path": "d/x", "kind": "shared"})
    t.json(pip("d", "mkdir -p d/x; cat in > d/y; cat in > d/x/y", ["in"], **d))
    t.build(ran={"d"}, uncacheable=0)


@scenario("json: cacheable")
def json_pip_that_is_not_cacheable_always_runs(t):
    """Its result is neither published nor clean; what depends on it is cut off early."""
    t.write("in", "1\n")
    t.json(pip("always", "cat in > a", ["in"], ["a"], cacheable=False),
           pip("after", "cat a > b", ["a"], ["b"]))
    t.build(ran={"always", "after"}, uncacheable=1)
    t.build(ran={"always"})
    t.build(ran={"always"})


@scenario("json: environment")
def json_environment_is_what_is_listed(t):
    """env of graph and pip, passEnv: a value that reaches the pip is an input; no other one reaches it."""
    t.write("in", "1\n")
    show = 'echo "$A-$B-$WHO-$OTHER" > '

    def graph(b="graph"):
        t.json(pip("p", show + "p", outputs=["p"], env={"A": "pip"}, passEnv=["WHO"]),
               pip("q", show + "q", outputs=["q"]), env={"A": "graph", "B": b})
    graph()
    t.build(ran={"p", "q"}, env={"WHO": "me", "OTHER": "x"})
    t.expect(t.read("p") == "pip-graph-me-\n", t.read("p"))
    t.noop(env={"WHO": "me", "OTHER": "y"})
    t.build(ran={"p"}, env={"WHO": "you"})
    t.build(ran={"p"})
    graph("new")
    t.build(ran={"p", "q"})
    graph()
    t.noop(env={"WHO": "me"})


@scenario("json: response files")
def json_response_file_is_there_while_it_runs(t):
    """Its content is an input by declaration; it is gone afterwards."""
    def graph(text):
        t.json(pip("p", "cat args.rsp > out", outputs=["out"],
                   responseFile={"path": "args.rsp", "content": text}))
    graph("a b\n")
    t.build(ran={"p"}, uncacheable=0)
    t.noop()
    graph("a c\n")
    t.build(ran={"p"})
    graph("a b\n")
    t.noop()


@scenario("json: weight and pools", jobs=(2,), state=("kept",))
def json_heavy_pips_and_pools_run_alone(t):
    """Two of weight 2, two of a pool of depth 1: with two jobs never side by side."""
    alone = "mkdir busy/{0} || exit 1; sleep 0.1; rmdir busy/{0}; echo > {1}"
    t.write("busy/keep")
    t.json(*[pip(n, alone.format("heavy", n), outputs=[n], weight=2, untracked=["busy"])
             for n in ("a", "b", "c")],
           *[pip(n, alone.format("pool", n), outputs=[n], pool="one", untracked=["busy"])
             for n in ("d", "e", "f")], pools={"one": 1})
    t.build(ran={"a", "b", "c", "d", "e", "f"}, uncacheable=0)
    t.noop()


@scenario("json: filters")
def json_tags_modules_and_directories_are_asked_for(t):
    """tag, module and output of an undeclared member select pips; names and ids are targets."""
    t.write("in", "1\n")
    t.json(pip("gen", "cat in > gen/x", ["in"], outputDirectories=exclusive("gen"), tags=["codegen"]),
           pip("app", "cat gen/x > app", ["gen"], ["app"], module="core"),
           pip("doc", "cat in > doc", ["in"], ["doc"], tags=["docs"]), defaults=["doc"])
    t.build(args=["-f", "tag='codegen'"], ran={"gen"}, check=False)
    t.build(args=["-f", "module='core'"], ran={"app"}, check=False)
    t.build(ran={"doc"}, check=False)
    t.noop("app")
    t.noop("gen")
    t.build(args=["-f", "output='gen/x'"], ran=(), total=1, check=False)
    t.build(args=["-f", "tag='nothing'"], exit=2, says=["DX0295"], summary=False)


@scenario("json: the graph itself")
def json_graph_is_checked_and_followed(t):
    """Errors say where, nothing is touched; outputs of a pip that is gone are removed."""
    t.write("in", "1\n")
    t.json(pip("a", "cat in > a", ["in"], ["a"]), pip("b", "cat in > b", ["in"], ["b"]))
    t.build(ran={"a", "b"})
    t.json(pip("a", "cat in > a", ["in"], ["a"]), pip("b", "x", comand="y"))
    t.build(exit=3, summary=False, says=["graph.bxl.json:", "/pips/1/comand", 'did you mean "command"'])
    t.expect(t.exists("b"), "a graph with errors removes nothing")
    t.write("graph.bxl.json", "{")
    t.build(exit=3, summary=False, says=["not JSON"])
    t.json(pip("a", "cat in > a", ["in"], ["a"]))
    t.noop()
    t.expect(not t.exists("b"), "the output of the pip that is gone is still there")


@scenario("json: rule 6", state=("kept",))
def json_file_of_the_user_in_the_way_is_kept(t):
    """Of a write-file pip, and in an exclusive directory: set aside, or left alone."""
    t.write("in", "1\n")
    t.outputs_write("out", "mine\n")
    t.json(write_file("w", "out", "bxl's\n"),
           pip("g", "cat in > gen/x", ["in"], outputDirectories=exclusive("gen")))
    t.build(ran={"w", "g"}, says=["saved"])
    t.outputs_write("gen/mine", "mine\n")
    t.write("in", "2\n")
    t.build(ran={"g"}, ignore=("gen/mine",))
    t.expect(t.read("gen/mine") == "mine\n", "the user's file in gen is gone")


@scenario("json: declared outputs are a promise", state=("kept",))
def json_pip_that_leaves_out_an_output_has_failed(t):
    """DX0064: exit 1, its dependents do not run without it; what may be left out is an optional output."""
    t.write("in", "1\n")
    t.json(pip("p", "cat in >/dev/null", ["in"], ["out/a"]), pip("q", "cat out/a >q || echo none >q", ["out/a"], ["q"]))
    for _ in range(2):
        t.build(exit=1, failed=1, skipped=1, says=["did not make its declared output", "out/a (DX0064"])
    t.expect(not t.exists("q"), "q was made without out/a")
    t.json(pip("p", "cat in >out/b", ["in"], ["out/b"], optionalOutputs=["out/a"]))
    t.build(ran={"p"}, uncacheable=0)
    t.noop()


@scenario("json: removing is writing", state=("kept",))
def json_removing_a_source_is_a_violation(t):
    """A file, a directory with all in it, a source renamed away: as writing there would be. An output of the pip's own is not."""
    for command, gone in (("rm s; echo 1 >a", ["s"]), ("rm -r d; echo 1 >a", ["d/f", "d"]), ("mv s a", ["s"])):
        t.files({"s": "1\n", "d/f": "1\n"})
        t.json(pip("p", command, [], ["a"]))
        t.build(exit=4, sources=False, says=[f"%ws%/{name}" for name in gone])
    t.files({"s": "1\n", "d/f": "1\n"})
    t.json(pip("p", "echo 1 >x/t; rm x/t; echo 1 >a", [], ["a"], outputDirectories=exclusive("x")))
    t.build(ran={"p"}, uncacheable=0)


@scenario("json: directories and files take each other's place")
def json_directory_of_outputs_becomes_a_file_and_back(t):
    """Outputs that nothing makes any more go with the directories that were made for them."""
    t.json(pip("p", "mkdir -p o/s; echo 1 >o/s/x", [], [], outputDirectories=exclusive("o")), pip("r", "echo 1 >k/l", [], ["k/l"]))
    t.build(ran={"p", "r"})
    t.json(write_file("p", "o", "1\n"), pip("r2", "echo 2 >k", [], ["k"]))
    t.build(ran={"p", "r2"})
    t.json(pip("p", "mkdir -p o/s; echo 1 >o/s/x", [], [], outputDirectories=exclusive("o")), pip("r", "echo 1 >k/l", [], ["k/l"]))
    t.build(may={"p", "r"})
    t.noop()


@scenario("json: an output directory at a link of the user")
def json_output_directory_may_be_a_link_of_the_user(t):
    """Build output on another disk: the link stays, what lies below it is the pip's."""
    t.write("elsewhere/kept", "1\n")
    t.symlink("elsewhere", "o")
    t.write("in", "1\n")
    t.json(pip("p", "cat in >o/f", ["in"], [], outputDirectories=exclusive("o")),
           pip("q", "cat o/f >q", ["o"], ["q"]))
    t.build(ran={"p", "q"}, uncacheable=0, check=False)
    t.noop(check=False)
    t.write("in", "2\n")
    t.build(ran={"p", "q"}, check=False)
    t.expect(t.read("elsewhere/f") == "2\n" and t.read("q") == "2\n", "the outputs hold something else")
