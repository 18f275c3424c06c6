"""Caches that tools keep beside sources and below HOME: no results, no inputs, and no reason for an error."""
import os

from harness.javascript import package, repository
from harness.scenario import scenario

# A tool with a cache in the root: an index that every task reads and rewrites, and an entry for each source.
TOOL = """#!/bin/sh
c=../../node_modules/.cache/tool; mkdir -p $c lib
grep -qs "^$(cat src)$" $c/index || { tr a-z A-Z <src >$c/$(cat src).tmp; mv $c/$(cat src).tmp $c/$(cat src); cat src >>$c/index; }
ls $c >/dev/null
cat $c/$(cat src) >lib/out
touch .eslintcache
"""
CACHE = "node_modules/.cache/tool"
LEFT = [f"{CACHE}/{name}" for name in ("index", "one", "two", "three")] + [f"packages/{p}/.eslintcache" for p in "ab"]


def two(t):
    t.files({"tool.sh": TOOL, "node_modules/other/index.js": "1\n", "packages/a/src": "one\n", "packages/b/src": "two\n"})
    repository(t, {name: package({"build": "sh ../../tool.sh"}) for name in "ab"})


@scenario("rule 35: a cache in node_modules/.cache", jobs=(1,))
def js_tasks_that_share_a_cache_are_cached(t):
    """Tasks in no order use one cache: no error, nothing of it is kept, each result is replayed."""
    two(t)
    t.build(ran={"a#build", "b#build"}, uncacheable=0, absent=LEFT)
    for name in LEFT:
        t.expect(not t.exists(name), f"{name} was left, or kept as an output")
    t.noop(absent=LEFT)
    t.outputs_remove("packages/a/lib", "packages/b/lib", "node_modules/.cache")
    t.noop(absent=[*LEFT, CACHE, "node_modules/.cache"])
    t.write("packages/b/src", "three\n")
    t.build(ran={"b#build"}, uncacheable=0, absent=[*LEFT, CACHE, "node_modules/.cache"])


@scenario("rule 35: what a cache holds already", jobs=(1,), state=("kept",))
def js_a_result_that_saw_another_cache_is_not_cached(t):
    """What another tool left in the cache is read: the task succeeds, is not cached, and the file is named."""
    two(t)
    os.makedirs(t.path(CACHE))
    t.outputs_write(f"{CACHE}/one", "WRONG\n")
    t.outputs_write(f"{CACHE}/index", "one\n")
    built = t.build(ran={"a#build", "b#build"}, uncacheable=2, check=False,
                    says=["a#build is not cached: it found %ws%/node_modules/.cache/tool/",
                          "another task or tool put there"])
    t.expect(not built.summary["violations"], "an error")
    t.expect(t.read("packages/a/lib/out") == "WRONG\n", "the scenario does not show what it should")
    t.outputs_remove("node_modules/.cache")
    t.build(ran={"a#build", "b#build"}, uncacheable=0, absent=LEFT)


@scenario("rule 35: tasks that run at the same time", jobs=(2,), state=("kept",))
def js_tasks_that_meet_in_a_cache_are_not_cached(t):
    """Two tasks wait for each other's file in the cache: neither result is kept, and the build succeeds."""
    meet = ("c=../../node_modules/.cache/tool; mkdir -p $c lib; echo >$c/%s; "
            "for i in $(seq 300); do [ -e $c/%s ] && break; sleep 0.1; done; sleep 1; echo >lib/out")
    t.write("node_modules/other/index.js", "1\n")
    repository(t, {"a": package({"build": meet % ("a", "b")}), "b": package({"build": meet % ("b", "a")})})
    t.build(ran={"a#build", "b#build"}, uncacheable=2, check=False, says=["in a tool's cache"])


@scenario("rule 35: a cache that is named as an output")
def js_a_cache_that_is_an_output_is_one(t):
    """bxlconfig.json names a directory in node_modules/.cache: its files are outputs and inputs like any others."""
    out = "packages/a/node_modules/.cache/made"
    repository(t, {"a": package({"build": "mkdir -p node_modules/.cache/made && cat src >node_modules/.cache/made/out"}),
                   "b": package({"build": "mkdir -p lib && cat ../a/node_modules/.cache/made/out >lib/out"}, ["a"])})
    t.files({"packages/a/src": "1\n", "packages/a/bxlconfig.json": '{"outputDirectories": ["node_modules/.cache/made"]}\n'})
    t.build(ran={"a#build", "b#build"}, uncacheable=0)
    t.outputs_remove(out)
    t.noop()
    t.expect(t.read(f"{out}/out") == "1\n", "not replayed")
    t.write("packages/a/src", "2\n")
    t.build(ran={"a#build", "b#build"})


@scenario("rule 35: caches below HOME", state=("kept",))
def js_caches_below_home_are_private(t):
    """XDG_CACHE_HOME and npm's cache lie in each task's own temporary directory, unless they are given."""
    script = ('mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/tool" "${npm_config_cache:-$HOME/.npm}/_logs" lib; '
              'echo x >>"${XDG_CACHE_HOME:-$HOME/.cache}/tool/log"; echo x >>"${npm_config_cache:-$HOME/.npm}/_logs/1"; '
              'cat "${XDG_CACHE_HOME:-$HOME/.cache}/tool/log" >lib/out')
    home = os.path.join(t.base, "caller")
    os.mkdir(home)
    repository(t, {name: package({"build": script}) for name in "ab"})
    env = {"HOME": home}
    t.build(ran={"a#build", "b#build"}, uncacheable=0, env=env, check=False)
    for name in "ab":
        t.expect(t.read(f"packages/{name}/lib/out") == "x\n", "a cache was shared")
    t.expect(not os.listdir(home), "something was made in the home directory")
    t.noop(env=env, check=False)
