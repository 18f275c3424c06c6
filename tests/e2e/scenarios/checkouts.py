"""Two checkouts and one cache: what serves both, and what must not."""
import os
import shutil

from harness import tree
from harness.json_graph import pip
from harness.ninja import edge
from harness.scenario import scenario

SHARE = ("--share-checkouts",)


def first(t):
    """Moves the workspace to a place whose names occur in no output by chance, as "w" does in binaries."""
    root = f"{t.base}/checkouts/original"
    os.makedirs(os.path.dirname(root), exist_ok=True)
    os.rename(t.root, root)
    t.root = root


def second(t, name="elsewhere/second/deeper"):
    """The same sources at another path, of another length and depth."""
    root = f"{t.base}/{name}"
    if os.path.exists(root):
        shutil.rmtree(root)
    shutil.copytree(t.shadow, root, symlinks=True)
    return root


def build_second(t, root, **expected):
    return t.start(root=root, args=SHARE).finish(check=False, sources=False, **expected)


def same_as_from_scratch(t, root, *names):
    """A tree built by bxl without a cache, at the very place."""
    kept = {name: tree.entry(f"{root}/{name}") for name in names}
    shutil.rmtree(f"{root}/.bxl")
    cache, t.cache = t.cache, f"{t.base}/no-cache"
    shutil.rmtree(t.cache, ignore_errors=True)
    for name in names:
        os.remove(f"{root}/{name}")
    t.start(root=root).finish(check=False, sources=False)
    t.cache = cache
    for name in names:
        t.expect(tree.entry(f"{root}/{name}") == kept[name], f"{name} was wrongly shared: {str(kept[name])[:200]}")


def why(t, root, pip):
    own, t.root = t.root, root
    text = t.tool("bxl", "why", pip).stdout.decode()
    t.root = own
    return text


@scenario("rule 17: shared", jobs=(2,), state=("kept",))
def results_that_do_not_name_the_checkout_are_shared(t):
    """Relative and absolute commands: hits where the outputs are the same, runs where they tell the place."""
    first(t)
    t.files({"in": "1\n", "sub/x.txt": "x\n"})
    commands = (edge("plain", "cat in > plain; echo some text", "in"),
                edge("absolute", "cat {ws}/in > {ws}/absolute", "in"),
                edge("tree/a", "cat sub/x.txt in > tree/a; ln -sf a tree/link; ls sub > tree/list; echo y > tree/b", "in"),
                edge("where", "pwd > where", "in"),
                edge("after", "wc -l < where > after; cat plain >> after", "where plain"),
                edge("link", "ln -sf $PWD/in link; test -L link", "in"),
                edge("said", "pwd; touch said", "in"),
                edge("base", "basename $PWD > base", "in"),
                edge("parent", "dirname $PWD > parent", "in"))
    outputs = ("plain", "absolute", "tree/a", "tree/link", "tree/list", "tree/b", "where", "after", "link",
               "said", "base", "parent")
    embeds = {"where", "link", "said", "base", "parent"}
    everything = {"plain", "absolute", "tree/a", "after", *embeds}
    t.ninja(*(c.replace("{ws}", t.root) for c in commands))
    t.build(args=SHARE, check=False, ran=everything)
    t.ninja(*commands)  # second() takes the shadow's
    other = second(t)
    with open(f"{other}/build.ninja", encoding="utf-8") as file:
        text = file.read()
    with open(f"{other}/build.ninja", "w", encoding="utf-8") as file:
        file.write(text.replace("{ws}", other))
    # after reads where, which differs by place: another input, another result.
    build_second(t, other, ran=embeds | {"after"}, hit=3, says=("some text",))
    build_second(t, other, ran=(), clean=9)
    t.expect("made in another checkout" in why(t, other, "plain"), why(t, other, "plain"))
    for pip, reason in (("where", "contains the path"), ("link", "symlink"), ("said", "prints")):
        t.expect(reason in why(t, other, pip) and "not for other checkouts" in why(t, other, pip), why(t, other, pip))
    same_as_from_scratch(t, other, *outputs)


