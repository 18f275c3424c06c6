"""Short ways to write a JavaScript repository, and a stand-in that builds one from scratch.

Scripts are shell text: nothing here needs node or a package manager.
"""
import json
import os
import subprocess

from harness.scenario import Broken


def package(scripts, deps=(), **more):
    """The text of a package.json without its name; deps: names, or name to range."""
    ranges = deps if isinstance(deps, dict) else {name: "1.0.0" for name in deps}
    return {"version": "1.0.0", "scripts": scripts, "dependencies": ranges, **more}


def repository(t, packages, commands=("build",), config=None):
    """Writes packages/NAME/package.json for each, and the root's.

    commands: what is executed, the first for all packages in their order, the others after the one before them; other
    than build alone needs a config.dsc, whose further options `config` holds.
    """
    t.write("package.json", json.dumps({"name": "root", "private": True, "workspaces": ["packages/*"],
                                        "commands": list(commands)}, indent=1) + "\n")
    for name, fields in packages.items():
        t.write(f"packages/{name}/package.json", json.dumps({"name": name, **fields}, indent=1) + "\n")
    if tuple(commands) != ("build",) or config is not None:
        t.write("config.dsc", "config({resolvers: [{kind: \"Npm\", moduleName: \"m\", root: d`.`, execute: "
                f"{json.dumps(list(commands))}, {config or ''}}}]}});\n")


class Plain:
    """Runs every command for every package, one after the other, dependencies first."""

    def __init__(self, directory):
        self.directory = directory
        with open(f"{directory}/package.json", encoding="utf-8") as file:
            self.commands = json.load(file)["commands"]
        self.packages = {}
        for name in sorted(os.listdir(f"{directory}/packages")):
            try:
                with open(f"{directory}/packages/{name}/package.json", encoding="utf-8") as file:
                    fields = json.load(file)
            except (FileNotFoundError, NotADirectoryError):
                continue
            self.packages[fields["name"]] = (f"{directory}/packages/{name}", fields)

    def build(self, targets, env, prefix):
        if targets:
            raise Broken("from scratch: only whole JavaScript repositories are built")
        for command in self.commands:
            done = set()
            for name in self.packages:
                self._make(name, command, env, prefix, done)

    def _make(self, name, command, env, prefix, done):
        if name in done or name not in self.packages:
            return
        done.add(name)
        folder, fields = self.packages[name]
        for other in fields.get("dependencies", {}):
            self._make(other, command, env, prefix, done)
        script = fields.get("scripts", {}).get(command)
        if not script:
            return
        path = f"{folder}/node_modules/.bin:{self.directory}/node_modules/.bin:{env['PATH']}"
        run = subprocess.run([*prefix, "/bin/sh", "-c", script], cwd=folder, env={**env, "PATH": path},
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        if run.returncode:
            raise Broken(f"from scratch: {name}#{command}: " + run.stdout.decode(errors="replace")[-600:])
