"""New mail, from the first look at a folder on."""

import pytest

from mailbot.effects import AddFlags, Copy, Move
from mailbot.engine.execute import carry_out
from mailbot.engine.pending import Inbox
from mailbot.errors import Cause, Unreachable
from tests.unit.engine_house import House
from tests.unit.fake_mailbox import FakeMailbox, eml
from tests.unit.logged import logged

THREE = """
- name: three
  when: {subject: invoice}
  then: [{copy: Books}, {flag: seen}, {move: Archive}]
"""
INBOX = Inbox("home", "INBOX", 7)
MOVES = "[{name: r, when: {subject: hello}, then: [{move: Archive}]}]"


@pytest.fixture
def house(tmp_path):
    house = House(FakeMailbox("Archive", "Books"), tmp_path)
    yield house
    house.journal.close()


def begun(house, text=THREE):
    assert house.arrival(text).first
    return house


def rows(house, pass_id):
    return [(row.action, row.state) for row in house.journal.effects.of_pass(pass_id)]


def test_the_first_look_at_a_folder_notes_where_it_begins_and_does_nothing_else(house):
    house.mailbox.deliver("INBOX", eml("invoice"))
    done = house.arrival(THREE)
    assert done.first
    assert house.mailbox.subjects("INBOX") == ["invoice"]
    assert not house.arrival(THREE).first
    assert house.mailbox.subjects("INBOX") == ["invoice"]


def test_what_arrived_is_carried_out_and_in_the_journal_as_the_plan_says(house):
    begun(house)
    house.mailbox.deliver("INBOX", eml("invoice"))
    house.mailbox.deliver("INBOX", eml("other"))
    plans = []

    def act(engine, mailbox, plan, **how):
        plans.append(plan)
        return carry_out(engine, mailbox, plan, **how)

    done = house.arrival(THREE, act=act)
    assert (done.messages, done.matched, done.done, done.failed, done.hits) == (2, 1, 3, 0, {"three": 1})
    assert house.mailbox.subjects("INBOX") == ["other"]
    assert house.mailbox.subjects("Archive") == house.mailbox.subjects("Books") == ["invoice"]
    assert house.mailbox.flags("Archive", 1) == {r"\Seen"}
    assert rows(house, done.id) == [("copy", "done"), ("flag", "done"), ("move", "done")]
    planned = [(step.action, step.order.effect) for step in plans[0].steps]
    assert planned == [(row.action, row.effect) for row in house.journal.effects.of_pass(done.id)]
    assert house.arrival(THREE).done == 0


def test_a_flag_and_the_move_behind_it_share_a_write_and_a_copy_is_a_barrier(house):
    begun(house)
    house.mailbox.deliver("INBOX", eml("invoice"))
    house.arrival(THREE)
    assert [[order.effect for order in orders] for orders in house.mailbox.before_apply] == [
        [Copy("Books")], [AddFlags(frozenset({r"\Seen"})), Move("Archive")]]


def test_a_no_to_the_second_of_three_actions_leaves_the_rest_pending_and_the_next_pass_finishes_it(house):
    rules = "[{name: three, when: {subject: invoice}, then: [{flag: seen}, {copy: Books}, {move: Archive}]}]"
    begun(house, rules)
    house.mailbox.deliver("INBOX", eml("invoice"))
    house.mailbox.refuse = {Copy("Books"): (Cause.FOLDER, "NO [OVERQUOTA] full")}
    done = house.arrival(rules)
    assert rows(house, done.id) == [("flag", "done"), ("copy", "failed")]
    assert house.mailbox.subjects("INBOX") == ["invoice"]
    assert house.mailbox.flags("INBOX", 1) == {r"\Seen"}
    waiting = house.journal.pending.find(INBOX, 1)
    assert waiting.attempts == 1
    assert waiting.why == "NO [OVERQUOTA] full"
    assert house.arrival(rules).messages == 0, "it is not due yet"
    house.mailbox.refuse = {}
    house.later(minutes=1)
    done = house.arrival(rules)
    assert rows(house, done.id) == [("copy", "done"), ("move", "done")]
    assert house.mailbox.subjects("Archive") == house.mailbox.subjects("Books") == ["invoice"]
    assert house.journal.pending.find(INBOX, 1) is None


