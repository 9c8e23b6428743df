"""What `explain` says the journal knows; and when schedules run next."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.effects import Move
from mailbot.engine.due import next_runs
from mailbot.engine.past import Arrival, Looked, look
from mailbot.errors import Cause, MailbotError
from tests.unit.engine_house import House, ruleset
from tests.unit.fake_mailbox import NOW, FakeMailbox, eml

RULES = "- {name: r, when: {subject: bill}, then: [{move: A}]}"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(FakeMailbox("A"), tmp_path)
    made.arrival(RULES)
    yield made
    made.journal.close()


def looked(house: House, uid: int, folder: str = "INBOX") -> Looked:
    return look(house.engine, house.mailbox, folder, uid, ruleset(RULES))


def test_mail_of_a_folder_that_run_has_not_seen_has_not_arrived(house: House) -> None:
    uid = house.mailbox.deliver("A", eml())
    assert looked(house, uid, "A").past.arrival is Arrival.UNSEEN


def test_mail_is_awaited_then_passed(house: House) -> None:
    uid = house.mailbox.deliver("INBOX", eml())
    assert looked(house, uid).past.arrival is Arrival.AWAITED
    house.arrival(RULES)
    assert looked(house, uid).past.arrival is Arrival.PASSED


def test_what_the_bot_moved_says_so_there_and_when_it_comes_back(house: House) -> None:
    house.mailbox.deliver("INBOX", eml("bill"))
    house.arrival(RULES)
    there, = house.mailbox.boxes["A"].mail
    moved = looked(house, there, "A").past
    assert (moved.arrival, [done.effect for done in moved.done]) == (Arrival.PUT, [Move("A")])
    back = house.mailbox.carry("A", there, "INBOX")
    returned = looked(house, back)
    assert (returned.past.arrival, [done.effect for done in returned.past.done]) == (Arrival.RETURNED, [Move("A")])
    assert returned.plan.steps == ()
    assert returned.plan.verdicts[0].why.startswith("done 2026-11-22 by pass ")


def test_what_fails_is_pending_then_parked_with_its_reason(house: House) -> None:
    house.mailbox.refuse[Move("A")] = Cause.FOLDER, "over quota"
    uid = house.mailbox.deliver("INBOX", eml("bill"))
    house.arrival(RULES)
    past = looked(house, uid).past
    assert (past.arrival, past.attempts, past.why, past.when) == (Arrival.PENDING, 1, "over quota", NOW + timedelta(minutes=1))
    for _ in range(2):
        house.later(hours=1)
        house.arrival(RULES)
    past = looked(house, uid).past
    assert (past.arrival, past.attempts, past.why) == (Arrival.PARKED, 3, "over quota")


def test_a_message_that_is_not_there_or_cannot_be_read_is_told(house: House) -> None:
    with pytest.raises(MailbotError, match="no message with UID 9"):
        looked(house, 9)
    uid = house.mailbox.deliver("INBOX", eml())
    house.mailbox.broken[uid] = "no structure"
    with pytest.raises(MailbotError, match="cannot be read: no structure"):
        looked(house, uid)


def test_the_next_run_counts_from_the_last_and_a_duration_from_when_the_rule_was_first_seen(house: House) -> None:
    rules = ruleset("""
- {name: often, when: {seen: true}, then: [trash], schedule: 6h}
- {name: nightly, when: {seen: true}, then: [trash], schedule: "15 3 * * *"}
- {name: at once, when: {seen: true}, then: [trash]}
- {name: elsewhere, accounts: work, when: {seen: true}, then: [trash], schedule: 6h}
""")
    house.journal.schedules.done("work", "often", NOW - timedelta(hours=2))
    found = [(run.account, run.rule, run.when and run.when - NOW) for run in next_runs(house.journal, rules, ["home", "work"], NOW)]
    night = timedelta(hours=15, minutes=15)
    assert found == [("home", "often", None), ("home", "nightly", night), ("work", "often", timedelta(hours=4)),
                     ("work", "nightly", night), ("work", "elsewhere", None)]
