"""A server of the tests as a group of processes that cannot outlive them."""

import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.lab.until import until

# A shell stands between us and the server and holds the reading end of a pipe: when the test process dies, however it
# dies, the pipe closes, and the server's whole process group and its folder go. "keep" ends the shell alone.
_KEEPER = """
directory=$1 log=$2; shift 2
setsid "$@" </dev/null >>"$log" 2>&1 &
echo $!
read -r word
kill -KILL -$! 2>/dev/null
wait
[ "$word" = keep ] || rm -rf "$directory"
"""


class Processes:
    """A running server: the process group of `command`, which must stay in the foreground."""

    def __init__(self, command: Sequence[str], directory: Path, env: Mapping[str, str] | None = None) -> None:
        self._log = directory / "stdio.log"
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "keeper", str(directory), str(self._log), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env,
            start_new_session=True,
        )
        assert self._keeper.stdout is not None
        self.leader = int(self._keeper.stdout.readline())

    def members(self, *names: str) -> list[int]:
        """PIDs of the group whose command name is one of `names`; of all its living processes without any."""
        pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return [pid for pid in pids if _of_group(pid, self.leader, names)]

    def wait_for_greeting(self, port: int, deadline: float = 15.0) -> None:
        """Until the IMAP server says `* OK` on `port`; AssertionError with what it printed if it ends before."""

        def greeted() -> bool:
            if _state(self.leader) is None:
                raise AssertionError(f"the server did not start: {self._log.read_text()}")
            try:
                with socket.create_connection(("127.0.0.1", port), 1) as sock:
                    sock.settimeout(8)
                    return sock.recv(4) == b"* OK"
            except OSError:
                return False

        until(greeted, deadline=deadline, what=f"greeting on port {port}")

    def kill(self) -> None:
        """SIGKILL to all of them at once; the kernel closes their connections."""
        if self._keeper.poll() is None:
            self._keeper.communicate("keep\n", timeout=10)
        # A killed process may take a moment to go, and holds the listening socket until then.
        until(lambda: not self.members(), what="end of the server")

    def terminate(self, *names: str, deadline: float = 2.0) -> None:
        """SIGTERM to the members with these names, wait for them, then SIGKILL to the rest."""
        for pid in self.members(*names):
            _signal(pid, signal.SIGTERM)
        try:
            until(lambda: not self.members(*names), deadline=deadline, what=f"end of {names}")
        finally:
            self.kill()


def _of_group(pid: int, group: int, names: Sequence[str]) -> bool:
    state = _state(pid)
    return state is not None and state.group == group and (not names or state.name in names)


class _State(NamedTuple):
    name: str
    group: int


def _state(pid: int) -> _State | None:
    """None where the process is gone, or dead and not yet buried."""
    try:
        # "pid (name) state parent group …", and the name may hold anything
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(") ")
    except (ProcessLookupError, FileNotFoundError):
        return None
    state, _, group = rest.split()[:3]
    return None if state == "Z" else _State(name, int(group))


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def program(name: str) -> str:
    """Its path, "" if it is not installed. Debian keeps some in /usr/sbin, which is not on every user's PATH."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or ""


def lacking(*names: str) -> str:
    """Those of these programs that are not installed."""
    return ", ".join(name for name in names if not program(name))


# ---- who the servers run as, and where


def server_user() -> pwd.struct_passwd:
    """Ourselves, or nobody when we are root: mail servers refuse to work as root."""
    return pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("nobody")


def server_group() -> str:
    return grp.getgrgid(server_user().pw_gid).gr_name


def as_server_user(command: Sequence[str]) -> list[str]:
    if os.getuid():
        return list(command)
    user = server_user()
    return ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups", *command]


def hand_over(path: Path) -> None:
    """Gives `path` and all below it to the user that the servers run as."""
    if os.getuid():
        return
    user = server_user()
    for folder, _, files in os.walk(path):      # which takes no notice of a folder that goes meanwhile
        for entry in (folder, *(os.path.join(folder, name) for name in files)):  # noqa: PTH118
            with contextlib.suppress(FileNotFoundError):        # a server that runs already moves its mail
                os.chown(entry, user.pw_uid, user.pw_gid, follow_symlinks=False)


def short_directory(name: str) -> Path:
    """A new folder with a short name: a unix socket below it may have 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix=f"mb-{name}-", dir="/tmp"))
    directory.chmod(0o755)  # the servers' user comes through, whoever owns it
    return directory


def remove(directory: Path) -> None:
    # Processes that were killed a moment ago may still have been writing.
    shutil.rmtree(directory, ignore_errors=True)
