"""JavaScript repositories: what the caches of Lage, Turborepo and Nx miss, and what they rebuild for nothing."""
import json

from harness.javascript import package, repository
from harness.scenario import scenario

# Everything it reads goes into lib/out, so that a stale result shows. Arguments: packages whose output it reads.
BUILD = """#!/bin/sh
mkdir -p lib
{ echo "mode=$MODE"; cat src/* ../../shared/data.json ../../node_modules/ext/index.js
  if [ -f local.txt ]; then cat local.txt; fi
  for other; do cat ../$other/lib/out; done; } >lib/out
cp src/types lib/types
"""
ALL = {"a#build", "b#build", "c#build"}


def three(t, *, build=BUILD, reads_of_c="", **more):
    """a; b, which depends on a; c, which depends on nobody."""
    t.files({"tools/build.sh": build, "shared/data.json": "{}\n", "node_modules/ext/index.js": "1\n",
             ".gitignore": "lib\nlocal.txt\n"})
    for name in "abc":
        t.files({f"packages/{name}/src/main": f"{name}\n", f"packages/{name}/src/types": f"types of {name}\n",
                 f"packages/{name}/README.md": "text\n"})
    repository(t, {"a": package({"build": "sh ../../tools/build.sh"}),
                   "b": package({"build": "sh ../../tools/build.sh a"}, ["a"]),
                   "c": package({"build": "sh ../../tools/build.sh " + reads_of_c})}, **more)
    t.build(ran=ALL, uncacheable=0, env={"MODE": "1"}, pass_env=["MODE"])
    return {"env": {"MODE": "1"}, "pass_env": ["MODE"]}


@scenario("javascript: variables that scripts read")
def js_a_variable_that_scripts_read_changes(t):
    """An environment variable is an input of all; what is not passed on cannot be read."""
    repository(t, {"a": package({"build": "mkdir -p lib; echo mode=$MODE >lib/out"})})
    t.build(ran={"a#build"}, env={"MODE": "1"})
    t.expect(t.read("packages/a/lib/out") == "mode=\n", "a variable that was not passed was seen")
    t.noop(env={"MODE": "2"})
    three(t)
    t.build(ran=ALL, env={"MODE": "2"}, pass_env=["MODE"])
    t.noop(env={"MODE": "1"}, pass_env=["MODE"])


@scenario("javascript: files outside the packages")
def js_a_file_outside_the_packages_changes(t):
    """shared/data.json is read by all: all run, and an edit that is undone is a replay."""
    same = three(t)
    t.write("shared/data.json", "{2}\n")
    t.build(ran=ALL, **same)
    t.write("shared/data.json", "{}\n")
    t.noop(**same)


@scenario("javascript: the build script is an input")
def js_the_build_script_changes(t):
    """tools/build.sh belongs to no package and is read by all."""
    same = three(t)
    t.write("tools/build.sh", BUILD + "echo more >>lib/out\n")
    t.build(ran=ALL, **same)


@scenario("javascript: programs in node_modules/.bin")
def js_the_compiler_changes(t):
    """A program found through node_modules/.bin is an input, and so is one that appears in front of it."""
    t.write("tool.sh", "#!/bin/sh\ncat src/main >out; echo 1 >>out\n")
    t.symlink("../../tool.sh", "node_modules/.bin/compile")
    t.write("packages/a/src/main", "a\n")
    repository(t, {"a": package({"build": "compile"})})
    t.build(ran={"a#build"})
    t.write("tool.sh", "#!/bin/sh\ncat src/main >out; echo 2 >>out\n")
    t.build(ran={"a#build"})
    t.write("packages/a/node_modules/.bin/compile", "#!/bin/sh\necho own >out\n")
    t.build(ran={"a#build"})


@scenario("javascript: ignored files are inputs")
def js_a_file_that_git_ignores_changes(t):
    """What git ignores is read all the same, and looked for where it is not."""
    same = three(t)
    t.write("packages/a/local.txt", "x\n")
    t.build(ran={"a#build", "b#build"}, **same)
    t.write("packages/a/local.txt", "y\n")
    t.build(ran={"a#build", "b#build"}, **same)
    t.remove("packages/a/local.txt")
    t.noop(**same)


@scenario("javascript: node_modules is read like anything else")
def js_a_file_in_node_modules_is_patched(t):
    """A patched dependency runs those who read it; one that nobody reads runs nobody."""
    same = three(t)
    t.write("node_modules/ext/index.js", "2\n")
    t.build(ran=ALL, **same)
    t.write("node_modules/ext/README.md", "text\n")
    t.write("node_modules/other/index.js", "3\n")
    t.noop(**same)


@scenario("javascript: missing dependencies", state=("kept",))
def js_an_undeclared_dependency_is_an_error(t):
    """c reads lib of a without depending on it: named in every build, whatever came first; declared, all is well."""
    t.files({"packages/a/src/main": "a\n"})
    read = "if [ -f ../a/lib/out ]; then cat ../a/lib/out; else echo none; fi >out"
    a = package({"build": "mkdir -p lib; cat src/main >lib/out"})
    repository(t, {"a": a, "c": package({"build": read})})
    for _ in range(2):
        found = t.build(exit=4, says=["packages/a/lib/out", 'add "a" to the dependencies in packages/c/package.json'])
        fault = found.summary["violations"][0]
        t.expect({fault["pip"], fault["related"]} == {"a#build", "c#build"}, f"violation {fault}")
        t.expect(fault["path"].endswith("packages/a/lib/out"), f"violation {fault}")
    repository(t, {"a": a, "c": package({"build": read}, ["a"])})
    t.build(may={"a#build", "c#build"})
    t.write("packages/a/src/main", "2\n")
    t.build(ran={"a#build", "c#build"})


