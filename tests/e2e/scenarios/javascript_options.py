"""JavaScript repositories: what options of a resolver let a script do, and what counts as its success."""
from harness.javascript import package, repository
from harness.scenario import scenario


@scenario("javascript: uncacheableExitCodes")
def js_an_exit_code_may_be_success_and_never_kept(t):
    """Such an exit code is success, its dependents run; the next build runs it again. Another one is as ever."""
    t.files({"packages/a/src": "3\n"})
    repository(t, {"a": package({"build": "cat src >out; exit $(cat src)"}),
                   "b": package({"build": "cat ../a/out >out"}, ["a"])},
               config="successExitCodes: [0, 5], uncacheableExitCodes: [3]")
    for ran in ({"a#build", "b#build"}, {"a#build"}):
        t.build(ran=ran, check=False, uncacheable=1, says=["a#build is not cached", "it exited with 3, one of its uncacheableExitCodes"])
    t.write("packages/a/src", "5\n")
    t.build(ran={"a#build", "b#build"}, check=False, uncacheable=0)
    t.noop(check=False)
    t.write("packages/a/src", "4\n")
    t.build(exit=1, failed=1, says=["a#build: it exited with 4"])


@scenario("javascript: writingToStandardErrorFailsExecution")
def js_writing_to_stderr_may_be_failure(t):
    """A byte on stderr fails the script whatever it exits with, and what it printed is shown; stdout is free."""
    fails = "writingToStandardErrorFailsExecution: true"
    repository(t, {"a": package({"build": "echo fine; touch out"})}, config=fails)
    t.build(ran={"a#build"}, says=["fine"])
    repository(t, {"a": package({"build": "echo before; echo oops >&2; echo after; touch out"})}, config=fails)
    t.build(exit=1, failed=1, says=["it exited with 0, but wrote 5 bytes to standard error", "before", "oops", "after"])
    repository(t, {"a": package({"build": "echo oops >&2; exit 7"})}, config=fails)
    t.build(exit=1, failed=1, says=["a#build: it exited with 7"])
    repository(t, {"a": package({"build": "echo oops >&2; touch out"})}, config="")
    t.build(ran={"a#build"}, uncacheable=0)


@scenario("javascript: retryAttemptEnvironmentVariable")
def js_a_script_is_told_how_often_it_ran(t):
    """0, then 1; a later build, whose first attempt that is, has the result of the second one."""
    repository(t, {"a": package({"build": 'echo "<$TRY>"; echo done >out; [ "$TRY" = 1 ] || exit 9'})},
               config='processRetries: 2, retryExitCodes: [9], retryAttemptEnvironmentVariable: "TRY"')
    t.build(ran={"a#build"}, check=False, uncacheable=0, says=["a#build exited with 9 and runs again (1 of 2)", "<1>"])
    t.noop(check=False)
    t.write("packages/a/package.json", t.read("packages/a/package.json").replace("= 1", "= 5"))
    t.build(exit=1, failed=1, says=["<2>"])


@scenario("javascript: warningRegex and errorRegex", state=("kept",))
def js_expressions_say_which_lines_are_shown(t):
    """Warnings of a success, again when it is a hit; the errors of a failure, or all it said when none is found."""
    config = r'warningRegex: "warning( TS\\d+)?:", errorRegex: "^error "'
    t.write("packages/a/src", "1\n")
    script = "cat src >out; echo noise 1; echo x.ts: warning TS12: odd; echo noise 2; "
    repository(t, {"a": package({"build": script})}, config=config)
    shown = {"says": ["warning: a#build: x.ts: warning TS12: odd"], "silent_on": ["noise 1\n"]}
    t.build(ran={"a#build"}, uncacheable=0, **shown)
    t.outputs_remove("packages/a/out")
    t.build(hit=1, **shown)
    t.build(clean=1, silent_on=["warning: a#build"])
    repository(t, {"a": package({"build": script + "echo error E1; echo 'an error '; exit 1"})}, config=config)
    t.build(exit=1, failed=1, says=["1 of 5 lines, by its errorRegex; all are in", "\nerror E1\n"],
            silent_on=["noise 1\n", "an error \n"])
    repository(t, {"a": package({"build": script + "echo broken; exit 1"})}, config=config)
    t.build(exit=1, failed=1, says=["noise 1", "broken"])


