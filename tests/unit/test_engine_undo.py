"""What was done is in the history, and can be taken back as far as it is still as the bot left it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.effects import Move
from mailbot.engine.database import UNFINISHED
from mailbot.engine.history import DeedId, deed_id, deeds, history, last
from mailbot.engine.journal import Journal
from mailbot.engine.undo import AGAIN, Stay, plan_undo, undo
from mailbot.errors import Cause, Unreachable, UsageError
from tests.unit.engine_house import House
from tests.unit.fake_mailbox import FakeMailbox, eml

ALL = """
- name: everything
  when: {all: true}
  then: [{copy: Books}, {flag: [seen, $done]}, {unflag: flagged}, {move: Archive}]
"""


@pytest.fixture
def house(tmp_path):
    house = House(FakeMailbox("Archive", "Books", "Other"), tmp_path, str(tmp_path / "files"))
    house.arrival(ALL)
    yield house
    house.journal.close()


def filed(house, text=ALL, *flags):
    house.mailbox.deliver("INBOX", eml(), *flags)
    return house.arrival(text)


def taken_back(house, found=None):
    planned = plan_undo(house.engine, house.mailbox, last(house.journal) if found is None else found)
    passes = undo(house.engine, house.mailbox, planned)
    return planned, passes


def places(house):
    return {name: [(message.headers.first("subject"), sorted(message.flags)) for message in box.mail.values()]
            for name, box in house.mailbox.boxes.items() if box.mail}


def test_flags_move_and_copy_are_taken_back_and_stay_undone(house):
    filed(house, ALL, r"\Flagged", "$done")
    assert places(house) == {"Archive": [("hello", ["$done", r"\Seen"])], "Books": [("hello", ["$done", r"\Flagged"])]}
    planned, _ = taken_back(house)
    assert planned.left == ()
    as_it_was = {"INBOX": [("hello", ["$done", r"\Flagged"])], "Trash": [("hello", ["$done", r"\Flagged"])]}
    assert places(house) == as_it_was
    house.arrival(ALL)
    house.apply(ALL)
    assert places(house) == as_it_was


def test_another_message_under_the_uid_is_not_touched(house):
    """As after a mailbox was put back from a backup: the same UIDs under the same UIDVALIDITY, for other mail."""
    filed(house)
    archive = house.mailbox.boxes["Archive"].mail
    house.mailbox.deliver("Other", eml("a stranger's"))
    archive[1] = replace(house.mailbox.boxes["Other"].mail.pop(1), uid=1)
    planned, _ = taken_back(house)
    assert {(stay.why, stay.amiss) for stay in planned.left} == {("it is not in Archive any more, where mailbot left it", True)}
    assert places(house)["Archive"] == [("a stranger's", [])]


def test_an_undo_is_a_plan_that_changes_nothing_until_it_is_carried_out(house):
    filed(house)
    before = places(house)
    planned = plan_undo(house.engine, house.mailbox, last(house.journal))
    assert places(house) == before
    said = {plan.folder: [(step.rule, step.action, step.order.uids) for step in plan.steps] for plan in planned.plans}
    assert said == {
        "Archive": [("everything", "unflag", (1,)), ("everything", "move", (1,))], "Books": [("everything", "trash", (1,))]}


def test_a_person_s_own_changes_are_left_as_they_are(house):
    filed(house, ALL, r"\Flagged")
    house.mailbox.flag("Archive", 1, "$done", "$own")       # \Seen taken away, $own added by hand
    taken_back(house)
    assert places(house)["INBOX"] == [("hello", ["$own", r"\Flagged"])]


def test_set_flags_gives_back_what_was_there(house):
    text = "[{name: set, when: {all: true}, then: [{set_flags: [$only]}]}]"
    filed(house, text, r"\Seen", "$a")
    assert house.mailbox.flags("INBOX", 1) == {"$only"}
    taken_back(house)
    assert house.mailbox.flags("INBOX", 1) == {r"\Seen", "$a"}


def test_what_is_gone_or_cannot_be_undone_is_said_before_anything_starts(house):
    text = """
