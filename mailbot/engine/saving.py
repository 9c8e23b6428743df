"""Attachments as files (safety.md, "Strangers' data"): never outside the rule's own directory, never over another file,
never half a file under its name, and on the disk before the message is touched."""

import errno
import fcntl
import itertools
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath

from mailbot.effects import Save
from mailbot.engine.disk import Disk
from mailbot.errors import Cause, MailbotError

TEMPORARY = ".mailbot-"     # no attachment's name begins with a dot (mail/names.py)
SUFFIXES = 999              # files of one name and different content
READ = 1 << 20              # octets compared at a time
# What the name or the place is to blame for; the rest (no space, no permission, read-only, worn out) is the disk's.
BLAMED_ON_NAME = {errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EILSEQ, errno.EISDIR}

IN_THE_WAY = "a link, or something else that is no folder, stands where a folder must be"


class SaveRefused(MailbotError):
    """A file could not be written. `cause`: DISK, later and against nobody; MESSAGE, it counts against the message."""

    def __init__(self, why: str, cause: Cause) -> None:
        super().__init__(why)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Caps:
    """Octets. A stranger can fill a disk with mail; not faster than this."""

    file: int = 1 << 30
    message: int = 2 << 30
    day: int = 50 << 30


@dataclass(frozen=True, slots=True)
class Saved:
    path: str               # absolute; with the suffix that was chosen
    size: int
    new: bool               # False: a file of this content was there under that name


