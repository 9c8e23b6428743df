"""A state that is older than what was done is noticed, destroys nothing, and begins from now."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from mailbot.effects import Delete
from mailbot.engine import schema
from mailbot.engine.effect_rows import Intent, Place
from mailbot.engine.history import history
from mailbot.engine.journal import Cursor, Journal
from mailbot.engine.restored import ROUND
from mailbot.mail.fingerprint import fingerprint
from tests.unit.engine_house import House
from tests.unit.fake_mailbox import FakeMailbox, eml
from tests.unit.logged import logged

MOVES = "[{name: r, when: {subject: hello}, then: [{move: Archive}]}]"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """One message was moved, and a copy of the state was laid aside."""
    made = House(FakeMailbox("Archive"), tmp_path / "state")
    made.arrival(MOVES)
    made.mailbox.deliver("INBOX", eml("hello 1"))
    assert made.arrival(MOVES).done == 1
    made.journal.close()
    shutil.copytree(made.state, tmp_path / "backup")
    made.restart()
    return made


def replaced(state: Path, backup: Path) -> None:
    shutil.rmtree(state)
    shutil.copytree(backup, state)


def written_over(state: Path, backup: Path) -> None:
    for path in backup.iterdir():
        (state / path.name).write_bytes(path.read_bytes())


def written_over_alone(state: Path, backup: Path) -> None:
    (state / "state.db").write_bytes((backup / "state.db").read_bytes())


def gone(state: Path, backup: Path) -> None:
    del backup
    (state / "state.db").unlink()


def emptied(state: Path, backup: Path) -> None:
    del backup
    (state / "state.db").write_bytes(b"")


def put_back(house: House, how: Callable[[Path, Path], None]) -> list[dict[str, object]]:
    """A second message is moved, and back by a person; then the older state takes the place of this one. What the log says."""
    house.mailbox.deliver("INBOX", eml("hello 2"))
    assert house.arrival(MOVES).done == 1
    house.mailbox.carry("Archive", 2, "INBOX")
    house.journal.close()
    how(house.state, house.state.parent / "backup")
    with logged() as events:
        house.restart()
    return [row for row in events if row["event"] == "state.reset"]


@pytest.mark.parametrize("how", [replaced, written_over, written_over_alone, gone, emptied])
def test_an_older_state_is_told_and_does_nothing_to_the_mail_that_is_there(
        house: House, how: Callable[[Path, Path], None]) -> None:
    event, = put_back(house, how)
    assert event["alert"] is True
    assert "apply" in str(event["why"])
    assert house.arrival(MOVES).first
    assert house.mailbox.subjects("INBOX") == ["hello 2"], "what a person has moved back was moved again"
    house.mailbox.deliver("INBOX", eml("hello 3"))
    done = house.arrival(MOVES)
    assert (done.done, house.mailbox.subjects("INBOX")) == (1, ["hello 2"])
    assert done.id > ROUND, "an ID that a person has noted has come to mean another pass"


def test_what_it_knows_of_the_past_is_kept(house: House) -> None:
    put_back(house, replaced)
    assert [str(deed.id) for deed in history(house.journal)] == ["1.1"]
    house.arrival(MOVES)
    house.mailbox.carry("Archive", 1, "INBOX")
    assert house.arrival(MOVES).done == 0, "what a rule took from here has come back: it stays"


def test_it_is_told_once(house: House) -> None:
    put_back(house, replaced)
    with logged() as events:
        house.restart()
    assert events == []


def test_what_was_waited_for_or_unfinished_is_not_done(house: House) -> None:
    uid = house.mailbox.deliver("INBOX", eml("hello 2"), r"\Deleted")
    journal = Journal.open(house.state.parent / "backup/state.db")
    pass_id = journal.begin_pass("home", "INBOX", "arrival", house.now)
    mark = fingerprint(house.mailbox.boxes["INBOX"].mail[uid])
    intent = Intent(Place("INBOX", 7, uid), 3, mark, Delete(), "r", "delete", frozenset())
    journal.effects.intend("home", pass_id, [intent], house.now)
    journal.close()
    put_back(house, written_over)
    assert house.journal.effects.open("home") == []
    house.arrival(MOVES)
    assert uid in house.mailbox.boxes["INBOX"].mail


def test_who_only_looks_sees_it_from_now_and_changes_nothing(house: House) -> None:
    put_back(house, lambda state, backup: None)
    house.journal.close()
    replaced(house.state, house.state.parent / "backup")
    before = (house.state / "state.db").read_bytes()
    with logged() as events:
        seen = Journal.open(house.state / "state.db", read_only=True)
    assert (seen.cursors.get("home", "INBOX"), events) == (None, [])
    seen.close()
    assert (house.state / "state.db").read_bytes() == before


@pytest.mark.parametrize("what", ["nothing", "killed", "chmod", "moved", "another process wrote", "a mark was lost"])
def test_what_is_no_older_state_is_not_taken_for_one(house: House, what: str) -> None:
    path = house.state / "state.db"
    house.mailbox.deliver("INBOX", eml("hello 2"))
    house.arrival(MOVES)
    if what == "another process wrote":
        other = Journal.open(path)
        other.mark_begun(other.begin_pass("home", "INBOX", "apply", house.now))
        other.close()
    left = house.journal
    if what != "killed":
        left.close()
    if what == "chmod":
        path.chmod(0o640)
    if what == "moved":
        house.state = house.state.rename(house.state.parent / "elsewhere")
    if what == "a mark was lost":
        for mark in house.state.glob("passes.*"):
            mark.unlink()
    with logged() as events:
        house.journal = house.opened()
    assert events == []
    assert house.journal.cursors.get("home", "INBOX") == Cursor(7, 3)
    left.close()


def test_a_file_of_the_first_version_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    connection = sqlite3.connect(path)
    connection.executescript(f"{schema.FIRST} PRAGMA user_version = 1; INSERT INTO cursor VALUES ('home', 'INBOX', 7, 5);")
    connection.close()
    with logged() as events:
        journal = Journal.open(path)
    assert (journal.cursors.get("home", "INBOX"), events) == (Cursor(7, 5), [])
    assert journal._database.read("SELECT identity FROM file")[0]["identity"].startswith(f"{path.stat().st_ino}.")
    journal.close()
