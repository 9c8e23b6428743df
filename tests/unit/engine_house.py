"""An engine over a journal in a private folder, and rules written as in the file: what the tests of the engine begin with."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from mailbot.document.load import load
from mailbot.document.problems import Problems
from mailbot.engine.engine import Engine, Pass
from mailbot.engine.execute import carry_out
from mailbot.engine.journal import Journal
from mailbot.engine.passes import arrival, folder_pass, plan_folder
from mailbot.rules.load import rules
from mailbot.rules.rule import Ruleset
from tests.unit.fake_mailbox import NOW, FakeMailbox


def ruleset(text: str, *, files: str = "/files", sha256: str = "") -> Ruleset:
    """`text` is the list under `rules:`."""
    problems = Problems()
    read = rules(load(text, "rules.yaml", problems), problems, defaults=None, lists=lambda path, at: None, files=files)
    problems.raise_if_any()
    return replace(read, sha256=sha256 or text)


@dataclass
class House:
    """One account, its journal, and a clock that a test sets."""

    mailbox: FakeMailbox
    state: Path
    files: str = "/files"
    now: datetime = NOW
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self.journal = self.opened()

    def opened(self) -> Journal:
        """These tests end processes, not the power: without fsync they take seconds."""
        journal = Journal.open(self.state / "state.db", now=lambda: self.now)
        journal._database.read("PRAGMA synchronous = OFF")
        return journal

    @property
    def engine(self) -> Engine:
        return Engine(self.journal, self.files, lambda: self.now)

    def restart(self) -> None:
        """The process died and another one begins."""
        self.journal.close()
        self.journal = self.opened()
        self.mailbox.reconnect()

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def arrival(self, text: str, folder: str = "INBOX", **how: object) -> Pass:
        return arrival(self.engine, self.mailbox, folder, ruleset(text, files=self.files), **how)

    def scheduled(self, text: str, *due: str, folder: str = "INBOX", **how: object) -> Pass:
        return folder_pass(self.engine, self.mailbox, folder, ruleset(text, files=self.files), due, **how)

    def apply(self, text: str, folder: str = "INBOX", *, again: bool = False, **how: object) -> Pass:
        plan = plan_folder(self.engine, self.mailbox, folder, ruleset(text, files=self.files), again=again)
        return carry_out(self.engine, self.mailbox, plan, reread=True, again=again, **how)