@scenario("javascript: who looks in vain, too", jobs=(1,), state=("kept",))
def js_a_missing_dependency_is_seen_in_the_other_order(t):
    """Here the reader comes first and finds nothing: the same error."""
    repository(t, {"a": package({"build": "[ ! -f ../b/lib/out ]; echo >out"}),
                   "b": package({"build": "mkdir -p lib; echo >lib/out"})})
    found = t.build(exit=4, says=["packages/b/lib/out", 'add "b" to the dependencies in packages/a/package.json'])
    t.expect(found.summary["violations"][0]["code"] == "DX5026", f"{found.summary['violations']}")


@scenario("javascript: outputs are what was made")
def js_an_output_that_nobody_declared_is_restored(t):
    """Files beside lib, removed or damaged, come back from the cache."""
    same = three(t, build=BUILD + "mkdir -p gen/empty; echo x >extra.gen; ln -sf extra.gen link.gen\n")
    t.outputs_remove("packages/a/extra.gen", "packages/a/link.gen", "packages/b/gen")
    t.noop(**same)
    t.outputs_remove("packages/a/lib")
    t.outputs_write("packages/b/lib/out", "damaged\n")
    t.build(ran=(), may={"b#build"}, **same)


@scenario("javascript: what no script reads")
def js_files_that_no_script_reads_change(t):
    """A README, a description in package.json, another order of its keys, a time stamp: nothing runs."""
    same = three(t)
    t.write("packages/a/README.md", "other text\n")
    t.noop(**same)
    repository(t, {"a": {"description": "d", **package({"build": "sh ../../tools/build.sh"})}})
    t.noop(**same)
    for name in ("tools/build.sh", "packages/a/src/main", "packages/a/package.json"):
        t.touch(name)
    t.noop(**same)
    t.write("packages/a/notes/new.txt", "x\n")
    t.noop(**same)


@scenario("javascript: package.json is an input of who reads it")
def js_a_script_that_reads_package_json_runs(t):
    """The one whose script prints its package.json runs; dependents that read another output do not."""
    t.write("packages/b/src/main", "b\n")
    a = {"build": "mkdir -p lib; cp package.json lib/manifest; echo types >lib/types"}
    b = package({"build": "cat ../a/lib/types src/main >out"}, ["a"])
    repository(t, {"a": package(a), "b": b})
    t.build(ran={"a#build", "b#build"})
    repository(t, {"a": package(a, description="d"), "b": b})
    t.build(ran={"a#build"})


@scenario("javascript: early cut-off")
def js_dependents_run_only_for_what_they_read(t):
    """An edit of a body runs one of many; an edit of the types runs those that read them."""
    names = [f"p{i}" for i in range(6)]
    packages = {}
    for i, name in enumerate(names):
        t.files({f"packages/{name}/src/body": "1\n", f"packages/{name}/src/types": "1\n"})
        cat = " ".join(f"../{other}/lib/types" for other in names[:i])
        packages[name] = package(
            {"build": f"mkdir -p lib; cat src/body >lib/body; cat src/types >lib/types; cat src/types {cat} >lib/used"},
            names[:i])
    repository(t, packages)
    t.build(ran={f"{name}#build" for name in names})
    t.write("packages/p0/src/body", "2\n")
    t.build(ran={"p0#build"})
    t.write("packages/p0/src/types", "2\n")
    t.build(ran={f"{name}#build" for name in names})
    t.write("packages/p5/src/types", "2\n")
    t.build(ran={"p5#build"})
    t.outputs_remove(*[f"packages/{name}/lib" for name in names])
    t.noop()


@scenario("rule 15, javascript")
def js_listing_what_others_write_is_a_matter_of_luck(t):
    """A script that lists folders into which tasks in no order with it write is not cached; in an order with them it is."""
    t.files({"packages/a/src/main": "a\n", "packages/c/src/main": "c\n"})
    repository(t, {"a": package({"build": "mkdir -p lib; cat src/main >lib/out; echo >made"}),
                   "b": package({"build": "for d in ../*; do ls $d >/dev/null; done; cat src/main >out"}),
                   "c": package({"build": "mkdir -p lib; cat src/main >lib/out; echo >made"})})
    t.write("packages/b/src/main", "b\n")
    t.build(ran={"a#build", "b#build", "c#build"}, uncacheable=1, says=["it enumerates", "a pip it does not depend on"])
    t.build(may={"b#build"})
    t.write("packages/b/package.json", json.dumps({"name": "b", **package(
        {"build": "for d in ../*; do ls $d >/dev/null; done; cat src/main >out"}, ("a", "c"))}))
    t.build(ran={"b#build"}, uncacheable=0)
    t.noop()
    t.write("packages/c/NEW", "a source\n")
    t.build(ran={"b#build"})
    t.remove("packages/c/NEW")
    t.noop()
