"""Whole folders: a plan that is shown, then carried out block by block, on mail that may have changed since."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.effects import Move, Order
from mailbot.engine.engine import Engine
from mailbot.engine.execute import carry_out, show
from mailbot.engine.journal import Journal
from mailbot.engine.passes import plan_folder
from mailbot.errors import Cause
from mailbot.plan.plan import Judgement
from tests.unit.engine_house import House, ruleset
from tests.unit.fake_mailbox import NOW, Box, FakeMailbox, eml

ONLY_MOVE = "[{name: all, when: {all: true}, then: [{move: Archive}]}]"
MOVE = "[{name: all, when: {all: true}, then: [{flag: seen}, {move: Archive}]}]"


@pytest.fixture
def house(tmp_path):
    house = House(FakeMailbox("Archive", "Books"), tmp_path)
    yield house
    house.journal.close()


def planned(house, text=MOVE, **how):
    return plan_folder(house.engine, house.mailbox, "INBOX", ruleset(text), **how)


def fill(house, count):
    for number in range(count):
        house.mailbox.deliver("INBOX", eml(f"mail {number}"))


def test_what_differs_from_the_plan_stays_and_is_reported(house):
    fill(house, 6)
    plan = planned(house)
    house.mailbox.flag("INBOX", 2, r"\Flagged")
    house.mailbox.carry("INBOX", 3, "Books")
    box = house.mailbox.boxes["INBOX"]
    box.mail[4] = replace(box.mail[4], size=5)
    house.mailbox.flag("INBOX", 5, r"\Recent")
    done = carry_out(house.engine, house.mailbox, plan, reread=True)
    assert done.skipped == {
        2: "its flags have changed since the plan was made", 3: "it is gone", 4: "another message has this UID"}
    assert sorted(box.mail) == [2, 4]
    assert (done.done, done.failed) == (6, 0)


def test_what_was_done_since_the_plan_was_made_is_not_repeated_and_is_told(house):
    fill(house, 2)
    plan = planned(house, "[{name: r, when: {all: true}, then: [{copy: Books}]}]")
    first = carry_out(house.engine, house.mailbox, plan, reread=True)
    done = carry_out(house.engine, house.mailbox, plan, reread=True)
    assert (first.done_before, done.done, done.skipped, len(house.mailbox.boxes["Books"].mail)) == ({}, 0, {}, 2)
    assert done.done_before == dict.fromkeys((1, 2), f"copy done {house.now:%Y-%m-%d} by pass {first.id}")


def test_of_equal_mail_what_came_back_stays_and_what_is_new_is_done_as_the_plan_says(house):
    """`apply` plans over a copy of the journal: which of the two its row stands for is decided once more, among both."""
    house.mailbox.deliver("INBOX", eml())
    house.apply(ONLY_MOVE)
    house.mailbox.carry("Archive", 1, "INBOX")      # UID 2, by hand
    house.mailbox.deliver("INBOX", eml())           # UID 3
    looking = replace(house.engine, journal=Journal.open(house.state / "state.db", read_only=True))
    plan = plan_folder(looking, house.mailbox, "INBOX", ruleset(ONLY_MOVE))
    looking.journal.close()
    assert [step.order.uids for step in plan.steps] == [(3,)]
    done = carry_out(house.engine, house.mailbox, plan, reread=True)
    assert (done.done, done.done_before, sorted(house.mailbox.boxes["INBOX"].mail)) == (1, {}, [2])


def test_what_the_server_marks_when_the_plan_reads_it_is_no_change(house):
    """Dovecot 2.4.5, whose default it is since 2.4.2: mail that lies there unmarked is marked by our FETCH of its structure."""
    fill(house, 3)
    plan = planned(house)
    house.mailbox.flag("INBOX", 1, "$HasNoAttachment")
    house.mailbox.flag("INBOX", 2, "$HasAttachment")
    house.mailbox.flag("INBOX", 3, "$HasNoAttachment", "$mine")
    done = carry_out(house.engine, house.mailbox, plan, reread=True)
    assert done.skipped == {3: "its flags have changed since the plan was made"}
    assert sorted(house.mailbox.boxes["INBOX"].mail) == [3]


def test_under_another_uidvalidity_nothing_is_touched(house):
    fill(house, 2)
    plan = planned(house)
    house.mailbox.boxes["INBOX"] = Box(8)
    fill(house, 2)          # the same mail, under the same UIDs
    for reread in (True, False):
        done = carry_out(house.engine, house.mailbox, plan, reread=reread)
        assert (done.done, done.skipped) == (0, dict.fromkeys((1, 2), "the folder is another now (UIDVALIDITY changed)"))
    assert len(house.mailbox.boxes["INBOX"].mail) == 2


def test_what_was_done_meanwhile_is_skipped_unless_it_is_asked_for_again(house):
    fill(house, 1)
    text = "[{name: copy, when: {all: true}, then: [{copy: Books}]}]"
    plan = planned(house, text)
    assert carry_out(house.engine, house.mailbox, plan, reread=True).done == 1
    assert carry_out(house.engine, house.mailbox, plan, reread=True).done == 0
    assert carry_out(house.engine, house.mailbox, plan, reread=True, again=True).done == 1
    assert len(house.mailbox.boxes["Books"].mail) == 2


def test_a_plan_is_carried_out_in_blocks_each_under_its_own_lock_and_a_stop_is_heard_between_them(house):
    fill(house, 6_500)
    plan = planned(house)
    locked, told = [], []

    @contextmanager
    def lock(account):
        locked.append(account)
        yield
        house.mailbox.asked.append("unlock")

    engine = Engine(house.journal, "/files", lambda: house.now, lock)
    done = carry_out(engine, house.mailbox, plan, reread=True, progress=told.append, stopped=lambda: len(told) == 2)
    assert (told, locked) == ([3000, 6000], ["home"] * 2)
    assert (done.cut_short, done.done) == (True, 12_000)
    assert len(house.mailbox.boxes["INBOX"].mail) == 500
    assert house.mailbox.asked[-1] == "unlock"
    done = carry_out(engine, house.mailbox, plan, reread=True)
    assert (done.done, len(done.skipped), done.cut_short) == (1000, 6000, False)


def test_equal_effects_of_a_wave_are_one_order(house):
    fill(house, 3)
    carry_out(house.engine, house.mailbox, planned(house), reread=True)
    [orders] = house.mailbox.before_apply
    assert orders[1] == Order(Move("Archive"), (1, 2, 3))


def test_of_a_large_plan_what_goes_the_same_way_is_together(house):
    for number in range(4_000):
        house.mailbox.deliver("INBOX", eml(f"{number} {'odd' if number % 2 else 'even'}"))
    text = "[{name: odd, when: {subject: odd}, then: [{move: Odd}]}, {name: even, when: {subject: even}, then: [{move: Even}]}]"
    done = carry_out(house.engine, house.mailbox, planned(house, text), reread=True)
    moves = [[(order.effect.to, len(order.uids)) for order in orders] for orders in house.mailbox.before_apply]
    assert moves == [[("Even", 2000), ("Odd", 1000)], [("Odd", 1000)]]
    assert done.done == 4_000


def test_where_the_server_counts_changes_only_they_are_read_again(house):
    house.mailbox.capabilities |= {"CONDSTORE"}
    fill(house, 4)
    plan = planned(house, ONLY_MOVE)
    house.mailbox.flag("INBOX", 2, r"\Answered")       # by the user, between the plan and its execution
    house.mailbox.flag("INBOX", 3, r"\Answered")
    house.mailbox.flag("INBOX", 3)                      # and back: as the plan says
    house.mailbox.carry("INBOX", 4, "Trash")
    house.mailbox.asked.clear()
    done = carry_out(house.engine, house.mailbox, plan, reread=True)
    assert [asked for asked in house.mailbox.asked if asked.startswith("fetch")] == [f"fetch changes since {plan.modseq}"]
    assert done.skipped == {2: "its flags have changed since the plan was made", 4: "it is gone"}
    assert (done.done, sorted(house.mailbox.boxes["INBOX"].mail)) == (2, [2])
    assert len(house.mailbox.boxes["Archive"].mail) == 2


def test_a_plan_from_before_the_server_began_to_count_is_read_again_whole(house):
    fill(house, 2)
    plan = planned(house, ONLY_MOVE)
    house.mailbox.capabilities |= {"CONDSTORE"}
    house.mailbox.flag("INBOX", 2, r"\Answered")
    house.mailbox.asked.clear()
    assert carry_out(house.engine, house.mailbox, plan, reread=True).done == 1
    assert "fetch" in house.mailbox.asked


def test_a_dry_run_counts_what_matched_and_sends_nothing(house):
    fill(house, 2)
    done = show(house.engine, house.mailbox, planned(house), cause="arrival")
    assert (done.messages, done.matched, done.done, done.settled) == (2, 2, 0, {1, 2})
    assert house.mailbox.before_apply == []


def test_a_dry_run_of_arrivals_shows_each_message_once(house):
    house.arrival(MOVE)
    fill(house, 2)
    assert house.arrival(MOVE, act=show).matched == 2
    assert house.arrival(MOVE, act=show).messages == 0
    assert house.mailbox.before_apply == []


def test_scheduled_rules_that_would_chase_each_other_do_it_once(house):
    there = "[{name: there, schedule: 1h, when: {all: true}, then: [{move: Archive}]}]"
    back = "[{name: back, folders: [Archive], schedule: 1h, when: {all: true}, then: [{move: INBOX}]}]"
    fill(house, 1)
    for _ in range(4):
        house.scheduled(there, "there")
        house.scheduled(back, "back", folder="Archive")
    assert len(house.mailbox.boxes["INBOX"].mail) == 1
    assert house.mailbox.boxes["INBOX"].uidnext == 3


def test_only_due_rules_judge_at_a_scheduled_time(house):
    text = """
