"""What a scenario is: a function over a Workspace, the variants it runs in, and how it ends."""
import shutil
from dataclasses import dataclass


class Mismatch(Exception):
    """The build did something else than the scenario claims."""


class Skip(Exception):
    """The scenario cannot run here; the text says why."""


class Broken(Exception):
    """The scenario itself is wrong (its from-scratch run fails): never the build's fault."""


@dataclass(frozen=True)
class Variant:
    jobs: int
    state: str  # "kept", or "lost": `.bxl` is removed before every build but the first

    def __str__(self):
        return f"-j{self.jobs} {self.state}"


@dataclass
class Scenario:
    function: object
    name: str
    module: str
    rule: str
    variants: list
    needs: tuple
    unprivileged: bool
    slow: bool

    def missing(self):
        return [tool for tool in self.needs if not shutil.which(tool)]


REGISTRY = []


def scenario(rule, *, jobs=(1, 2), state=("kept", "lost"), needs=(),
             unprivileged=False, slow=False):
    """Registers a function as a scenario.

    rule: which promise it checks, for people; "rule 7" is one of lib/RULES.md. jobs, state: the
    variants. needs: programs without which it is skipped. unprivileged: when run as root,
    everything below runs under setpriv as nobody. slow: started first.
    """
    def register(function):
        if not function.__doc__:
            raise Broken(f"{function.__name__}: a scenario says in a docstring what it claims")
        if any(s.name == function.__name__ for s in REGISTRY):
            raise Broken(f"two scenarios are called {function.__name__}")
        variants = [Variant(j, s) for s in state for j in jobs]
        REGISTRY.append(Scenario(function, function.__name__, function.__module__, rule, variants,
                                 tuple(needs), unprivileged, slow))
        return function
    return register
