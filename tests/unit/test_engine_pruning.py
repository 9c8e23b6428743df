"""Old rows are forgotten, but not while they keep something from being done again."""

import pytest

from mailbot.engine.history import history
from mailbot.engine.journal import Cursor
from mailbot.engine.pruning import forget_others, prune
from mailbot.engine.schema import TABLES
from tests.unit.engine_house import House
from tests.unit.fake_mailbox import FakeMailbox, eml


@pytest.fixture
def house(tmp_path):
    house = House(FakeMailbox("Archive", "Books"), tmp_path)
    yield house
    house.journal.close()


RULES = """
- {name: stays, when: {subject: stays}, then: [{copy: Books}]}
- {name: moves, when: {subject: moves}, then: [{move: Archive}]}
"""


def test_a_row_outlives_400_days_only_while_its_message_is_where_the_rule_found_it(house):
    house.arrival(RULES)
    house.mailbox.deliver("INBOX", eml("stays"))
    house.mailbox.deliver("INBOX", eml("moves"))
    house.arrival(RULES)
    house.later(days=399)
    assert prune(house.engine, house.mailbox) == 0
    house.later(days=2)
    assert prune(house.engine, house.mailbox) == 1
    assert [row.rule for deed in history(house.journal) for row in deed.rows] == ["stays"]
    assert house.apply(RULES).done == 0
    house.mailbox.carry("INBOX", 1, "Archive")
    assert prune(house.engine, house.mailbox) == 1
    assert history(house.journal) == []
    assert house.journal._database.read("SELECT * FROM pass") == []


def test_an_account_that_is_configured_no_more_is_forgotten_as_a_whole_400_days_after_its_last_pass(house):
    house.arrival(RULES)
    house.mailbox.deliver("INBOX", eml("stays"))
    house.arrival(RULES)
    house.journal.schedules.since("home", "rule", house.now)
    house.journal.cursors.set("new", "INBOX", Cursor(7, 3))     # it has done nothing yet, and may not be in the file at the moment
    house.later(days=399)
    assert forget_others(house.engine, []) == []
    house.later(days=2)
    assert forget_others(house.engine, ["home", "work"]) == [], "it is configured: what it did is looked after message by message"
    assert [deed.account for deed in history(house.journal)] == ["home"]
    assert forget_others(house.engine, ["work"]) == ["home"]
    assert history(house.journal) == []
    left = {table: house.journal._database.read(f"SELECT account FROM {table}") for table in TABLES}
    assert [row["account"] for rows in left.values() for row in rows] == ["new"]
    assert house.arrival(RULES).first, "should it come back, it begins from now"
