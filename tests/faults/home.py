"""One mailbox with its mail and one program's state: what a fault is tried on, and one life of the program."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
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
from mailbot.imap.settings import Settings
from tests.faults.scenarios import ELSEWHERE, INBOX, RECEIVED, Capabilities, Mail, Scenario, expected_files, expected_mail
from tests.faults.verdict import Verdict, judged
from tests.lab import maildir
from tests.lab.dovecot import PASSWORD, Dovecot
from tests.unit.engine_house import ruleset
from tests.unit.fake_mailbox import NOW


class Post(Protocol):
    """Mailboxes of one server."""

    host: str
    port: int

    def user(self) -> str:
        """A new one, with the mail of the scenarios."""

    def mail(self, user: str) -> Counter[Mail]: ...

    def forget(self, user: str) -> None: ...


class DovecotPost:
    """Filled and read on the disk: hundreds of mailboxes a second."""

    def __init__(self, server: Dovecot) -> None:
        self._server, self.host, self.port = server, server.host, server.port

    def user(self) -> str:
        name = self._server.user()
        for octets, flags in INBOX:
            self._server.seed(name, "INBOX", [octets], flags=flags, received=RECEIVED)
        for row in ELSEWHERE:
            self._server.seed(name, row.folder, [row.octets], flags=row.flags, received=RECEIVED)
        return name

    def mail(self, user: str) -> Counter[Mail]:
        return Counter(Mail(*row) for row in maildir.mail(self._server.maildir(user)))

    def forget(self, user: str) -> None:
        # A session that was cut off may still be writing there.
        shutil.rmtree(self._server.maildir(user).parent, ignore_errors=True)


@dataclass
class Home:
    """`passes` a life: after the first an hour has gone by, and what waits is due."""

    post: Post
    folder: Path
    scenario: Scenario
    now: datetime = NOW
    user: str = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.files = str(self.folder / "files")
        self.rules = ruleset(self.scenario.text(self.files), files=self.files)
        self.user = self.post.user()

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """Processes end here, not the power: without fsync, which takes seconds."""
        database = open_file(self.folder / "state.db", lambda: self.now)
        with closing(Journal(database)) as journal:
            database.read("PRAGMA synchronous = OFF")
            yield journal

    def session(self, port: int, timeout: float) -> Session:
        return connect(Settings("home", self.post.host, self.user, port=port, tls="none", timeout=timeout), lambda: PASSWORD)

    def look(self, journal: Journal, session: Session, disk: Disk | None = None, *, passes: int = 1) -> None:
        """All mail is new to a journal that has none."""
        engine = Engine(journal, self.files, lambda: self.now, saver=Saver(disk))
        state = session.select("INBOX")
        if journal.cursors.get("home", "INBOX") is None:
            journal.cursors.set("home", "INBOX", Cursor(state.uidvalidity, 1))
        for _ in range(passes):
            arrival(engine, session, "INBOX", self.rules)
            self.now += timedelta(hours=1)

    # -- what there is now

    def verdict(self, capabilities: Capabilities) -> Verdict:
        return judged(self.mail(), self.saved(), expected_mail(self.scenario, capabilities.hidden), expected_files(self.scenario))

    def mail(self) -> Counter[Mail]:
        return self.post.mail(self.user)

    def saved(self) -> dict[str, bytes]:
        folder = Path(self.files)
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def everything(self) -> object:
        """Mail, files and each row of the journal: equal where nothing has changed."""
        with closing(sqlite3.connect(self.folder / "state.db")) as connection:
            tables = sorted(row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
            rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
        return self.mail(), self.saved(), rows

    def forget(self) -> None:
        self.post.forget(self.user)
        shutil.rmtree(self.folder)


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
