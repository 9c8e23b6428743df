"""A program that SIGKILL ends at the n-th point: before and after each write of the journal, each command, each call to the disk.

    with Forks() as forks:
        forks.life(home, port, at=7)        # True: killed there; False: there is no such point, it came to its end

Each life is a real process, forked from one that has everything imported and no threads (`python -m tests.faults.mortal`).
"""

import os
import pickle
import signal
import subprocess
import sys
from types import TracebackType
from typing import Any, NamedTuple, Self

from mailbot import log
from mailbot.engine.database import Database
from mailbot.engine.disk import Disk
from mailbot.engine.journal import Journal
from mailbot.imap.session import Session
from tests.faults.home import Home

KILLED = -signal.SIGKILL
CALLS = ("open_folder", "make_folder", "make_file", "write", "set_time", "sync", "link", "unlink")


class Request(NamedTuple):
    home: Home
    port: int
    at: int


class Points:
    """Counts them; at the one that is meant it is over."""

    def __init__(self, at: int) -> None:
        self._left = at

    def burn(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


def mortal_journal(journal: Journal, points: Points) -> Journal:
    class Mortal(Database):
        def _commit(self) -> None:
            points.burn()
            super()._commit()
            points.burn()

    return Journal(Mortal(journal._database._connection, journal._database._path))


def mortal_disk(points: Points) -> Disk:
    class Mortal(Disk):
        def __getattribute__(self, name: str) -> Any:
            call = super().__getattribute__(name)
            if name not in CALLS:
                return call

            def burning(*arguments: Any) -> Any:
                points.burn()
                answer = call(*arguments)
                points.burn()
                return answer

            return burning

    return Mortal()


def make_mortal(session: Session, points: Points) -> None:
    """Command by command: what rides in one write may be cut off in two."""
    transport = session._pipeline.transport
    write = transport.write

    def burning(octets: bytes) -> None:
        for line in octets.splitlines(keepends=True):
            points.burn()
            write(line)
        points.burn()

    transport.write = burning  # type: ignore[method-assign]  # where the session ends, this does


def live(request: Request) -> None:
    home, points = request.home, Points(request.at)
    with home.journal() as journal:
        session = home.session(request.port, 20)
        make_mortal(session, points)
        home.look(mortal_journal(journal, points), session, mortal_disk(points))
        session.abandon()


class Forks:
    def __enter__(self) -> Self:
        self._process = subprocess.Popen([sys.executable, "-m", "tests.faults.mortal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def life(self, home: Home, port: int, at: int) -> bool:
        """Whether it was killed. AssertionError where it ended otherwise than by itself."""
        assert self._process.stdin
        assert self._process.stdout
        pickle.dump(Request(home, port, at), self._process.stdin)
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        assert code in {0, KILLED}, f"it ended with {code}"
        return code == KILLED


def main() -> None:
    """For each request a child; its exit code is the answer."""
    log.configure(level="critical")
    while True:
        try:
            request: Request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        child = os.fork()
        if not child:
            live(request)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    # Under this name the requests are pickled.
    from tests.faults.mortal import main as serve

    serve()