class Saver:
    """One for a process; its threads share it."""

    def __init__(self, disk: Disk | None = None, caps: Caps | None = None) -> None:
        self._disk, self._caps = disk or Disk(), caps or Caps()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._swept: set[tuple[int, int]] = set()       # folders (device, inode) in which this process has looked for leftovers
        self._today: date | None = None                 # for the cap of a day
        self._written = 0

    def save(self, effect: Save, chunks: Iterable[bytes], received: datetime, now: datetime, before: int = 0) -> Saved:
        """Writes one part. `received` becomes the file's time; `before`: octets already saved of the same message.

        SaveRefused, or whatever `chunks` raises; then nothing has the final name that had it not before.
        """
        folders, name = _below(effect)
        try:
            with self._folder(effect.under, folders) as folder:
                self._sweep(folder)
                with self._temporary(folder) as (temporary, file):
                    size = self._fill(file, chunks, before, now)
                    # A date before 1970 is a sender's or server's mistake that no file system need bear.
                    self._disk.set_time(file, max(0.0, received.timestamp()))
                    self._disk.sync(file)
                    final, new = self._publish(folder, temporary, name, size)
                self._disk.sync_folder(folder)
        except OSError as error:
            cause = Cause.MESSAGE if error.errno in BLAMED_ON_NAME else Cause.DISK
            why = IN_THE_WAY if error.errno in {errno.ENOTDIR, errno.ELOOP} else error.strerror or str(error)
            raise SaveRefused(f"{effect.path}: {why}", cause) from error
        return Saved(str(PurePosixPath(effect.under, *folders, final)), size, new)

    @contextmanager
    def _folder(self, under: str, folders: tuple[str, ...]) -> Iterator[int]:
        """A descriptor of the folder, made where it is missing, step by step: a link put in its way meanwhile is not followed."""
        try:
            descriptor = self._literal(under)
        except OSError as error:        # the rule's own directory: whatever is wrong with it, no message is to blame
            raise SaveRefused(f"{under}: {error.strerror or error}", Cause.DISK) from error
        try:
            for name in folders:
                below = self._entered(name, descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    def _literal(self, under: str) -> int:
        """The directory that the rule's author wrote; links in it are the author's business."""
        try:
            return self._disk.open_folder(under)
        except FileNotFoundError:
            above = PurePosixPath(under)
            if above.parent == above:
                raise
            parent = self._literal(str(above.parent))
            try:
                return self._entered(above.name, parent)
            finally:
                os.close(parent)

    def _entered(self, name: str, parent: int) -> int:
        try:
            return self._disk.open_folder(name, parent)
        except FileNotFoundError:
            with suppress(FileExistsError):     # another thread was faster
                self._disk.make_folder(name, parent)
            self._disk.sync_folder(parent)
            return self._disk.open_folder(name, parent)

    @contextmanager
    def _temporary(self, folder: int) -> Iterator[tuple[str, int]]:
        name, file = self._new_file(folder)
        try:
            yield name, file
        finally:
            os.close(file)
            with suppress(OSError):             # a leftover is swept up by the next process
                self._disk.unlink(name, folder)

    def _new_file(self, folder: int) -> tuple[str, int]:
        while True:
            name = f"{TEMPORARY}{os.getpid()}-{next(self._numbers)}"
            with suppress(FileExistsError):     # of a process that died, with our number: containers count from 1
                return name, self._disk.make_file(name, folder)

    def _fill(self, file: int, chunks: Iterable[bytes], before: int, now: datetime) -> int:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            self._count(size, before, len(chunk), now)
            left = memoryview(chunk)
            while left:
                left = left[self._disk.write(file, left):]
        return size

    def _count(self, size: int, before: int, octets: int, now: datetime) -> None:
        if size > self._caps.file:
            raise SaveRefused(f"larger than {self._caps.file:,} octets: not saved", Cause.MESSAGE)
        if before + size > self._caps.message:
            raise SaveRefused(f"more than {self._caps.message:,} octets from one message: not saved", Cause.MESSAGE)
        with self._lock:
            if self._today != now.date():
                self._today, self._written = now.date(), 0
            self._written += octets
            if self._written > self._caps.day:
                raise SaveRefused(f"more than {self._caps.day:,} octets in a day: later", Cause.DISK)

    def _publish(self, folder: int, temporary: str, name: str, size: int) -> tuple[str, bool]:
        """Gives the file its name, or the next that is free; False where one of the same content has it."""
        for candidate in _candidates(name):
            try:
                self._disk.link(temporary, candidate, folder)
            except FileExistsError:
                if self._same(folder, temporary, candidate, size):
                    return candidate, False
            else:
                return candidate, True
        raise SaveRefused(f"{name}: there are {SUFFIXES} files of this name already", Cause.MESSAGE)

    def _same(self, folder: int, ours: str, theirs: str, size: int) -> bool:
        with self._opened(ours, folder) as mine:
            try:
                with self._opened(theirs, folder) as other:
                    return _size_of_file(other) == size and _equal(mine, other)
            except OSError as error:
                if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENXIO}:     # gone again; a link; a pipe or socket
                    return False
                raise

    @contextmanager
    def _opened(self, name: str, folder: int) -> Iterator[int]:
        descriptor = self._disk.open_file(name, folder)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _sweep(self, folder: int) -> None:
        """Removes what a process that died left here; what one that lives is writing is locked."""
        about = os.fstat(folder)
        with self._lock:
            if (about.st_dev, about.st_ino) in self._swept:
                return
            self._swept.add((about.st_dev, about.st_ino))
        for name in self._disk.names(folder):
            if name.startswith(TEMPORARY):
                with suppress(OSError), self._opened(name, folder) as leftover:
                    fcntl.flock(leftover, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._disk.unlink(name, folder)


def _below(effect: Save) -> tuple[tuple[str, ...], str]:
    """The folders below `under`, and the name. A plan from a file is a stranger too."""
    under, path = effect.under.rstrip("/") + "/", effect.path
    *folders, name = path.removeprefix(under).split("/")
    below = under.startswith("/") and path.startswith(under)
    # Half of a UTF-16 pair is no character: no file system has a name for it.
    unwritable = "\0" in path or any("\ud800" <= character <= "\udfff" for character in "".join((*folders, name)))
    if not below or unwritable or not {"", ".", ".."}.isdisjoint((*folders, name)):
        raise SaveRefused(f"{path!r} does not lie in {effect.under}", Cause.MESSAGE)
    return tuple(folders), name


def _candidates(name: str) -> Iterator[str]:
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    yield name
    for number in range(2, SUFFIXES + 1):
        yield f"{stem}-{number}{dot}{extension}"


def _size_of_file(descriptor: int) -> int:
    about = os.fstat(descriptor)
    return about.st_size if stat.S_ISREG(about.st_mode) else -1


def _equal(one: int, other: int) -> bool:
    offset = 0
    while block := os.pread(one, READ, offset):
        if block != os.pread(other, READ, offset):
            return False
        offset += len(block)
    return not os.pread(other, 1, offset)
