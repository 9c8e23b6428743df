"""Whom undo takes for the message that it looks for: equal mail, copies that went on, and UIDs that mean nothing any more."""

import pytest

from mailbot.engine.history import DeedId, deeds, history, last
from mailbot.engine.undo import AGAIN, plan_undo, undo
from tests.unit.engine_house import House
from tests.unit.fake_mailbox import FakeMailbox, eml

MOVE = "[{name: file, when: {all: true}, then: [{move: Archive}]}]"
COPY = "[{name: copy, when: {all: true}, then: [{copy: Books}, {flag: [$copied]}]}]"


@pytest.fixture
def house(tmp_path):
    house = House(FakeMailbox("Archive", "Books", "Other"), tmp_path, str(tmp_path / "files"))
    house.arrival(MOVE)
    yield house
    house.journal.close()


def arrived(house, text, count=1):
    """Equal mail."""
    for _ in range(count):
        house.mailbox.deliver("INBOX", eml())
    return house.arrival(text)


def taken_back(house, *ids):
    planned = plan_undo(house.engine, house.mailbox, deeds(house.journal, ids) if ids else last(house.journal))
    undo(house.engine, house.mailbox, planned)
    return [stay.why for stay in planned.left]


def uids(house, folder):
    return sorted(house.mailbox.boxes[folder].mail)


@pytest.mark.parametrize(("text", "folder"), [(MOVE, "Archive"), (COPY, "Books")])
def test_equal_mail_that_was_there_before_is_not_taken_for_ours(house, text, folder):
    house.mailbox.deliver(folder, eml())
    arrived(house, text)
    del house.mailbox.boxes[folder].mail[2]         # by the user
    [why] = taken_back(house)
    assert (f"is not in {folder} any more" in why, uids(house, folder)) == (True, [1])


@pytest.mark.parametrize(("text", "folder"), [(MOVE, "Archive"), (COPY, "Books")])
def test_what_was_put_there_beside_it_is_not_taken_for_it(house, text, folder):
    done = arrived(house, text, count=2)
    del house.mailbox.boxes[folder].mail[1]
    [why] = taken_back(house, DeedId(done.id, 1))
    assert (f"is not in {folder} any more" in why, uids(house, folder)) == (True, [2])
    assert taken_back(house, DeedId(done.id, 2)) == []
    assert uids(house, folder) == []


@pytest.mark.parametrize("judged", [False, True])
def test_what_was_taken_out_and_put_back_is_found(house, judged):
    arrived(house, MOVE)
    watched = "[{name: look, folders: [Archive], when: {all: true}, then: [{flag: [$seen]}]}]"
    house.arrival(watched, folder="Archive")
    house.mailbox.carry("Archive", 1, "Other")
    house.mailbox.carry("Other", 1, "Archive")
    if judged:      # the journal has noted by now where it is
        house.arrival(watched, folder="Archive")
    assert taken_back(house) == []
    assert (uids(house, "Archive"), house.mailbox.subjects("INBOX")) == ([], ["hello"])


def test_a_copy_is_followed_to_where_a_rule_took_it(house):
    first = arrived(house, COPY)
    house.scheduled("[{name: on, folders: [Books], schedule: 1h, when: {all: true}, then: [{move: Other}]}]", "on", folder="Books")
    assert taken_back(house, DeedId(first.id, 1)) == []
    assert [house.mailbox.subjects(name) for name in ("Books", "Other", "Trash")] == [[], [], ["hello"]]


def test_a_copy_that_an_undo_brought_back_can_be_taken_back_once_more(house):
    first = arrived(house, COPY)
    taken_back(house)
    back = next(deed for deed in history(house.journal) if deed.folder == "Books")
    taken_back(house, back.id)
    assert house.mailbox.subjects("Books") == ["hello"]
    again = next(deed for deed in history(house.journal) if deed.folder == "Trash")
    taken_back(house, again.id)
    assert (house.mailbox.subjects("Books"), house.mailbox.subjects("Trash")) == ([], ["hello"])
    assert taken_back(house, DeedId(first.id, 1)) == [AGAIN, AGAIN]


def test_after_another_uidvalidity_what_was_undone_is_not_done_again(house):
    """Undo finds the message by its fingerprint and notes its own steps there; the copy that it took back is no less remembered."""
    arrived(house, COPY, count=2)
    house.mailbox.renumber("INBOX")
    assert taken_back(house) == []
    house.apply(COPY)
    assert [len(house.mailbox.boxes[name].mail) for name in ("INBOX", "Books", "Trash")] == [2, 0, 2]
    assert {flag for uid in uids(house, "INBOX") for flag in house.mailbox.flags("INBOX", uid)} == set()