@scenario("javascript: nestedProcessTerminationTimeoutMs", jobs=(2,), state=("kept",))
def js_what_a_script_leaves_running_is_waited_for(t):
    """For two seconds, and for as long as is said."""
    script = package({"build": "(sleep 3; echo late >late) & echo 1 >out"})
    repository(t, {"a": script}, config="nestedProcessTerminationTimeoutMs: 60000")
    t.build(ran={"a#build"}, check=False, uncacheable=0)
    t.expect(t.read("packages/a/late") == "late\n", "it was not waited for")
    t.outputs_remove("packages/a/late")
    script["scripts"]["build"] += "; true"  # another command: how long it was waited for is in no fingerprint
    repository(t, {"a": script}, config="nestedProcessTerminationTimeoutMs: 0")
    t.build(ran={"a#build"}, check=False, uncacheable=1, says=["outlived the command and was killed"])
    t.expect(not t.exists("packages/a/late"), "it was not killed")


@scenario("javascript: childProcessesToBreakawayFromSandbox")
def js_a_program_breaks_away_when_it_is_called_so(t):
    """What is read by a call with the required arguments is no input; by any other call it is."""
    t.write("bin/tool", "#!/bin/sh\ncat $1\n", mode=0o755)
    t.files({"packages/a/seen": "1\n", "packages/a/unseen": "1\n"})
    repository(t, {"a": package({"build": "{ ../../bin/tool unseen x --SERVER; ../../bin/tool seen x; } >out"})},
               config='childProcessesToBreakawayFromSandbox: [{processName: a`tool`, requiredArguments: "x --server", '
                      'requiredArgumentsIgnoreCase: true}]')
    t.build(ran={"a#build"}, check=False)
    t.write("packages/a/unseen", "2\n")
    t.build(ran=set(), check=False)
    t.write("packages/a/seen", "2\n")
    t.build(ran={"a#build"}, check=False)


@scenario("javascript: blockWritesUnderNodeModules")
def js_node_modules_may_be_closed_to_scripts(t):
    """Whoever writes below node_modules of the package violates, in each build; a nearer output directory is open."""
    write = package({"build": "mkdir -p lib node_modules/.cache/tool; echo 1 >lib/x; echo 2 >node_modules/.cache/tool/x"})
    t.files({"packages/a/node_modules/ext/index.js": "1\n"})
    repository(t, {"a": write}, config="blockWritesUnderNodeModules: true")
    for _ in range(2):
        found = t.build(exit=4, says=["DX5008", "below", "where nothing is an output of it",
                                      '"<workspaceDir>/packages/a/node_modules/.cache/tool" to "outputDirectories"'])
        faults = found.summary["violations"]
        t.expect({fault["path"].split("packages/a/")[1] for fault in faults} ==
                 {"node_modules/.cache/tool/x"}, f"violations {faults}")
    repository(t, {"a": write}, config="blockWritesUnderNodeModules: true, "
                                       "additionalOutputDirectories: [r`node_modules/.cache`]")
    t.build(ran={"a#build"}, uncacheable=0)
    t.noop()
    repository(t, {"a": package({"build": "echo 2 >>node_modules/ext/index.js; echo >out"})},
               config="blockWritesUnderNodeModules: true")
    t.build(exit=4, says=["DX5047", "it rewrote the existing file"], sources=False)


@scenario("javascript: stores of package managers may be closed")
def js_stores_of_package_managers_may_be_closed(t):
    """common/temp/node_modules/.pnpm and .store: no output directory around them opens them."""
    t.files({"rush.json": '{"projects": [{"packageName": "a", "projectFolder": "packages/a"}]}\n',
             "common/temp/node_modules/.pnpm/x/package.json": "{}\n", "package.json": "{}\n",
             "packages/a/package.json": '{"name": "a", "scripts": {"build": "touch ../../common/temp/node_modules/.pnpm/x/own"}}\n'})

    def config(kind, more):
        t.write("config.dsc", "config({resolvers: [{kind: \"%s\", moduleName: \"m\", root: d`.`, "
                              "additionalOutputDirectories: [d`common`, d`.`], %s}]});\n" % (kind, more))
    for more in ("disallowWritesUnderPnpmStore: true", "usePnpmStoreAwarenessTracking: true"):
        config("Rush", more)
        t.build(exit=4, says=["below", ".pnpm", "where nothing is an output of it"], check=False)
    config("Rush", "usePnpmStoreAwarenessTracking: true, disallowWritesUnderPnpmStore: false")
    t.build(ran={"a#build"}, check=False)