@scenario("rule 17: shared", jobs=(2,), state=("kept",))
def checkouts_share_only_when_asked_to(t):
    """Without the option nothing is searched, published for others, or taken from them."""
    first(t)
    t.write("in", "1\n")
    t.ninja(edge("plain", "cat in > plain", "in"))
    t.build(ran={"plain"})
    one, other = second(t, "a/one"), second(t, "b/two")
    build_second(t, one, ran={"plain"})
    t.start(root=other).finish(check=False, sources=False, ran={"plain"})
    shutil.rmtree(f"{other}/.bxl")
    os.remove(f"{other}/plain")
    third = second(t, "c/three")
    build_second(t, third, ran=(), hit=1)


@scenario("rule 17: shared", jobs=(2,), state=("kept",))
def checkouts_with_different_sources_share_nothing(t):
    """What was read decides, declared or not, as within one checkout."""
    first(t)
    t.files({"in": "1\n", "hid": "1\n", "opt/x": "x\n"})
    t.ninja(edge("out", "cat in hid > out; ls opt >> out; test -f flag && echo flag >> out; true", "in"))
    t.build(args=SHARE, ran={"out"})

    def changed(edit):
        other = second(t)
        edit(other)
        build_second(t, other, ran={"out"})
        same_as_from_scratch(t, other, "out")

    def write(name, text):
        def edit(root):
            with open(f"{root}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        return edit

    for edit in (write("in", "2\n"), write("hid", "2\n"), write("opt/y", "y\n"), write("flag", "")):
        changed(edit)
    build_second(t, second(t, "unchanged/one"), ran=(), hit=1)


@scenario("rule 17: shared", jobs=(2,), state=("kept",))
def compressed_outputs_are_not_shared(t):
    """A tool that packs its path: gzip, zlib in the middle of a file, xz; never served to another place."""
    first(t)
    t.write("in", "1\n")
    t.write("tools/pack.py", "#!/usr/bin/env python3\nimport gzip, lzma, os, sys, zlib\n"
            "text = os.getcwd().encode() * 3\n"
            "data = {'gz': gzip.compress(text, mtime=0), 'zlib': zlib.compress(text), 'xz': lzma.compress(text),\n"
            "        'raw': zlib.compress(os.getcwd().encode() + os.urandom(0) + bytes(\n"
            "            (i * i * 2654435761 >> 13) % 256 for i in range(9000)))[2:]}\n"
            "open(sys.argv[1], 'wb').write(data[sys.argv[1].split('.')[1]])\n")
    kinds = {"o.gz", "o.zlib", "o.xz", "o.raw"}
    t.ninja(*(edge(o, f"python3 tools/pack.py {o}", "in tools/pack.py") for o in sorted(kinds)))
    t.build(args=SHARE, check=False, ran=kinds)
    other = second(t)
    build_second(t, other, ran=kinds)
    t.expect("cannot be searched" in why(t, other, "o.gz"), why(t, other, "o.gz"))
    same_as_from_scratch(t, other, *kinds)


@scenario("rule 17: shared", jobs=(2,), state=("kept",), needs=("gcc", "ar"))
def objects_without_paths_are_shared_and_others_not(t):
    """gcc, with commands as CMake writes them: -O2 is shared, -g, __FILE__ and compressed sections are not."""
    first(t)
    t.files({"m.c": '#include "h.h"\nint main(void) { return H; }\n', "inc/h.h": "#define H 0\n",
             "f.c": "const char *f(void) { return __FILE__; }\n",
             "s.c": "#include <string.h>\nvoid s(char *p) { strcpy(p, __FILE__); }\n"})
    gcc = "gcc -I{ws}/inc -MD -MF {o}.d {flags} -c {ws}/{c} -o {o}"
    wanted = {"m.o": ("-O2", "m.c"), "g.o": ("-g", "m.c"), "f.o": ("-O2", "f.c"), "s.o": ("-O2", "s.c"),
              "z.o": ("-g -gz", "m.c"), "lto.o": ("-O2 -flto", "f.c")}
    edges = [edge(o, gcc.format(ws="{ws}", o=o, flags=flags, c=c), c, depfile=f"{o}.d", deps="gcc")
             for o, (flags, c) in wanted.items()]
    edges += [edge("m.a", "rm -f m.a; ar rcsD m.a m.o", "m.o"), edge("z.a", "rm -f z.a; ar rcsD z.a z.o", "z.o"),
              edge("app", "gcc m.o -o app", "m.o")]
    t.ninja(*(e.replace("{ws}", t.root) for e in edges))
    all_pips = {*wanted, "m.a", "z.a", "app"}
    t.build(args=SHARE, check=False, ran=all_pips)
    t.ninja(*edges)
    other = second(t)
    with open(f"{other}/build.ninja", encoding="utf-8") as file:
        text = file.read()
    with open(f"{other}/build.ninja", "w", encoding="utf-8") as file:
        file.write(text.replace("{ws}", other))
    build_second(t, other, ran=all_pips - {"m.o", "m.a", "app"}, hit=3)
    for pip, reason in (("g.o", "contains the path"), ("z.o", "compressed"), ("z.a", "compressed"), ("lto.o", "lto"),
                        ("f.o", "contains the path"), ("s.o", "contains the path")):
        t.expect(reason in why(t, other, pip), f"{pip}: {why(t, other, pip)}")
    same_as_from_scratch(t, other, *all_pips - {"lto.o"})  # gcc seeds it at random


@scenario("rule 17: shared", jobs=(2,), state=("kept",))
def what_leads_back_to_the_first_checkout_is_not_shared(t):
    """A copied checkout whose files and links still name the first one reads there: its lookups must not ask here."""
    first(t)
    t.files({"in": "1\n", "x": "1\n", "run.sh": f"cat {t.root}/x\n"})
    t.symlink(f"{t.root}/x", "link")
    outside = f"{t.base}/alias"
    os.symlink(t.root, outside)
    t.ninja(edge("script", "sh run.sh > script", "in"), edge("link.out", "cat link > link.out", "in"),
            edge("alias.out", f"cat {outside}/x > alias.out", "in"),
            edge("named.out", f"true {t.root}.x; sh -c 'cat '{t.root}/x > named.out", "in"),
            edge("plain", "cat x > plain", "in"))
    pips = {"script", "link.out", "alias.out", "named.out", "plain"}
    t.build(args=SHARE, ran=pips, check=False)
    other = second(t)
    built = build_second(t, other, may=pips)
    t.expect("plain" not in built.summary["ran"], "plain was not shared")
    t.expect({"script", "link.out", "alias.out"} <= set(built.summary["ran"]), built.summary["ran"])
    t.write("x", "2\n")  # in the first checkout alone; the second one's stays as it was
    third = second(t, "third/copy")
    with open(f"{third}/x", "w", encoding="utf-8") as file:
        file.write("1\n")
    build_second(t, third, may=pips)
    for name in ("script", "link.out", "alias.out", "named.out"):
        t.expect(tree.entry(f"{third}/{name}")[1] == b"2\n", f"{name} was wrongly shared")


@scenario("rule 17: shared", jobs=(2,), state=("kept",))
def shared_content_that_is_lost_is_made_in_the_other_checkout(t):
    """A hit from elsewhere of which the content is gone: the pip runs here."""
    first(t)
    t.write("in", "1\n")
    t.ninja(edge("mid", "cat in in > mid", "in"), edge("end", "cat mid mid > end", "mid"))
    t.build(args=SHARE, ran={"mid", "end"})
    other = second(t)
    for directory, _, files in os.walk(f"{t.cache}/objects"):
        for name in files:
            path = os.path.join(directory, name)
            if tree.entry(path)[1] == b"1\n1\n":
                os.chmod(path, 0o644)
                with open(path, "wb") as file:
                    file.write(b"1\n2\n")
    build_second(t, other, ran={"mid"}, hit=1)
    same_as_from_scratch(t, other, "mid", "end")


@scenario("rule 17: shared", jobs=(2,), state=("kept",))
def json_graph_says_that_checkouts_share(t):
    """"shareCheckouts": true in the graph is as good as the option."""
    first(t)
    t.write("in", "1\n")
    t.json(pip("plain", "cat in > plain", ["in"], ["plain"]), pip("where", "pwd > where", ["in"], ["where"]),
           shareCheckouts=True)
    t.build(check=False, ran={"plain", "where"})
    other = second(t)
    t.start(root=other).finish(check=False, sources=False, ran={"where"}, hit=1)
