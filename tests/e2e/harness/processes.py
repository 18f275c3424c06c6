"""Finding processes of a test by where they run, and ending them by id."""
import os
import signal
import time

from harness.scenario import Mismatch


def _stat(pid):
    """(comm, parent, session, start time) or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    comm = text[text.index("(") + 1:text.rindex(")")]
    rest = text[text.rindex(")") + 2:].split()
    if rest[0] == "Z":
        return None
    return comm, int(rest[1]), int(rest[3]), int(rest[19])


def _all():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def below(directory):
    """Processes whose working directory is `directory` or below."""
    found = []
    for pid in _all():
        try:
            cwd = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue
        if (cwd + "/").startswith(directory + "/") and pid != os.getpid():
            found.append(pid)
    return found


def _runs(pid, command):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().rstrip(b"\0").split(b"\0") == command.encode().split()
    except OSError:
        return False


def wait_for(command, directory, build, seconds=30):
    """Waits until `command` (program and arguments) runs in `directory`; its process id.

    Fails when `build` ends first.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for pid in below(directory):
            if _runs(pid, command):
                return pid
        if build.poll() is not None:
            raise Mismatch(f"the build ended (exit {build.returncode}) before {command} ran")
        time.sleep(0.005)
    raise Mismatch(f"{command} did not start within {seconds} s")


def wake(command, directory):
    """Ends every `command` that runs in `directory`."""
    for pid in below(directory):
        if _runs(pid, command):
            try:
                os.kill(pid, signal.SIGTERM)
            except OSError:
                pass


def wait_until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Mismatch(f"waited {seconds} s in vain until {what}")
        time.sleep(0.01)


def eldest(command, session):
    """The first started process of that name in a session; 0 when there is none."""
    found = [(info[3], pid) for pid in _all()
             if (info := _stat(pid)) and info[0] == command and info[2] == session]
    return min(found)[1] if found else 0


def end_below(directory):
    """Kills what still runs below a test's own directory."""
    for pid in below(directory):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
