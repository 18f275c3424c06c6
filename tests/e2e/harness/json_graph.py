"""Short ways to write a graph.bxl.json, and a stand-in that builds one from scratch."""
import base64
import json
import os
import shutil
import subprocess

from harness.scenario import Broken


def graph(*pips, **more):
    """The text of a graph."""
    return json.dumps({"version": 1, **more, "pips": list(pips)}, indent=1) + "\n"


def pip(name, command, inputs=(), outputs=(), **more):
    return {"id": name, "command": command, "inputs": list(inputs), "outputs": list(outputs), **more}


def write_file(name, path, content, **more):
    return {"id": name, "kind": "write-file", "path": path, "content": content, **more}


def copy_file(name, source, target, **more):
    return {"id": name, "kind": "copy-file", "from": source, "to": target, **more}


def copy_directory(name, source, target, **more):
    return {"id": name, "kind": "copy-directory", "from": source, "to": target, **more}


def exclusive(*paths):
    return [{"path": path, "kind": "exclusive"} for path in paths]


def shared(*paths):
    return [{"path": path, "kind": "shared"} for path in paths]


class Plain:
    """Runs the pips of a graph one after the other, each after what it depends on."""

    def __init__(self, directory):
        self.directory = directory
        with open(f"{directory}/graph.bxl.json", encoding="utf-8") as file:
            self.graph = json.load(file)
        self.pips = {p["id"]: p for p in self.graph["pips"]}
        self.seals = {s["id"]: s for s in self.graph.get("seals", ())}
        self.done = set()
        for p in self.pips.values():
            for path in self._files(p):
                os.makedirs(os.path.dirname(self._at(path)), exist_ok=True)
            for path in self._directories(p):
                os.makedirs(self._at(path), exist_ok=True)

    def build(self, targets, env, prefix):
        known = {os.path.normpath(path): p["id"] for p in self.pips.values()
                 for path in (*self._files(p), *self._directories(p))}
        for target in targets or self.graph.get("defaults") or self.pips:
            self._make(known.get(target, target), env, prefix)

    def _at(self, path):
        return os.path.normpath(os.path.join(self.directory, path))

    @staticmethod
    def _files(p):
        kind = p.get("kind", "process")
        if kind == "process":
            return [*p.get("outputs", ()), *p.get("optionalOutputs", ()),
                    *[p[s] for s in ("stdout", "stderr") if s in p]]
        return [p["path"]] if kind == "write-file" else [p["to"]] if kind == "copy-file" else []

    @staticmethod
    def _directories(p):
        if p.get("kind") == "copy-directory":
            return [p["to"]]
        return [d["path"] for d in p.get("outputDirectories", ())]

    def _inputs(self, p):
        for one in p.get("inputs", ()):
            if isinstance(one, str):
                yield one
            else:
                yield from self.seals[one["seal"]].get("files", ())
        if isinstance(p.get("stdin"), str):
            yield p["stdin"]
        if "from" in p:
            yield p["from"]

    def _needs(self, p):
        inside = lambda a, b: (self._at(a) + "/").startswith(self._at(b) + "/")
        yield from p.get("dependencies", ())
        for path in self._inputs(p):
            for other in self.pips.values():
                if other is p:
                    continue
                if any(inside(path, d) for d in self._directories(other)) or \
                        any(self._at(path) == self._at(f) for f in self._files(other)) or \
                        p.get("kind") == "copy-directory" and any(
                            inside(o, path) for o in (*self._files(other), *self._directories(other))):
                    yield other["id"]

    def _make(self, name, env, prefix):
        if name in self.done:
            return
        self.done.add(name)
        p = self.pips[name]
        for need in self._needs(p):
            self._make(need, env, prefix)
        kind = p.get("kind", "process")
        if kind == "process":
            self._run(p, env, prefix)
        elif kind == "write-file":
            data = p["content"].encode() if "content" in p else base64.b64decode(p["contentBase64"])
            with open(self._at(p["path"]), "wb") as file:
                file.write(data)
            os.chmod(self._at(p["path"]), 0o755 if p.get("executable") else 0o644)
        elif kind == "copy-file":
            shutil.copyfile(self._at(p["from"]), self._at(p["to"]))
            shutil.copymode(self._at(p["from"]), self._at(p["to"]))
        else:
            shutil.copytree(self._at(p["from"]), self._at(p["to"]), symlinks=True, dirs_exist_ok=True)

    def _run(self, p, env, prefix):
        passed = {*self.graph.get("passEnv", ()), *p.get("passEnv", ()), "PATH", "HOME"}
        env = {name: value for name, value in env.items() if name in passed}
        env.update({**self.graph.get("env", {}), **p.get("env", {})})
        command = p["command"]
        if isinstance(command, str):
            command = ["/bin/sh", "-c", command]
        if "responseFile" in p:
            with open(self._at(p["responseFile"]["path"]), "w", encoding="utf-8") as file:
                file.write(p["responseFile"]["content"])
        stdin = p.get("stdin")
        given = stdin["text"].encode() if isinstance(stdin, dict) else b""
        if isinstance(stdin, str):
            with open(self._at(stdin), "rb") as file:
                given = file.read()
        streams = {}
        for name in ("stdout", "stderr"):
            if name in p:
                streams[name] = open(self._at(p[name]), "ab")
        done = subprocess.run([*prefix, *command], cwd=self._at(p.get("cwd", ".")), env=env,
                              input=given, stdout=streams.get("stdout", subprocess.DEVNULL),
                              stderr=streams.get("stderr", subprocess.DEVNULL), timeout=120)
        for stream in streams.values():
            stream.close()
        if done.returncode not in p.get("successExitCodes", [0]):
            raise Broken(f"from scratch: {p['id']} exits {done.returncode}")
        if "responseFile" in p:
            os.remove(self._at(p["responseFile"]["path"]))
