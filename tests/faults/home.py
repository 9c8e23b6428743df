"""One program's mailbox and state, and its lives: from a start to an end, however it ends."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from mailbot.engine.database import open_file
from mailbot.engine.disk import Disk
from mailbot.engine.engine import Engine
from mailbot.engine.journal import Cursor, Journal
from mailbot.engine.passes import arrival
from mailbot.engine.saving import Saver
from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Large, Settings
from tests.faults.scenarios import Scenario
from tests.lab.dovecot import PASSWORD
from tests.unit.engine_house import ruleset
from tests.unit.fake_mailbox import NOW


@dataclass
class Home:
    """`folder` holds the state and the files. After each pass an hour has gone by, and what waits is due."""

    host: str
    user: str
    folder: Path
    scenario: Scenario
    now: datetime = NOW

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """Processes end here, not the power: without fsync, which takes seconds."""
        database = open_file(self.folder / "state.db", lambda: self.now)
        with closing(Journal(database)) as journal:
            database.read("PRAGMA synchronous = OFF")
            yield journal

    def session(self, port: int, timeout: float) -> Session:
        return connect(Settings("home", self.host, self.user, port=port, tls="none", timeout=timeout,
                                large=Large(0, 0) if self.scenario.large else Large()), lambda: PASSWORD)

    def look(self, journal: Journal, session: Session, disk: Disk | None = None, *, passes: int = 1) -> None:
        """All mail is new to a journal that has none."""
        files = str(self.files)
        engine = Engine(journal, files, lambda: self.now, saver=Saver(disk))
        rules = ruleset(self.scenario.text(files), files=files)
        state = session.select("INBOX")
        if journal.cursors.get("home", "INBOX") is None:
            journal.cursors.set("home", "INBOX", Cursor(state.uidvalidity, 1))
        for _ in range(passes):
            arrival(engine, session, "INBOX", rules)
            self.now += timedelta(hours=1)

    def saved(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.files)): path.read_bytes() for path in self.files.rglob("*") if path.is_file()}

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All that the journal holds."""
        with closing(sqlite3.connect(self.folder / "state.db")) as connection:
            tables = sorted(row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
            return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


class Life(Protocol):
    """A program from its start: connects, does what there is to do, and ends. Raises where it is cut off."""

    def __call__(self, home: Home, port: int, *, passes: int, timeout: float) -> None: ...


def mailbot(home: Home, port: int, *, passes: int = 1, timeout: float = 20.0) -> None:
    with home.journal() as journal:
        session = home.session(port, timeout)
        try:
            home.look(journal, session, passes=passes)
        finally:
            session.abandon()
