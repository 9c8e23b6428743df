"""The state file: SQLite in WAL mode, one connection a process, behind one lock."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mailbot.engine import schema
from mailbot.engine.identity import FileIdentity, identity
from mailbot.engine.locks import MAKE_ROOM, explained
from mailbot.errors import StateFailed
from mailbot.log import get_logger

log = get_logger(__name__)

BUSY = 30.0                         # seconds that another process may hold the file
SPOILT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
WASTE = 4                           # a quarter of the pages is free: then the file is worth being written anew
LEAST_WASTE = 256                   # pages: 1 MB
LOG_KEPT = 4 * 1024 * 1024          # octets of the write-ahead log that stay on the disk after a large transaction
UNFINISHED = "in hand, or interrupted: then the next pass looks whether it was done"
COMPANIONS = ("", "-wal", "-shm")   # what SQLite keeps beside the file

Value = str | int | None


class Database:
    """Statements of several threads, one transaction at a time. Every error of SQLite comes out as StateFailed."""

    def __init__(self, connection: sqlite3.Connection, path: Path, file: FileIdentity | None = None, *, in_memory: bool = False) -> None:
        """`file`: what was opened; of what is in memory, what was read (None: there was none)."""
        self._connection, self._path, self.file = connection, path, file
        self._in_memory = in_memory
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, on the disk when it ends; one inside another is part of it."""
        with self._lock:
            if self._in_transaction():
                yield
                return
            self._check_that_it_is_there()
            self._execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._in_transaction():      # a full disk may have rolled back already
                    self._execute("ROLLBACK")
                raise
            self._commit()

    def read(self, sql: str, values: Sequence[Value] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._execute(sql, values).fetchall()

    def write(self, sql: str, values: Sequence[Value] = ()) -> int:
        """The id of a row that was inserted. A transaction of its own, unless one is open."""
        with self.transaction():
            return self._execute(sql, values).lastrowid or 0

    def write_each(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        with self.transaction(), self._translated():
            self._connection.executemany(sql, rows)

    def compact(self) -> None:
        """Gives free pages back to the disk. Everybody waits meanwhile (100 MB: a second), and it takes the file's size again."""
        with self._lock:
            free, pages = (self._execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
            if free >= LEAST_WASTE and free * WASTE >= pages:
                self._execute("VACUUM")
                self._execute("PRAGMA wal_checkpoint(TRUNCATE)")    # sqlite.org/wal.html: VACUUM writes the whole file to the log

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _execute(self, sql: str, values: Sequence[Value] = ()) -> sqlite3.Cursor:
        with self._translated():
            return self._connection.execute(sql, values)

    def _commit(self) -> None:
        try:
            self._execute("COMMIT")
        except StateFailed:
            if self._in_transaction():
                self._connection.rollback()
            raise

    def _check_that_it_is_there(self) -> None:
        """SQLite goes on writing to a file that was removed, or replaced by a backup: what is noted there is gone at the next start."""
        if self._in_memory or self.file is None:
            return
        try:
            why = "" if self.file.is_at(self._path) else "it was removed or replaced while mailbot ran: start mailbot again"
        except OSError as error:
            why = explained(error, self._path)
        if why:
            log.error("state.failed", path=str(self._path), why=why, alert=True)
            raise StateFailed(f"the state in {self._path} cannot be used: {why}")

    def _in_transaction(self) -> bool:
        return self._connection.in_transaction

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            log.error("state.failed", path=str(self._path), why=said(error), alert=True)
            raise StateFailed(f"the state in {self._path} cannot be used: {said(error)}") from error


def said(error: sqlite3.Error) -> str:
    """By SQLite; where there is no room also the way out."""
    full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return f"{error}: {MAKE_ROOM}" if full else str(error)


def utc_now() -> datetime:
    return datetime.now(UTC)


def _is_spoilt(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in SPOILT


def _way_out(error: sqlite3.Error) -> str:
    return ": `mailbot run --once` moves it aside and begins anew" if _is_spoilt(error) else ""


def open_file(path: Path, now: Callable[[], datetime]) -> Database:
    """The file, made where there is none. One that SQLite cannot make sense of is moved aside, with a log event."""
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        # The primary code; SQLite adds details in the higher bits. A file that is busy, or not ours to open, is not spoilt.
        if not _is_spoilt(error):
            log.error("state.failed", path=str(path), why=said(error), alert=True)
            raise StateFailed(f"the state in {path} cannot be opened: {said(error)}") from error
        aside = _move_aside(path, now())
        log.error("state.reset", path=str(path), why=str(error), kept=str(aside), alert=True)
        return _opened(path)
    except OSError as error:
        log.error("state.failed", path=str(path), why=str(error), alert=True)
        raise StateFailed(f"the state in {path} cannot be opened: {explained(error, path)}") from error


def open_snapshot(path: Path) -> Database:
    """What the file holds now, in memory: what is written there stays there. No file is an empty journal; none is made."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    file = None
    try:
        if path.exists():
            file = identity(path)
            # Without a log beside it nobody has it open; `immutable` then, since reading in WAL mode leaves files behind.
            mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
            source = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=BUSY)
            try:
                source.backup(connection)
            finally:
                source.close()
        _check_version(connection, path)
        schema.migrate(connection)
        # Who only looks finishes nothing: an intent without an outcome is, here, an effect that was not done.
        connection.execute("UPDATE effect SET state = 'failed', why = ? WHERE state = 'intent'", (UNFINISHED,))
    except sqlite3.Error as error:
        connection.close()
        raise StateFailed(f"the state in {path} cannot be read: {error}{_way_out(error)}") from error
    return Database(connection, path, file, in_memory=True)


def _opened(path: Path) -> Database:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made by us, with our mode: SQLite would ask the umask, and gives its companions the mode of the file.
    file = identity(path, os.O_RDWR | os.O_CREAT)
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    try:
        _check_version(connection, path)        # before anything that writes
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_KEPT}")
        connection.execute("PRAGMA foreign_keys = ON")
        _check_pages(connection)
        schema.migrate(connection)
    except BaseException:
        connection.close()
        raise
    return Database(connection, path, file)


def _check_pages(connection: sqlite3.Connection) -> None:
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        error = sqlite3.DatabaseError(problem)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    if (found := schema.version(connection)) > schema.VERSION:
        raise StateFailed(f"the state in {path} is of a newer mailbot (version {found}, this one knows {schema.VERSION}): "
                          "run that one, or point MAILBOT_STATE elsewhere")
    if not schema.ours(connection):
        raise StateFailed(f"{path} is a database of another program: point MAILBOT_STATE elsewhere")


def _move_aside(path: Path, now: datetime) -> Path:
    stem = f"{path.name}.spoilt-{now:%Y%m%dT%H%M%S}"
    number = 1
    while (aside := path.with_name(stem if number == 1 else f"{stem}-{number}")).exists():
        number += 1
    for companion in COMPANIONS:
        beside = path.with_name(path.name + companion)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + companion))
    return aside