def test_a_flag_that_was_refused_is_set_where_the_message_was_moved_to(house):
    begun(house)
    rules = "[{name: two, when: {subject: invoice}, then: [{flag: seen}, {move: Archive}]}]"
    house.mailbox.deliver("INBOX", eml("invoice"))
    apply = house.mailbox.apply

    def refusing_once(orders, *, last=False):
        house.mailbox.refuse = {AddFlags(frozenset({r"\Seen"})): (Cause.MESSAGE, "NO")} if len(orders) == 2 else {}
        return apply(orders, last=last)

    house.mailbox.apply = refusing_once
    done = house.arrival(rules)
    assert house.mailbox.flags("Archive", 1) == {r"\Seen"}
    assert rows(house, done.id) == [("flag", "done"), ("move", "done")]


def test_after_three_attempts_a_message_is_parked_and_other_rules_give_it_three_more(house):
    begun(house)
    house.mailbox.deliver("INBOX", eml("invoice"))
    house.mailbox.refuse = {Copy("Books"): (Cause.FOLDER, "NO")}
    waits = []
    for _ in range(3):
        house.arrival(THREE)
        waits.append((house.journal.pending.find(INBOX, 1).retry_at - house.now).total_seconds())
        house.later(hours=2)
    assert waits == [60, 120, 240]
    assert [row.uid for row in house.journal.pending.parked()] == [1]
    house.mailbox.refuse = {}
    assert house.arrival(THREE).messages == 0
    assert house.arrival(THREE.replace("invoice", "voice")).done == 3
    assert house.journal.pending.parked() == []


@pytest.mark.parametrize("cause", [Cause.RETRY, Cause.QUOTA, Cause.DISK])
def test_what_is_nobodys_fault_counts_against_nobody(house, cause):
    begun(house)
    house.mailbox.deliver("INBOX", eml("invoice"))
    house.mailbox.refuse = {Copy("Books"): (cause, "NO [UNAVAILABLE]")}
    for _ in range(10):
        house.arrival(THREE)
        house.later(hours=1)
    waiting = house.journal.pending.find(INBOX, 1)
    assert (waiting.attempts, waiting.parked) == (0, False)


def test_a_doubt_about_a_key_is_tried_again_and_one_about_a_field_is_told_once(house):
    rules = """
- {name: key, when: {body: words, subject: one}, then: [{flag: seen}]}
- {name: field, when: {subject: two}, then: [{move: "Lists/{list_id}"}]}
"""
    begun(house, rules)
    house.mailbox.unanswered = True
    house.mailbox.deliver("INBOX", eml("one"))
    house.mailbox.deliver("INBOX", eml("two"))
    house.arrival(rules)
    assert house.journal.pending.find(INBOX, 1).attempts == 1
    assert house.journal.pending.find(INBOX, 2) is None


def test_a_message_that_cannot_be_read_is_parked_after_three_tries_and_the_others_go_on(house):
    begun(house)
    house.mailbox.deliver("INBOX", eml("invoice", message_id="a"))
    house.mailbox.deliver("INBOX", eml("invoice", message_id="b"))
    house.mailbox.broken = {1: "no structure"}
    for _ in range(3):
        house.arrival(THREE)
        house.later(hours=1)
    assert [row.uid for row in house.journal.pending.parked()] == [1]
    assert sorted(house.mailbox.boxes["INBOX"].mail) == [1]


def test_another_uidvalidity_begins_from_now_and_does_nothing_to_old_mail(house):
    begun(house)
    house.mailbox.refuse = {Copy("Books"): (Cause.RETRY, "later")}
    house.mailbox.deliver("INBOX", eml("invoice"))
    house.arrival(THREE)
    house.mailbox.refuse = {}
    house.mailbox.renumber("INBOX")
    house.later(hours=1)
    assert house.arrival(THREE).first
    assert house.mailbox.subjects("INBOX") == ["invoice"]
    assert house.journal.pending.next_due("home") is None
    house.mailbox.deliver("INBOX", eml("invoice", message_id="new"))
    assert house.arrival(THREE).matched == 1


