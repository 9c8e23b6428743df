"""A backlog is worked off in portions: what is done stays done, and limits count the whole of it."""

import pytest

from mailbot.engine.passes import PORTION
from mailbot.engine.pending import Inbox
from mailbot.errors import Unreachable
from tests.unit.engine_house import House
from tests.unit.fake_mailbox import FakeMailbox, eml

INBOX = Inbox("home", "INBOX", 7)
MANY = 5_000
RULES = """
- {name: bills, when: {subject: bill}, then: [{flag: seen}, {move: Archive}]}
- {name: notes, when: {subject: note}, then: [{copy: Books}]}
"""


@pytest.fixture
def house(tmp_path):
    house = House(FakeMailbox("Archive", "Books"), tmp_path)
    house.arrival(RULES)
    yield house
    house.journal.close()


def deliver(house, count, every=("bill", "note", "other", "bill")):
    for number in range(count):
        house.mailbox.deliver("INBOX", eml(f"{every[number % len(every)]} {number}"))


def through(house):
    return len(house.mailbox.boxes["Archive"].mail), len(house.mailbox.boxes["Books"].mail)


def test_a_backlog_is_finished_over_a_connection_that_is_cut_again_and_again(house):
    """Each time after as many changes as half a portion takes."""
    deliver(house, MANY)
    before = (0, 0)
    for cuts in range(30):
        house.mailbox.reconnect()
        house.mailbox.steps = PORTION
        try:
            house.arrival(RULES)
            break
        except Unreachable:
            assert sum(through(house)) > sum(before), f"nothing was done before cut {cuts}"
            before = through(house)
    assert cuts >= 5
    assert through(house) == (MANY // 2, MANY // 4)
    assert sorted(set(house.mailbox.subjects("Archive"))) == sorted(house.mailbox.subjects("Archive"))
    assert sorted(set(house.mailbox.subjects("Books"))) == sorted(house.mailbox.subjects("Books"))
    assert all(message.flags == {r"\Seen"} for message in house.mailbox.boxes["Archive"].mail.values())
    house.mailbox.reconnect()
    assert house.arrival(RULES).messages == 0, "nothing is pending, and the cursor is behind all of it"


def test_each_portion_is_out_of_pending_and_behind_the_cursor_before_the_next_is_read(house):
    deliver(house, 3 * PORTION, ("bill",))
    seen = []

    def stopped():
        cursor = house.journal.cursors.get("home", "INBOX").next
        seen.append((cursor, len(house.mailbox.boxes["Archive"].mail)))
        return cursor == 2 * PORTION + 1 and len(house.mailbox.boxes["Archive"].mail) == 2 * PORTION

    done = house.arrival(RULES, stopped=stopped)
    assert (done.cut_short, done.done) == (True, 4 * PORTION)
    assert {cursor for cursor, _ in seen} == {1, PORTION + 1, 2 * PORTION + 1}
    rest = house.arrival(RULES)
    assert (rest.cut_short, rest.messages, rest.done) == (False, PORTION, 2 * PORTION)
    assert house.mailbox.subjects("Archive") == [f"bill {number}" for number in range(3 * PORTION)], "in the order of arrival"


@pytest.mark.parametrize(("limit", "touched"), [(1_999, 0), (2_000, 2_000)])
def test_a_limit_is_of_the_whole_backlog(house, limit, touched):
    """No portion alone is over it."""
    rules = f"[{{name: few, limit: {limit}, when: {{subject: bill}}, then: [{{move: Archive}}]}}]"
    deliver(house, 4_000, ("bill", "other"))
    done = house.arrival(rules)
    assert (done.done, done.messages >= 2_000) == (touched, True)
    assert len(house.mailbox.boxes["Archive"].mail) == touched
    assert house.arrival(rules).messages == 0, "what is over a limit is not pending"


def test_what_is_pending_counts_too(house):
    rules = "[{name: few, limit: 1500, when: {subject: bill}, then: [{move: Archive}]}]"
    deliver(house, 1_200, ("bill",))
    house.journal.pending.begin(INBOX, range(1, 1_001))
    house.journal.pending.end(INBOX)
    deliver(house, 400, ("bill",))
    assert house.arrival(rules).done == 0