@scenario("javascript: an option that nobody obeys is refused", jobs=(1,), state=("kept",))
def js_options_that_match_nothing_are_errors(t):
    """A selector, a script or a program that is not there, and an option of another kind or mode, say so by name."""
    packages = {"a": package({"build": "echo 1 >out"}), "b": package({"build": "echo 1 >out"})}
    for config, said in (
            ('timeouts: [{timeout: "1m", projectSelector: ["c"]}]', "'c' names no task of"),
            ('timeouts: [{timeout: "1m"}]', "this timeout is for no task"),
            ('timeouts: [{timeout: "1m", projectSelector: [{packageNameRegex: "^c"}]}]', "'^c' names no task of"),
            ('enforceSourceReadsUnderPackageRoots: true, additionalSourceReadsScopes: [{scope: d`x`, packages: ["c"]}]',
             "'c' names no task of"),
            ('customCommands: [{command: "biuld", extraArguments: "-x"}]', "no task runs a script 'biuld'; did you mean 'build'?"),
            ("nodeExeLocation: f`tools/node`", "tools, which nodeExeLocation names"),
            ("nodeExeLocation: [d`x`, d`y`]", "x or the directories after it, which nodeExeLocation names"),
            ("since: \"main\"", "have no 'since': it is for kind Lage")):
        repository(t, packages, config=config)
        t.build(exit=3, says=[said])
    t.write("rush.json", '{"rushVersion": "5.100.0", "pnpmVersion": "8.0.0", "projects": ['
                         '{"packageName": "a", "projectFolder": "packages/a"}]}')
    for option in ('rushCommand: "rebuild"', 'additionalRushParameters: ["--to"]', "rushLocation: f`no/rush`"):
        t.write("config.dsc", 'config({resolvers: [{kind: "Rush", moduleName: "m", root: d`.`, %s}]});' % option)
        t.build(exit=3, says=["has no meaning here: in mode \"rush-lib\""])
    t.write("config.dsc", 'config({resolvers: [{kind: "Lage", moduleName: "m", root: d`.`, customScripts: () => undefined}]});')
    t.build(exit=3, says=["have no 'customScripts': it is for kind Rush, Yarn, Npm, Pnpm or CustomJavaScript"])


@scenario("javascript: customCommands, selectors and environment as BuildXL has them", jobs=(1,))
def js_options_mean_what_they_mean_in_buildxl(t):
    """Strings of extraArguments stand as they are, paths are one word; expressions are searched for; PATH has a default."""
    repository(t, {"a": package({"build": 'set -- ; printf "%s|" "$NODE_ENV" "$PATH" >out; args() { printf "<%s>" "$@" >>out; }; args'})},
               config='environment: Map.empty<string, string>().add("NODE_ENV", "production"), '
                      'customCommands: [{command: "build", extraArguments: ["--mode production", f`a file`]}], '
                      'timeouts: [{timeout: "10m", projectSelector: [{packageNameRegex: "^a"}]}]')
    t.build(ran={"a#build"}, check=False)
    out = t.read("packages/a/out")
    t.expect(out.startswith("production|"), out)
    t.expect("/usr/bin" in out.split("|")[1], out)
    t.expect("<--mode><production><" in out and out.endswith("/a file>"), out)


@scenario("javascript: untrackedGlobalDirectoryScopes", state=("kept",))
def js_global_scopes_are_below_every_package(t):
    """What a task reads below such a directory of another package is no input of it, either."""
    t.files({"packages/a/tmp/log": "1\n"})
    repository(t, {"a": package({"build": "echo 1 >out"}), "b": package({"build": "wc -c <../a/tmp/log >out"})},
               config="untrackedGlobalDirectoryScopes: [r`tmp`]")
    t.build(ran={"a#build", "b#build"}, check=False)
    t.write("packages/a/tmp/log", "22\n")
    t.noop(check=False)
