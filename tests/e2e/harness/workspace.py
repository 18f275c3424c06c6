"""The hands of a scenario: a tiny workspace, edits to it, builds, and what must be true after each."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time

from harness import json_graph, processes, tree, truth
from harness.ninja import NAP, PRELUDE
from harness.scenario import Broken, Mismatch

SETTLE = 0.02  # seconds between a build and the next edit: shorter than a coarse clock would need
LIMIT = 120  # seconds a build may take before it counts as stuck
NOBODY = 65534


class Workspace:
    """One scenario variant's private directory.

    root: the tree bxl builds. shadow: the same sources and never an output; copies of it are built
    from scratch. Edits go to both; what touches only root says so (`outputs_*`).
    """

    def __init__(self, base, variant, bxl, options, truths, unprivileged):
        self.base, self.variant, self.bxl = base, variant, bxl
        self.options, self._truths = options, truths
        self.bin = os.path.dirname(bxl)
        self.root, self.shadow = f"{base}/w/ws", f"{base}/s/ws"
        self.cache, self.dir = f"{base}/cache", "."
        self.env = {}
        self.steps = 0
        self.last_text = ""  # what the last build printed that went as expected
        self.naps = False  # has any command a NAP?
        for directory in (self.root, self.shadow, f"{base}/home", f"{base}/tmp", f"{base}/awake"):
            os.makedirs(directory)
        # From-scratch runs take one command at a time: there is nobody to wait for.
        with open(f"{base}/awake/sleep", "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n")
        os.chmod(f"{base}/awake/sleep", 0o755)
        self.prefix = []
        if unprivileged and os.geteuid() == 0:
            self.prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                           "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]

    @property
    def kept(self):
        """`.bxl` stays between builds: what is up to date is clean, not a hit."""
        return self.variant.state == "kept"

    # --- edits: every one is made in root and in shadow --------------------------------------------

    def both(self, action):
        """action(directory) for root and shadow: for edits that have no method here."""
        for directory in (self.root, self.shadow):
            action(directory)

    def write(self, path, text="", *, mode=None, keep_times=False):
        """Writes a file in place. Text starting with #! makes a program. keep_times: mtime restored."""
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")

        def action(directory):
            target = os.path.join(directory, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            before = os.stat(target) if keep_times else None
            with open(target, "wb") as file:
                file.write(data)
            if mode is not None or data.startswith(b"#!"):
                os.chmod(target, 0o755 if mode is None else mode)
            if before:
                os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.both(action)

    def files(self, contents):
        for path, text in contents.items():
            self.write(path, text)

    def ninja(self, *parts):
        """Writes build.ninja: PRELUDE, then the parts."""
        text = PRELUDE + "".join(parts)
        self.naps = self.naps or NAP in text
        self.write(os.path.normpath(f"{self.dir}/build.ninja"), text)

    def json(self, *pips, **more):
        """Writes graph.bxl.json; the parts are those of harness/json_graph.py."""
        text = json_graph.graph(*pips, **more)
        self.naps = self.naps or NAP in text
        self.write(os.path.normpath(f"{self.dir}/graph.bxl.json"), text)

    def remove(self, path):
        self.both(lambda d: os.remove(os.path.join(d, path)))

    def rename(self, old, new):
        self.both(lambda d: os.rename(os.path.join(d, old), os.path.join(d, new)))

    def symlink(self, target, path):
        """Makes `path` a symlink, replacing one that is there."""
        def action(directory):
            link = os.path.join(directory, path)
            os.makedirs(os.path.dirname(link), exist_ok=True)
            if os.path.islink(link):
                os.remove(link)
            os.symlink(target, link)
        self.both(action)

    def chmod(self, path, mode):
        self.both(lambda d: os.chmod(os.path.join(d, path), mode))

    def touch(self, path):
        self.both(lambda d: os.utime(os.path.join(d, path)))

    def shell(self, command):
        """Runs a command in root and in shadow; must do the same in both."""
        for directory in (self.root, self.shadow):
            subprocess.run(["/bin/sh", "-ec", command], cwd=directory, check=True,
                           env=self._environment({}), stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # --- outputs: only in root ---------------------------------------------------------------------

    def path(self, name):
        return os.path.join(self.root, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")

    def exists(self, name):
        """Is it there, in every copy?"""
        return os.path.lexists(self.path(name))

    def outputs_remove(self, *names):
        for name in names:
            path = self.path(name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.remove(path)

    def outputs_write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def forget_state(self):
        shutil.rmtree(self.path(os.path.join(self.dir, ".bxl")), ignore_errors=True)

    def forget_cache(self):
        shutil.rmtree(self.cache, ignore_errors=True)

    # --- builds ------------------------------------------------------------------------------------

    def build(self, *targets, env=None, pass_env=(), args=(), **expected):
        """Builds and checks; see start() and Running.finish() for the arguments."""
        return self.start(*targets, env=env, pass_env=pass_env, args=args).finish(**expected)

    def noop(self, *targets, **more):
        """Builds again with nothing changed: nothing may run or fail."""
        return self.build(*targets, ran=(), failed=0, skipped=0, **more)

    def start(self, *targets, env=None, pass_env=(), args=(), root=None):
        """Starts `bxl build` in the background. `{ws}` in values of env is the tree being built."""
        self.steps += 1
        if self.variant.state == "lost" and self.steps > 1 and root is None:
            self.forget_state()
        return Running(self, targets, {**self.env, **(env or {})}, tuple(pass_env), tuple(args),
                       root or self.root)

    def tool(self, name, *args, stdin=b"", check=0, env=None):
        """Runs one tool of the pipeline alone; returns the completed process, output as bytes."""
        done = subprocess.run(
            [*self.prefix, f"{self.bin}/{name}", *args, *self.common()], input=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.base, timeout=LIMIT,
            env=self._environment(env or {}), start_new_session=True)
        if check is not None and done.returncode != check:
            raise Mismatch(f"{name} {' '.join(args)} exits {done.returncode}, expected {check}: "
                           + done.stderr.decode(errors="replace")[-400:])
        return done

    def common(self, root=None):
        directory = os.path.normpath(os.path.join(root or self.root, self.dir))
        return ["-C", directory, f"-j{self.variant.jobs}", "--cache", self.cache]

    def expect(self, condition, sentence):
        if not condition:
            raise Mismatch(f"step {self.steps}: {sentence}")

    def _environment(self, extra, directory=None):
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": f"{self.base}/home",
               "TMPDIR": f"{self.base}/tmp", "GIT_CONFIG_NOSYSTEM": "1"}
        env.update({k: v.replace("{ws}", directory or self.root) for k, v in extra.items()})
        return env

    def own(self):
        """Gives nobody what root has made; leaves the rest alone: chown alone changes a ctime."""
        if not self.prefix:
            return
        for directory, directories, files in os.walk(self.base):
            for name in [".", *directories, *files]:
                path = os.path.join(directory, name)
                if os.lstat(path).st_uid != NOBODY:
                    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)

    # --- the from-scratch run ----------------------------------------------------------------------

    def from_scratch(self, targets, env, pass_env):
        """The tree after building a copy of shadow elsewhere; remembered by content of shadow."""
        names = {"PATH", "HOME", *pass_env}
        if not os.path.exists(os.path.join(self.shadow, self.dir, "graph.bxl.json")):
            env = {k: v for k, v in env.items() if k in names}  # a JSON graph names what it passes
        sources = sorted((path, value, os.lstat(os.path.join(self.shadow, path)).st_mode)
                         for path, value in tree.snapshot(self.shadow).items())
        key = hashlib.sha256(repr((sources, targets, sorted(env.items()), self.dir))
                             .encode("utf-8", "surrogateescape")).digest()
        if key not in self._truths:
            top = f"{self.base}/t"
            shutil.rmtree(top, ignore_errors=True)
            os.makedirs(top)
            copy = f"{top}/ws"
            shutil.copytree(self.shadow, copy, symlinks=True, copy_function=_copy)
            self.own()
            env = self._environment(env, directory=copy)
            env["PATH"] = f"{self.base}/awake:" + env["PATH"]
            truth.run(os.path.join(copy, self.dir), list(targets), env, self.prefix,
                      self.options.stand_in)
            self._truths[key] = tree.snapshot(copy)
        return self._truths[key]


def _copy(source, target):
    """copy2, but what cannot be read becomes something of its size that cannot be read."""
    try:
        shutil.copy2(source, target)
    except PermissionError:
        with open(target, "wb") as file:
            file.truncate(os.lstat(source).st_size)
        shutil.copymode(source, target)


class Running:
    """A build on its way."""

    def __init__(self, workspace, targets, env, pass_env, args, root):
        self.ws, self.targets, self.env, self.pass_env, self.root = (
            workspace, targets, env, pass_env, root)
        self.step = workspace.steps
        self.summary_file = f"{workspace.base}/summary-{workspace.steps}.json"
        command = [*workspace.prefix, workspace.bxl, "build", *workspace.common(root),
                   "--summary", self.summary_file]
        for name in pass_env:
            command += ["--pass-env", name]
        self.log = open(f"{workspace.base}/build-{workspace.steps}.log", "w+b")
        workspace.own()
        self.process = subprocess.Popen(
            [*command, *args, *targets], cwd=workspace.base, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
            env=workspace._environment(env, directory=root))

    def wait_for_nap(self):
        """Waits until a command of this build sleeps in its NAP, where finish() finds it."""
        processes.wait_for(NAP, self.root, self.process)

    def wait_until_says(self, text):
        processes.wait_until(lambda: text in self._read_log() or self.process.poll() is not None,
                             f"the build says {text!r}", seconds=30)

    def signal_group(self, number):
        os.killpg(self.process.pid, number)

    def finish(self, *, exit=0, ran=None, may=(), check=None, absent=(), ignore=(), says=(),
               silent_on=(), sources=True, summary=None, wake=True, **counts):
        """Waits and checks; returns self with .text and .summary.

        exit: the code, or a tuple of codes. ran: the exact set of pips that ran, beside any of
        `may`; None: not checked. check: compare the tree with a from-scratch run (default: when exit
        is 0); absent, ignore: paths that may be missing, that are not compared. says, silent_on:
        texts that must, must not be printed. sources: sources must be untouched (checked when
        the tree is not compared). summary: the file must be there (default: exit 0, 1 or 4);
        False: it is not looked at.
        wake: commands in their NAP are ended.
        counts: clean=, hit=, failed=, skipped=, total=, uncacheable=.
        """
        code = self._wait(wake and self.ws.naps)
        self.text = self._read_log()
        self.code = code
        try:
            self._judge(code, exit, ran, may, check, absent, ignore, says, silent_on, sources,
                        summary, counts)
        except Mismatch as error:
            raise Mismatch(f"step {self.step}: {error}\n{_indent(self._evidence(ran))}") from None
        self.ws.last_text = self.text
        time.sleep(SETTLE)
        return self

    def _evidence(self, ran):
        """What this and the previous build printed, and bxl's own word on what ran unasked."""
        unasked = sorted(set((getattr(self, "summary", None) or {}).get("ran", ())) - set(ran)) if ran is not None else []
        text = self.text
        if self.ws.last_text:
            text = f"{self.ws.last_text}-- then:\n{text}"
        if unasked:
            why = subprocess.run([self.ws.bxl, "why", *self.ws.common(self.root)[:2], "--cache",
                                  self.ws.cache, *unasked], check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            text += "-- bxl why:\n" + why.stdout.decode(errors="replace")
        return text

    def _wait(self, wake):
        end = time.monotonic() + LIMIT
        while True:
            try:
                return self.process.wait(timeout=0.03 if wake else LIMIT)
            except subprocess.TimeoutExpired:
                pass
            if time.monotonic() >= end:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                raise Mismatch(f"step {self.step}: still running after {LIMIT} s\n"
                               + _indent(self._read_log()))
            if wake:
                processes.wake(NAP, self.root)

    def _read_log(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def _judge(self, code, exit, ran, may, check, absent, ignore, says, silent_on, sources, summary,
               counts):
        codes = exit if isinstance(exit, tuple) else (exit,)
        if code not in codes:
            raise Mismatch(f"exit code {code}, expected {' or '.join(map(str, codes))}")
        self.summary, self.pips = None, {}
        if summary is not False:
            self._judge_summary(code, summary or code in (0, 1, 4))
        if self.ws.options.check_ran and self.summary:
            self._judge_pips(ran, may, counts)
        for text in says:
            if text not in self.text:
                raise Mismatch(f"does not say {text!r}")
        for text in silent_on:
            if text in self.text:
                raise Mismatch(f"should not say {text!r}")
        if check if check is not None else code == 0:
            self._judge_tree(absent, ignore)
        elif sources:
            have, want = tree.snapshot(self.root), tree.snapshot(self.ws.shadow)
            _report(tree.differences({p: e for p, e in have.items() if p in want}, want,
                                     ignore=ignore), "sources were changed")

    def _judge_summary(self, code, needed):
        if not os.path.exists(self.summary_file):
            if needed:
                raise Mismatch("no --summary file")
            return
        with open(self.summary_file, encoding="utf-8", errors="surrogateescape") as file:
            try:
                self.summary = json.load(file)
            except ValueError as error:
                raise Mismatch(f"--summary is not JSON: {error}") from None
        self.pips = pips = self.summary["pips"]
        if self.summary["exitCode"] != code:
            raise Mismatch(f"summary says exit {self.summary['exitCode']}, the build said {code}")
        if (self.summary["result"] == "succeeded") != (code == 0):
            raise Mismatch(f"summary says {self.summary['result']} with exit {code}")
        parts = sum(pips[k] for k in ("clean", "hit", "ran", "failed", "skipped"))
        if code in (0, 1) and parts != pips["total"]:
            raise Mismatch(f"total is not the sum of the others: {pips}")
        if len(set(self.summary["ran"])) != pips["ran"] or \
                len(self.summary["ran"]) != pips["ran"]:
            raise Mismatch(f"ran lists {self.summary['ran']} but counts {pips['ran']}")

    def _judge_pips(self, ran, may, counts):
        if ran is not None:
            have = set(self.summary["ran"])
            if not set(ran) <= have <= set(ran) | set(may):
                also = f" (and maybe {sorted(may)})" if may else ""
                raise Mismatch(f"ran {sorted(have)}, expected {sorted(ran)}{also}")
        for name, number in counts.items():
            have = self.summary["uncacheable"] if name == "uncacheable" else self.pips[name]
            if have != number:
                raise Mismatch(f"{name} is {have}, expected {number}; pips {self.pips}")

    def _judge_tree(self, absent, ignore):
        want = self.ws.from_scratch(self.targets, self.env, self.pass_env)
        have = tree.snapshot(self.root)
        partial = bool(self.targets)
        if partial:
            # What a partial request does not reach may be older, lazily absent, or from elsewhere.
            absent = set(want) - set(self.targets)
        _report(tree.differences(have, want, absent=absent, ignore=ignore, extra_allowed=partial),
                "the tree is wrong")


def _report(lines, title):
    if lines:
        more = f"\n  … and {len(lines) - 6} more" if len(lines) > 6 else ""
        raise Mismatch(title + ":\n  " + "\n  ".join(lines[:6]) + more)


def _indent(text, lines=24):
    return "\n".join("  | " + line for line in text.rstrip().split("\n")[-lines:])