- {name: one, schedule: 1h, when: {all: true}, then: [{flag: $one}]}
- {name: two, schedule: 1h, when: {all: true}, then: [{flag: $two}]}
- {name: arrival, when: {all: true}, then: [{flag: $arrival}]}
"""
    fill(house, 1)
    assert house.scheduled(text, "two").done == 1
    assert house.mailbox.flags("INBOX", 1) == {"$two"}


def test_of_one_rule_the_steps_are_planned_and_its_limit_can_be_left_out(house):
    text = """
- {name: first, when: {subject: "mail 0"}, then: [{move: Books}]}
- {name: few, limit: 1, when: {all: true}, then: [{move: Archive}]}
"""
    fill(house, 3)
    assert {verdict.judgement for verdict in planned(house, text, only="few").verdicts} == {Judgement.TAKEN, Judgement.OVER_LIMIT}
    plan = planned(house, text, only="few", over_limit=True)
    assert [(step.rule, step.order.uids) for step in plan.steps] == [("few", (2, 3))]


def test_older_mail_than_asked_for_is_left_out(house):
    house.mailbox.deliver("INBOX", eml("old"), received=NOW - timedelta(days=31))
    house.mailbox.deliver("INBOX", eml("new"), received=NOW - timedelta(days=29))
    plan = planned(house, since=timedelta(days=30))
    assert [named.subject for named in plan.messages] == ["new"]


def test_a_message_that_is_gone_in_the_middle_ends_its_chain_and_is_no_failure(house):
    text = "[{name: r, when: {all: true}, then: [{copy: Books}, {move: Archive}]}]"
    fill(house, 2)
    plan = planned(house, text)
    house.mailbox.refuse = {Move("Archive"): (Cause.GONE, "")}
    done = carry_out(house.engine, house.mailbox, plan)
    assert (done.done, done.failed, done.settled) == (2, 0, {1, 2})


def test_the_block_a_process_died_in_is_judged_in_halves_until_the_one_message_is_parked(house):
    """A message that kills whoever moves it: all others are moved, it is tried three times alone."""

    class Killed(BaseException):
        pass

    house.arrival(MOVE)
    fill(house, 9)
    deaths, apply = [], house.mailbox.apply

    def deadly(orders, *, last=False):
        if any(5 in order.uids for order in orders):
            deaths.append(len(orders[0].uids))
            raise Killed
        return apply(orders, last=last)

    house.mailbox.apply = deadly
    for _ in range(12):
        try:
            house.arrival(MOVE)
        except Killed:
            house.restart()
        else:
            break
    assert deaths == [9, 4, 2, 1, 1, 1]
    assert [row.uid for row in house.journal.pending.parked()] == [5]
    assert sorted(house.mailbox.boxes["INBOX"].mail) == [5]