def test_a_mailbox_that_its_server_has_put_back_begins_from_now(house):
    """The same UIDVALIDITY, and UIDs that are given out a second time: without this its new mail would be taken for old."""
    begun(house)
    for number in range(4):
        house.mailbox.deliver("INBOX", eml(f"hello {number}"))
    assert house.arrival("[{name: r, when: {subject: hello}, then: [{flag: seen}]}]").done == 4
    box = house.mailbox.boxes["INBOX"]
    for uid in (3, 4):
        del box.mail[uid]
    box.uidnext = 3
    with logged() as events:
        assert house.arrival(MOVES).first
    event, = (row for row in events if row["event"] == "folder.begun")
    assert (event["log_level"], event["from_uid"]) == ("warning", 3)
    assert "gone back" in event["why"]
    assert house.mailbox.deliver("INBOX", eml("hello new")) == 3
    assert house.arrival(MOVES).done == 1, "the UID had been another message's, to which something was done"
    assert house.mailbox.subjects("INBOX") == ["hello 0", "hello 1"]


def test_a_uidnext_that_is_too_low_by_mistake_is_no_reason_to_begin_anew(house):
    begun(house)
    for number in range(4):
        house.mailbox.deliver("INBOX", eml(f"other {number}"))
    house.arrival(MOVES)
    house.mailbox.boxes["INBOX"].uidnext = 3        # and messages 3 and 4 are there
    assert not house.arrival(MOVES).first


def test_rules_that_would_chase_each_other_do_not(house):
    there = "[{name: there, when: {all: true}, then: [{move: Archive}]}]"
    back = "[{name: back, folders: [Archive], when: {all: true}, then: [{move: INBOX}]}]"
    begun(house, there)
    house.arrival(back, "Archive")
    house.mailbox.deliver("INBOX", eml())
    for _ in range(4):
        house.arrival(there)
        house.arrival(back, "Archive")
    assert house.mailbox.subjects("Archive") == ["hello"]


def test_what_a_person_moves_back_stays_where_it_was_put(house):
    rules = "[{name: there, when: {all: true}, then: [{move: Archive}]}]"
    begun(house, rules)
    house.mailbox.deliver("INBOX", eml())
    house.arrival(rules)
    house.mailbox.carry("Archive", 1, "INBOX")
    assert house.arrival(rules).done == 0
    assert house.mailbox.subjects("INBOX") == ["hello"]


def test_equal_mail_delivered_twice_is_handled_twice(house):
    rules = "[{name: there, when: {all: true}, then: [{move: Archive}]}]"
    begun(house, rules)
    for _ in range(2):
        house.mailbox.deliver("INBOX", eml())
        house.arrival(rules)
    assert house.mailbox.subjects("INBOX") == []
    assert len(house.mailbox.boxes["Archive"].mail) == 2


def test_a_rule_with_another_name_does_not_repeat_what_was_done(house):
    rules = "[{name: old, when: {all: true}, then: [{copy: Books}]}]"
    begun(house, rules)
    house.mailbox.deliver("INBOX", eml())
    house.arrival(rules)
    assert house.apply(rules.replace("old", "new")).done == 0
    house.mailbox.renumber("INBOX")
    assert house.apply(rules.replace("old", "new")).done == 0, "its fingerprint stands in for the UID"
    assert house.apply(rules, again=True).done == 1


def test_a_limit_leaves_pending_and_touches_none(house):
    rules = "[{name: few, limit: 1, when: {all: true}, then: [{move: Archive}]}]"
    begun(house, rules)
    for number in range(2):
        house.mailbox.deliver("INBOX", eml(message_id=str(number)))
    assert house.arrival(rules).done == 0
    assert house.journal.pending.find(INBOX, 1) is None
    assert len(house.mailbox.boxes["INBOX"].mail) == 2


def test_a_stop_leaves_what_is_not_sent_pending(house):
    begun(house)
    house.mailbox.deliver("INBOX", eml("invoice"))
    stops = iter([False, False, True])
    done = house.arrival(THREE, stopped=lambda: next(stops, True))
    assert done.cut_short
    assert house.journal.pending.find(INBOX, 1).attempts == 0
    assert house.mailbox.subjects("INBOX") == ["invoice"]
    house.arrival(THREE)
    assert house.mailbox.subjects("Archive") == house.mailbox.subjects("Books") == ["invoice"]


def test_what_a_cut_left_pending_is_due_at_once_and_has_lost_no_try(house):
    begun(house)
    house.mailbox.deliver("INBOX", eml("invoice"))
    house.mailbox.steps = 0
    with pytest.raises(Unreachable):
        house.arrival(THREE)
    house.mailbox.reconnect()
    assert house.arrival(THREE).done == 3
