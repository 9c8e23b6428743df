"""Interrupted before every change of a mailbox and every write of the journal, it converges; a further run changes nothing."""

import itertools
from collections import Counter

import pytest

from mailbot.effects import Copy, Move
from mailbot.engine.database import Database
from mailbot.engine.journal import Journal
from mailbot.errors import StateFailed, Unreachable
from tests.unit.engine_house import House
from tests.unit.fake_mailbox import FakeMailbox, eml

RULES = {
    "flags": "[{flag: [seen, $done]}, {unflag: flagged}]",
    "set flags": "[{set_flags: [$only]}]",
    "copy": "[{copy: Books}]",
    "move": "[{move: Archive}]",
    "flag and move": "[{flag: seen}, {move: Archive}]",
    "copy, flag, move": "[{copy: Books}, {flag: seen}, {move: Archive}]",
    "two copies": "[{copy: Books}, {copy: Archive}]",
    "trash": "[trash]",
    "delete": "[delete]",
    "save and move": "[{save: {to: 'FILES/{uid}.eml', parts: message}}, {flag: seen}, {move: Archive}]",
    "save and delete": "[{save: {to: 'FILES/{uid}.eml', parts: message}}, delete]",
}
CAPABILITIES = [("MOVE", "UIDPLUS"), ("UIDPLUS",), ()]
# What leaves its message where it is asks nothing of MOVE and UIDPLUS.
CASES = [pytest.param(then, capabilities, id=f"{name} - {' '.join(capabilities) or 'neither'}")
         for name, then in RULES.items() for capabilities in CAPABILITIES
         if "MOVE" in capabilities or any(word in name for word in ("move", "trash", "delete"))]
MESSAGES = 3


class Killed(BaseException):
    """The process is gone: nothing below may catch it."""


class Fuse:
    """Lets so many things happen, then it is over."""

    def __init__(self, left: int) -> None:
        self.left = left

    def burn(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


class MortalDatabase(Database):
    """Dies before, or right after, the commit that the fuse names."""

    fuse: Fuse

    def _commit(self) -> None:
        self.fuse.burn()
        super()._commit()
        self.fuse.burn()


class FullDatabase(MortalDatabase):
    """From the commit on that the fuse names its disk is full."""

    def _commit(self) -> None:
        try:
            self.fuse.burn()
        except Killed:
            self._execute("ROLLBACK")
            raise StateFailed("database or disk is full") from None
        Database._commit(self)


def mortal(journal, fuse, kind=MortalDatabase):
    """The same journal, over a database that dies, or whose disk is full."""
    database = kind(journal._database._connection, journal._database._path)
    database.fuse = fuse
    return Journal(database)


class MortalMailbox(FakeMailbox):
    """The process dies between two changes, where the plain one is only cut off."""

    fuse: Fuse | None = None

    def _step(self) -> None:
        super()._step()
        if self.fuse:
            self.fuse.burn()


def house(tmp_path, capabilities):
    made = House(MortalMailbox("Archive", "Books", capabilities=capabilities), tmp_path, str(tmp_path / "files"))
    made.arrival("[{name: r, when: {all: true}, then: [{flag: seen}]}]")
    for number in range(MESSAGES):
        # Two of them are equal in all that a fingerprint is made of.
        made.mailbox.deliver("INBOX", eml("mine", message_id=str(number // 2), body=str(number)), r"\Flagged")
    foreign = made.mailbox.deliver("INBOX", eml("foreign"), r"\Deleted")
    assert foreign == MESSAGES + 1
    return made


def rules(then, made):
    return f"[{{name: r, when: {{subject: mine}}, then: {then.replace('FILES', made.files)}}}]"


def converged(made, text):
    """Everything there is, after enough runs; one more run must change nothing."""
    for _ in range(3):
        made.arrival(text)
        made.later(hours=1)
    before = snapshot(made)
    made.arrival(text)
    assert snapshot(made) == before, "a further run changed something"
    assert made.journal.effects.open("home") == []
    return before


def snapshot(made):
    mail = {name: Counter((m.body, m.flags) for m in box.mail.values()) for name, box in made.mailbox.boxes.items()}
    files = {path.name: path.read_bytes() for path in sorted(made.state.glob("files/*"))}
    return mail, files


def expected(tmp_path, then, capabilities):
    made = house(tmp_path / "expected", capabilities)
    try:
        return converged(made, rules(then, made))
    finally:
        made.journal.close()


@pytest.mark.parametrize(("then", "capabilities"), CASES)
def test_cut_off_before_any_change_it_converges(tmp_path, then, capabilities):
    wanted = expected(tmp_path, then, capabilities)
    for steps in itertools.count():
        made = house(tmp_path / str(steps), capabilities)
        made.mailbox.steps = steps
        try:
            made.arrival(rules(then, made))
            cut = False
        except Unreachable:
            cut = True
        made.mailbox.reconnect()
        assert converged(made, rules(then, made)) == wanted, f"after {steps} steps"
        made.journal.close()
        if not cut:
            break
    assert steps >= 2


@pytest.mark.parametrize(("then", "capabilities"), CASES)
def test_killed_before_and_after_any_change_and_any_write_of_the_journal_it_converges(tmp_path, then, capabilities):
    wanted = expected(tmp_path, then, capabilities)
    for left in itertools.count():
        made = house(tmp_path / str(left), capabilities)
        fuse = Fuse(left)
        made.mailbox.fuse = fuse
        made.journal = mortal(made.journal, fuse)
        try:
            made.arrival(rules(then, made))
            killed = False
        except Killed:
            killed = True
        made.mailbox.fuse = None
        made.restart()
        assert converged(made, rules(then, made)) == wanted, f"killed after {left}"
        made.journal.close()
        if not killed:
            break
    assert left >= 6


@pytest.mark.parametrize(("then", "capabilities"), CASES)
def test_where_the_journal_cannot_be_written_from_any_commit_on_nothing_goes_on_and_later_it_converges(tmp_path, then, capabilities):
    wanted = expected(tmp_path, then, capabilities)
    for left in itertools.count():
        made = house(tmp_path / str(left), capabilities)
        whole = made.journal
        made.journal = mortal(whole, Fuse(left), FullDatabase)
        full = False
        for _ in range(2):      # it stays full
            try:
                made.arrival(rules(then, made))
            except StateFailed:
                full = True
                sent = len(made.mailbox.before_apply)
        if full:
            with pytest.raises(StateFailed):
                made.arrival(rules(then, made))
            # What an open intent leaves to be finished (a removal, a flag) may be sent again: that is noted already.
            again = [order for orders in made.mailbox.before_apply[sent:] for order in orders]
            assert not [order for order in again if isinstance(order.effect, Copy | Move)], "sent what could not be noted first"
        made.restart()
        assert converged(made, rules(then, made)) == wanted, f"full from commit {left} on"
        made.journal.close()
        if not full:
            break
    assert left >= 4
