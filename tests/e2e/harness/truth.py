"""The from-scratch run that every build is compared with: ninja, or a small stand-in where there is none."""
import os
import re
import shutil
import subprocess

from harness import javascript, json_graph
from harness.scenario import Broken, Skip


def run(directory, targets, env, prefix, stand_in=False):
    """Builds `targets` in `directory`, one edge after the other, with nothing built before."""
    if os.path.exists(os.path.join(directory, "package.json")):
        javascript.Plain(directory).build(targets, env, prefix)
    elif not os.path.exists(os.path.join(directory, "build.ninja")):
        json_graph.Plain(directory).build(targets, env, prefix)
    elif shutil.which("ninja") and not stand_in:
        done = subprocess.run([*prefix, "ninja", "-j1", *targets], cwd=directory, env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)
        if done.returncode:
            raise Broken("from scratch: " + done.stdout.decode(errors="replace")[-600:])
    else:
        Plain(directory).build(targets, env, prefix)


class Rule(dict):
    """Bindings of a rule: raw text, expanded per edge."""


class Plain:
    """Runs the edges of a build.ninja in dependency order with sh.

    Understands what the scenarios write: variables, rules, build statements with all kinds of
    inputs and outputs, phony, default, include, rspfile, deps = gcc. No pools, no dyndep.
    """

    def __init__(self, directory):
        self.directory = directory
        self.variables, self.rules, self.edges, self.defaults = {}, {}, [], []
        self._parse("build.ninja")
        self.producer = {out: edge for edge in self.edges for out in edge["outs"]}

    def _parse(self, name):
        with open(os.path.join(self.directory, name), encoding="utf-8",
                  errors="surrogateescape") as file:
            text = re.sub(r"(\$[^\n])|\$\n *", lambda m: m.group(1) or "", file.read())
        scope = None
        for line in text.split("\n"):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if line.startswith(" "):
                key, value = (part.strip() for part in line.split("=", 1))
                scope[key] = value if isinstance(scope, Rule) else self._expand(
                    value, [self.variables])
                continue
            word, _, rest = line.partition(" ")
            if word == "rule":
                scope = self.rules[rest.strip()] = Rule()
            elif word == "pool":
                scope = {}
            elif word == "build":
                scope = {}
                self.edges.append(self._edge(rest, scope))
            elif word == "default":
                self.defaults += self._paths(rest)
            elif word in ("include", "subninja"):
                self._parse(rest.strip())
            else:
                key, value = (part.strip() for part in line.split("=", 1))
                self.variables[key] = self._expand(value, [self.variables])

    def _edge(self, text, bindings):
        left, right = re.split(r"(?<!\$):", text, maxsplit=1)
        outs = left.split(" | ")
        rule, _, rest = right.strip().partition(" ")
        rest = rest.split("|@")[0]
        inputs, _, order = (" " + rest).partition("||")
        inputs = inputs.split(" | ")
        explicit = self._paths(outs[0])
        return {"rule": rule, "bindings": bindings, "explicit": explicit,
                "outs": explicit + self._paths(" ".join(outs[1:])),
                "in": self._paths(inputs[0]),
                "needs": self._paths(" ".join(inputs)) + self._paths(order), "done": False}

    def _paths(self, text):
        words = re.findall(r"(?:\$.|[^\s$])+", text.strip())
        return [os.path.normpath(self._expand(word, [self.variables])) for word in words]

    def _expand(self, text, scopes):
        def value(match):
            name = match.group(1) or match.group(2)
            if name is None:
                return match.group(0)[1]
            for scope in scopes:
                if name in scope:
                    return self._expand(scope[name], scopes) if isinstance(scope, Rule) \
                        else scope[name]
            return ""
        return re.sub(r"\$(?:\{([\w.-]+)\}|([\w-]+)|[ $:\n])", value, text)

    def build(self, targets, env, prefix):
        if any("dyndep" in edge["bindings"] for edge in self.edges):
            raise Skip("the stand-in for ninja knows no dyndep")
        if "build.ninja" in self.producer:
            self._make("build.ninja", env, prefix)
            self.__init__(self.directory)
            self.producer["build.ninja"]["done"] = True
        used = {path for edge in self.edges for path in edge["needs"]}
        roots = [edge["outs"][0] for edge in self.edges if not set(edge["outs"]) & used]
        for target in targets or self.defaults or roots:
            self._make(os.path.normpath(target), env, prefix)

    def _make(self, path, env, prefix):
        edge = self.producer.get(path)
        if edge is None or edge["done"]:
            if edge is None and not os.path.lexists(os.path.join(self.directory, path)):
                raise Broken(f"from scratch: nothing makes {path}")
            return
        edge["done"] = True
        for need in edge["needs"]:
            self._make(need, env, prefix)
        if edge["rule"] == "phony":
            return
        quote = lambda names: " ".join(
            n if re.fullmatch(r"[\w+./-]+", n) else "'" + n.replace("'", "'\\''") + "'"
            for n in names)
        implied = {"in": quote(edge["in"]), "out": quote(edge["explicit"])}
        scopes = [implied, edge["bindings"], self.rules[edge["rule"]], self.variables]
        get = lambda name: self._expand(f"${{{name}}}", scopes)
        at = lambda name: os.path.join(self.directory, name)
        for out in edge["outs"]:
            os.makedirs(os.path.dirname(at(out)), exist_ok=True)
        if get("rspfile"):
            with open(at(get("rspfile")), "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(get("rspfile_content"))
        done = subprocess.run([*prefix, "/bin/sh", "-c", get("command")], cwd=self.directory,
                              env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)
        if done.returncode:
            raise Broken("from scratch: " + done.stdout.decode(errors="replace")[-600:])
        if get("rspfile"):
            os.remove(at(get("rspfile")))
        if get("deps") == "gcc" and os.path.exists(at(get("depfile"))):
            os.remove(at(get("depfile")))