- {name: file, when: {subject: hello}, then: [{save: {to: "x.eml", parts: message}}, {move: Archive}]}
- {name: gone, when: {subject: junk}, then: [delete]}
"""
    house.mailbox.deliver("INBOX", eml("hello"))
    house.mailbox.deliver("INBOX", eml("junk"))
    done = house.arrival(text)
    house.mailbox.carry("Archive", 1, "Other")
    planned = plan_undo(house.engine, house.mailbox, last(house.journal))
    assert planned.plans == ()
    assert planned.left == (
        Stay(DeedId(done.id, 2), "gone", "delete", "it was deleted for good", amiss=False),
        Stay(DeedId(done.id, 1), "file", "move", "it is not in Archive any more, where mailbot left it", amiss=True),
        Stay(DeedId(done.id, 1), "file", "save", f"the file stays: {house.files}/x.eml", amiss=False))


def test_a_keyword_that_the_server_writes_in_another_case_is_taken_back(house):
    """RFC 9051 2.3.2: keywords are case-insensitive; a server may keep the first spelling that it saw."""
    text = "[{name: set, when: {all: true}, then: [{flag: [$todo]}, {unflag: [$Old]}]}]"
    filed(house, text, "$old")
    house.mailbox.flag("INBOX", 1, "$ToDo")
    taken_back(house)
    assert {flag.lower() for flag in house.mailbox.flags("INBOX", 1)} == {"$old"}


def test_what_went_there_and_back_stays_where_it_was(house):
    filed(house, "[{name: away, when: {all: true}, then: [{move: Archive}]}]")
    house.scheduled("[{name: back, folders: [Archive], schedule: 1h, when: {all: true}, then: [{move: INBOX}]}]", "back", folder="Archive")
    planned, _ = taken_back(house, history(house.journal))
    assert (planned.plans, house.mailbox.subjects("INBOX")) == ((), ["hello"])
    assert {row.state for deed in history(house.journal) for row in deed.rows} == {"undone"}


def test_what_was_taken_back_before_or_never_done_is_said(house):
    text = "[{name: file, when: {all: true}, then: [{flag: [seen]}, {move: Archive}]}]"
    house.mailbox.refuse[Move("Archive")] = Cause.MESSAGE, "not today"
    done = filed(house, text)
    planned, _ = taken_back(house)
    assert planned.left == (), "of what was done all is taken back"
    planned, _ = taken_back(house, deeds(house.journal, [DeedId(done.id, 1)]))
    assert [(stay.action, stay.why, stay.amiss) for stay in planned.left] == [
        ("move", "it was not done: not today", False), ("flag", AGAIN, False)]


def test_what_has_no_outcome_yet_is_not_called_taken_back(house):
    house.mailbox.steps = 1         # it is moved, and the answer does not come
    with pytest.raises(Unreachable):
        filed(house, "[{name: file, when: {all: true}, then: [{move: Archive}]}]")
    house.mailbox.reconnect()
    looking = replace(house.engine, journal=Journal.open(house.state / "state.db", read_only=True))
    planned = plan_undo(looking, house.mailbox, history(looking.journal))
    assert [(stay.why, stay.amiss) for stay in planned.left] == [(f"it is {UNFINISHED}", True)]
    looking.journal.close()


def test_a_copy_in_a_folder_that_is_not_there_now_can_be_taken_back_later(house):
    filed(house, "[{name: copy, when: {all: true}, then: [{copy: Books}]}]")
    away = house.mailbox.boxes.pop("Books")
    planned, _ = taken_back(house)
    assert [stay.why for stay in planned.left] == ["its copy is not in Books any more, where mailbot left it"]
    house.mailbox.boxes["Books"] = away
    taken_back(house)
    assert (house.mailbox.subjects("Books"), house.mailbox.subjects("Trash")) == ([], ["hello"])


def test_what_goes_while_it_is_taken_back_is_not_called_undone(house):
    house.mailbox.capabilities |= {"CONDSTORE"}
    done = filed(house, "[{name: file, when: {all: true}, then: [{move: Archive}]}]")
    planned = plan_undo(house.engine, house.mailbox, last(house.journal))
    house.mailbox.carry("Archive", 1, "Other")
    [one] = undo(house.engine, house.mailbox, planned)
    assert (one.skipped, [row.state for row in house.journal.effects.of_pass(done.id)]) == ({1: "it is gone"}, ["done"])


def test_where_the_uid_tells_nothing_any_more_the_fingerprint_finds_it(house):
    filed(house)
    house.mailbox.renumber("Archive")
    house.mailbox.renumber("Books")
    taken_back(house)
    assert sorted(places(house)) == ["INBOX", "Trash"]


def test_one_message_of_a_pass_can_be_taken_back_by_its_id(house):
    for number in range(3):
        house.mailbox.deliver("INBOX", eml(f"mail {number}"))
    done = house.arrival(ALL)
    taken_back(house, deeds(house.journal, [DeedId(done.id, 2)]))
    assert house.mailbox.subjects("INBOX") == ["mail 1"]
    assert house.mailbox.subjects("Archive") == ["mail 0", "mail 2"]


def test_an_undo_of_two_passes_goes_back_to_the_beginning(house):
    filed(house)
    onward = "[{name: onward, folders: [Archive], schedule: 1h, when: {all: true}, then: [{move: Other}]}]"
    house.scheduled(onward, "onward", folder="Archive")
    assert house.mailbox.subjects("Other") == ["hello"]
    taken_back(house, history(house.journal))
    assert house.mailbox.subjects("INBOX") == ["hello"]


def test_what_was_moved_back_by_hand_is_noted_as_undone(house):
    text = "[{name: file, when: {all: true}, then: [{move: Archive}]}]"
    done = filed(house, text)
    house.mailbox.carry("Archive", 1, "INBOX")
    house.arrival(text)
    planned, passes = taken_back(house)
    assert (planned.plans, planned.left, passes) == ((), (), [])
    assert [row.state for row in house.journal.effects.of_pass(done.id)] == ["undone"]


def test_an_undo_is_in_the_history_and_can_be_undone(house):
    text = "[{name: file, when: {all: true}, then: [{move: Archive}]}]"
    filed(house, text)
    _, [one] = taken_back(house)
    assert [(deed.cause, [row.state for row in deed.rows]) for deed in history(house.journal)] == [
        ("undo", ["done"]), ("arrival", ["undone"])]
    taken_back(house, deeds(house.journal, [DeedId(one.id, 1)]))
    assert house.mailbox.subjects("Archive") == ["hello"]


def test_what_was_undone_stays_so_where_a_person_moves_it_away_and_back(house):
    filed(house)
    taken_back(house)
    house.arrival(ALL)
    house.mailbox.carry("INBOX", 2, "Other")
    house.mailbox.carry("Other", 1, "INBOX")
    house.arrival(ALL)
    house.apply(ALL)
    assert {name: len(mail) for name, mail in places(house).items()} == {"INBOX": 1, "Trash": 1}


def test_an_undo_that_was_cut_off_is_finished_by_another(house):
    for steps in range(5):
        house.mailbox.deliver("INBOX", eml(f"mail {steps}"))
        done = house.arrival(ALL)
        planned = plan_undo(house.engine, house.mailbox, last(house.journal))
        house.mailbox.steps = steps
        try:
            undo(house.engine, house.mailbox, planned)
        except Unreachable:
            house.mailbox.reconnect()
            house.arrival(ALL)
            taken_back(house, deeds(house.journal, [DeedId(done.id, *done.settled)]))
        house.mailbox.reconnect()
        assert house.mailbox.subjects("INBOX") == [f"mail {number}" for number in range(steps + 1)]
        assert house.mailbox.subjects("Archive") == house.mailbox.subjects("Books") == []
        assert {row.state for row in house.journal.effects.of_pass(done.id)} == {"undone"}


def test_the_history_is_asked_by_rule_and_age(house):
    filed(house)
    house.later(days=2)
    filed(house, ALL.replace("everything", "other"))
    assert [deed.rows[0].rule for deed in history(house.journal)] == ["other", "everything"]
    assert [deed.id.pass_id for deed in history(house.journal, rule="everything")] == [1]
    assert [deed.id.pass_id for deed in history(house.journal, since=house.now - timedelta(days=1))] == [2]
    assert history(house.journal, account="work") == []


@pytest.mark.parametrize("text", ["", "12", "12.", "a.b", "1.2.3", "-1.2"])
def test_what_is_no_id_is_said_to_be_none(text):
    with pytest.raises(UsageError, match="no ID"):
        deed_id(text)


def test_an_id_that_stands_for_nothing_is_refused(house):
    filed(house)
    assert deed_id("1.1") == DeedId(1, 1)
    with pytest.raises(UsageError, match=r"7\.1"):
        deeds(house.journal, [DeedId(1, 1), DeedId(7, 1)])
