"""Pip filters by their definition, over the JSON print of a graph: no index, no shortcut; and random ones."""


class Oracle:
    """Sets of outputs: (pip, number). `records` are those of `bxl-graph show --json`."""

    def __init__(self, records, root, module):
        self.root = root
        self.pips = {r["id"]: r for r in records if r.get("record") == "pip"}
        self.module = module
        self.all = {o for p in self.pips for o in self.outputs(p)}

    def options(self, pip):
        return self.pips[pip].get("options") or {}

    def paths(self, pip):
        p = self.pips[pip]
        return p["outputs"] + [d["path"] for d in self.options(pip).get("directoryOutputs", ())]

    def outputs(self, pip):
        """A pip that makes nothing can be asked for all the same."""
        return {(pip, n) for n in range(max(1, len(self.paths(pip))))}

    def makers(self, outputs):
        return {pip for pip, _ in outputs}

    def where(self, holds):
        return {o for p in self.pips if holds(p) for o in self.outputs(p)}

    def needs(self, pip):
        """All that a pip depends on, however far."""
        found = set()
        for dep in self.pips[pip]["dependencies"]:
            found |= {dep} | self.needs(dep)
        return found

    # --- what the words mean -----------------------------------------------------------------------

    def value(self, name):
        return self.where(lambda p: self.pips[p]["rule"] == name)

    def dpc(self, inner):
        roots = self.makers(inner)
        return inner | self.where(lambda p: any(p in self.needs(r) for r in roots))

    def dpt(self, inner):
        roots = self.makers(inner)
        return inner | self.where(lambda p: bool(self.needs(p) & roots))

    def requiredfor(self, inner):
        roots = self.makers(inner)
        return self.where(lambda p: any(p in self.pips[r]["dependencies"] for r in roots))

    def copydpt(self, inner):
        grown = set(inner)
        while True:
            more = set()
            for p, record in self.pips.items():
                if record["kind"] == "copy-file":
                    sources = {(q, n) for q in self.pips for n, path in enumerate(self.paths(q))
                               if path in record["inputs"]}
                    if sources & grown:
                        more |= self.outputs(p)
            if more <= grown:
                return grown
            grown |= more

    def output(self, matches, into=None):
        """into: a path that may lie in an output directory."""
        return {(p, n) for p in self.pips for n, path in enumerate(self.paths(p))
                if matches(path) or (into is not None and n >= len(self.pips[p]["outputs"])
                                     and into.startswith(path + "/"))}

    def input(self, matches):
        return self.where(lambda p: any(matches(path) for path in
                                        self.pips[p]["inputs"] + self.pips[p]["orderOnly"]))


def random_filter(oracle, rng, depth):
    """(text, meaning)"""
    kind = rng.randrange(9 if depth == 0 else 16)
    pip = rng.choice(sorted(oracle.pips))
    record = oracle.pips[pip]
    paths = oracle.paths(pip) or [oracle.root + "/nothing"]
    path = rng.choice(paths)
    relative = path[len(oracle.root) + 1:]
    if kind == 0:
        return f"id='{record['stableId']}'", oracle.outputs(pip)
    if kind == 1:
        tag = rng.choice(["fast", "slow", "none"])
        return f"tag='{tag}'", oracle.where(lambda p: tag in oracle.options(p).get("tags", ()))
    if kind == 2:
        module = rng.choice(["core", "net", oracle.module])
        return f"module='{module}'", oracle.where(lambda p: (oracle.options(p).get("module") or oracle.module) == module)
    if kind == 3:
        name = rng.choice(["v0", "v1"])
        if rng.randrange(2):
            return f"value='{name}'", oracle.value(name)
        return f"valuetransitive='{name}'", oracle.dpc(oracle.value(name))
    if kind == 4:
        return f"output='{relative}'", oracle.output(lambda p: p == path, into=path)
    if kind == 5:
        tail = relative[-3:]
        return f"output='*{tail}'", oracle.output(lambda p: p.endswith(tail))
    if kind == 6:
        return "output='d/*'", oracle.output(lambda p: p.startswith(oracle.root + "/d/"), into=oracle.root + "/d/")
    if kind == 7:
        return f"input='{relative}'", oracle.input(lambda p: p == path)
    if kind == 8:
        member = rng.choice(paths) + "/member"
        return f"output='{member[len(oracle.root) + 1:]}'", oracle.output(lambda p: p == member, into=member)
    if kind in (9, 10, 11):
        left, a = random_filter(oracle, rng, depth - 1)
        right, b = random_filter(oracle, rng, depth - 1)
        return (f"({left} and {right})", a & b) if kind == 9 else (f"({left} or {right})", a | b)
    inner, meaning = random_filter(oracle, rng, depth - 1)
    if kind == 12:
        return f"~({inner})", oracle.all - meaning
    name = rng.choice(["dpt", "dpc", "requiredfor", "copydpt"])
    return f"{name}({inner})", getattr(oracle, name)(meaning)
