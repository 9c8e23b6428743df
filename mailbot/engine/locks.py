"""One bot per mailbox (safety.md): `flock` on files in the state folder. The kernel frees a lock when its process dies."""

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from mailbot.errors import Locked, StateFailed

MAKE_ROOM = "make room there, or point MAILBOT_STATE elsewhere"
BETWEEN = 0.05      # seconds between two looks at a lock that another process holds


class Locks:
    """`wait` lets that many seconds pass and says whether to give up: an Event's `wait`, so that a stop is heard here too."""

    def __init__(self, folder: Path, wait: Callable[[float], bool]) -> None:
        self._folder, self._wait = folder, wait
        self._mine: dict[str, threading.Lock] = {}      # flock knows processes; these, the threads of this one
        self._guard = threading.Lock()

    @contextmanager
    def run(self) -> Iterator[None]:
        """Held by `mailbot run` as long as it lives."""
        with self._held("run", "another `mailbot run` uses this state folder", within=0.0):
            yield

    @contextmanager
    def account(self, name: str, within: float | None = None) -> Iterator[None]:
        """Held by a pass. `within`: seconds to wait for it; None: as long as it takes, until `wait` says to give up."""
        # An account's name may hold any character: what is left of it tells a person which it is, the hash is its own.
        readable = "".join(char for char in name if char.isascii() and char.isalnum())[:40]
        file = f"account-{readable}-{sha256(name.encode()).hexdigest()[:8]}"
        with self._held(file, f"{name}: another mailbot is at work on this account", within):
            yield

    @contextmanager
    def _held(self, name: str, refusal: str, within: float | None) -> Iterator[None]:
        end = None if within is None else time.monotonic() + within
        with self._guard:
            mine = self._mine.setdefault(name, threading.Lock())
        while not mine.acquire(timeout=BETWEEN):
            self._go_on(end, refusal)
        try:
            with self._file(name) as descriptor:
                while not _flock(descriptor):
                    self._go_on(end, refusal)
                yield
        finally:
            mine.release()

    def _go_on(self, end: float | None, refusal: str) -> None:
        if (end is not None and time.monotonic() >= end) or self._wait(BETWEEN):
            raise Locked(refusal)

    @contextmanager
    def _file(self, name: str) -> Iterator[int]:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StateFailed(f"the state folder {self._folder} cannot be used: {explained(error, self._folder)}") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def explained(error: OSError, path: Path) -> str:
    """What the system says; where it is about access or room, also the way out."""
    said = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{said}: {MAKE_ROOM}"
    if not isinstance(error, PermissionError):
        return said
    # os.path.exists: Path's own raises where it may not look.
    there = next((place for place in (path, *path.parents) if os.path.exists(place)), Path(path.anchor))    # noqa: PTH110
    owner, ours = there.stat().st_uid, os.geteuid()
    if owner == ours:
        return f"{said}: {there} is our own (uid {ours}): chmod u+rwx {there}"
    return f"{said}: {there} belongs to uid {owner} and mailbot runs as uid {ours}: chown -R {ours} {there}, or run it as that user"


def _flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
