"""Intents without an outcome: what is found is finished, what is not is judged anew, and nothing is ever lost over a doubt."""

from dataclasses import replace

import pytest

from mailbot.effects import AddFlags, Copy, Delete, Flags, Move, Outcome, RemoveFlags, SetFlags
from mailbot.engine.effect_rows import Intent, Place
from mailbot.engine.journal import Cursor, Journal
from mailbot.engine.recovery import recover
from mailbot.errors import Cause, Unreachable
from mailbot.mail.fingerprint import fingerprint
from tests.unit.engine_house import House
from tests.unit.fake_mailbox import Box, FakeMailbox, eml

NONE: Flags = frozenset()


@pytest.fixture
def house(tmp_path):
    house = House(FakeMailbox("Archive", "Books"), tmp_path)
    yield house
    house.journal.close()


def interrupted(house, effect, *uids, flags=NONE, folder="INBOX"):
    """Intents of a process that died; what it had done by then is the test's to say."""
    box = house.mailbox.boxes[folder]
    intents = [Intent(Place(folder, box.uidvalidity, uid), box.uidnext, fingerprint(box.mail[uid]), effect, "rule", "action",
                      flags) for uid in uids]
    pass_id = house.journal.begin_pass("home", folder, "arrival", house.now)
    house.journal.effects.intend("home", pass_id, intents, house.now)
    return lambda: [(row.state, row.at) for row in house.journal.effects.of_pass(pass_id)]


def recovered(house):
    recover(house.engine, house.mailbox)
    assert house.journal.effects.open("home") == []


def test_of_equal_messages_the_copy_is_that_of_the_one_that_is_gone(house):
    for _ in range(2):
        house.mailbox.deliver("INBOX", eml("equal"))
    rows = interrupted(house, Move("Archive"), 1, 2)
    house.mailbox.carry("INBOX", 2, "Archive")
    recovered(house)
    assert rows() == [("failed", Place("INBOX", 7, 1)), ("done", Place("Archive", 7, 1))]
    assert sorted(house.mailbox.boxes["INBOX"].mail) == [1]


def test_a_copy_that_was_there_before_is_not_taken_for_ours(house):
    house.mailbox.deliver("Archive", eml("equal"))
    house.journal.cursors.set("home", "Archive", Cursor(7, 2))
    house.mailbox.deliver("INBOX", eml("equal"))
    rows = interrupted(house, Copy("Archive"), 1)
    recovered(house)
    assert rows() == [("failed", Place("INBOX", 7, 1))]


def test_under_another_uidvalidity_of_the_target_the_whole_of_it_is_looked_at(house):
    house.mailbox.deliver("Archive", eml("other"))
    house.journal.cursors.set("home", "Archive", Cursor(7, 5000))
    house.mailbox.deliver("INBOX", eml("mine"))
    rows = interrupted(house, Move("Archive"), 1)
    house.mailbox.carry("INBOX", 1, "Archive")
    house.mailbox.renumber("Archive")
    recovered(house)
    assert rows() == [("done", Place("Archive", 8, 102))]


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("effect", [Copy("Archive"), Move("Archive")])
def test_mail_in_the_target_that_is_alike_but_not_the_same_is_not_taken_for_a_copy_of_what_is_still_there(house, effect, seen):
    """Equal in all that a fingerprint is made of: for it the original would be given away."""
    if seen:
        house.journal.cursors.set("home", "Archive", Cursor(7, 1))
    house.mailbox.deliver("INBOX", eml("twin", body="mine"))
    rows = interrupted(house, effect, 1)
    house.mailbox.deliver("Archive", eml("twin", body="hers"))
    recovered(house)
    assert rows() == [("failed", Place("INBOX", 7, 1))]
    assert [message.body for message in house.mailbox.boxes["INBOX"].mail.values()] == [eml("twin", body="mine")]


def test_of_mail_that_is_alike_each_has_the_copy_that_is_the_same(house):
    for body in ("one", "two"):
        house.mailbox.deliver("INBOX", eml("twin", body=body))
    rows = interrupted(house, Move("Archive"), 1, 2)
    for body in ("two", "her", "one"):
        house.mailbox.deliver("Archive", eml("twin", body=body))
    recovered(house)
    assert rows() == [("done", Place("Archive", 7, 3)), ("done", Place("Archive", 7, 1))]
    assert house.mailbox.boxes["INBOX"].mail == {}


@pytest.mark.parametrize("first", ["hers", "ours"])
def test_where_it_cannot_be_told_which_of_what_is_alike_was_moved_there_it_is_done_and_nothing_is_done_to_any(house, first):
    """The original, by which it could be told, is gone; the flag that may have been missed would be set on hers."""
    house.mailbox.deliver("INBOX", eml("twin", body="mine"))
    rows = interrupted(house, Move("Archive"), 1)
    flags = interrupted(house, AddFlags(frozenset({r"\Seen"})), 1)
    if first == "ours":
        house.mailbox.carry("INBOX", 1, "Archive")
    house.mailbox.deliver("Archive", eml("twin", body="hers"))
    if first == "hers":
        house.mailbox.carry("INBOX", 1, "Archive")
    recovered(house)
    assert rows() == [("done", Place("Archive", 0, 1))]
    assert [state for state, _ in flags()] == ["failed"]
    assert [house.mailbox.flags("Archive", uid) for uid in (1, 2)] == [NONE, NONE]


@pytest.fixture
def renamed(house):
    """Archive, whose UIDVALIDITY is noted, is called Old by now, and another has taken its name."""
    house.mailbox.boxes["Archive"] = Box(30)
    house.mailbox.deliver("Archive", eml("other"))
    house.journal.cursors.set("home", "Archive", Cursor(30, 2))
    house.mailbox.deliver("INBOX", eml("mine"))

    def rename():
        house.mailbox.rename("Archive", "Old")
        house.mailbox.boxes["Archive"] = Box(31)
    return rename


@pytest.mark.parametrize("effect", [Copy("Archive"), Move("Archive")])
def test_what_went_into_a_folder_that_was_renamed_since_is_found_there(house, renamed, effect):
    rows = interrupted(house, effect, 1)
    house.mailbox.deliver("Archive", eml("mine"))
    renamed()
    recovered(house)
    assert [state for state, _ in rows()] == ["done"]
    # Without MOVE the original was still there: its removal was finished.
    assert sorted(house.mailbox.boxes["INBOX"].mail) == ([1] if effect == Copy("Archive") else [])


def test_what_did_not_go_into_a_folder_that_was_renamed_since_is_judged_anew(house, renamed):
    rows = interrupted(house, Move("Archive"), 1)
    renamed()
    recovered(house)
    assert rows() == [("failed", Place("INBOX", 7, 1))]
    assert sorted(house.mailbox.boxes["INBOX"].mail) == [1]


def test_what_another_row_put_into_a_folder_before_it_was_renamed_is_not_taken_for_ours(house, renamed):
    """Equal mail, moved together: the answer to the first was heard, and that row names the folder by its old name."""
    first, second = (house.mailbox.deliver("INBOX", eml("twin")) for _ in range(2))
    rows = interrupted(house, Move("Archive"), first, second)
    put = house.mailbox.carry("INBOX", first, "Archive")
    row = house.journal.effects.open("home")[0]
    house.journal.effects.settle("home", [(row.id, Outcome(row.effect, first, None, "", 30, put))], house.now)
    renamed()
    recovered(house)
    assert rows() == [("done", Place("Archive", 30, put)), ("failed", Place("INBOX", 7, second))]
    assert second in house.mailbox.boxes["INBOX"].mail


def test_where_folders_share_a_uidvalidity_none_of_them_is_taken_for_one_that_was_renamed(house, renamed):
    rows = interrupted(house, Copy("Archive"), 1)
    house.mailbox.deliver("Archive", eml("mine"))
    renamed()
    house.mailbox.boxes["Young"] = Box(30)
    recovered(house)
    assert rows() == [("failed", Place("INBOX", 7, 1))]


def test_a_flag_that_was_missed_is_set_where_the_message_was_moved_to(house):
    rules = "[{name: two, when: {all: true}, then: [{flag: seen}, {move: Archive}]}]"
    house.arrival(rules)
    house.mailbox.deliver("INBOX", eml())
    house.mailbox.refuse = {AddFlags(frozenset({r"\Seen"})): (Cause.RETRY, "NO")}
    house.mailbox.steps = 1         # the move; the answers are lost
    with pytest.raises(Unreachable):
        house.arrival(rules)
    house.mailbox.reconnect()
    house.mailbox.refuse = {}
    recovered(house)
    assert house.mailbox.flags("Archive", 1) == {r"\Seen"}


def test_an_original_marked_deleted_by_another_is_not_removed_for_us(house):
    house.mailbox.deliver("INBOX", eml(), r"\Deleted")
    rows = interrupted(house, Delete(), 1, flags=frozenset({r"\Deleted"}))
    recovered(house)
    assert rows() == [("failed", Place("INBOX", 7, 1))]
    assert sorted(house.mailbox.boxes["INBOX"].mail) == [1]


@pytest.mark.parametrize("how", ["closed", "renumbered"])
def test_what_cannot_be_looked_at_is_not_said_to_be_deleted(house, how):
    house.mailbox.deliver("Books", eml())
    rows = interrupted(house, Delete(), 1, folder="Books")
    if how == "closed":
        house.mailbox.rename("Books", "Old")
    else:
        house.mailbox.renumber("Books")
    recovered(house)
    assert rows() == [("failed", Place("Books", 7, 1))]


def test_what_is_found_nowhere_is_closed_and_nothing_is_done(house):
    house.mailbox.deliver("INBOX", eml())
    rows = interrupted(house, Move("Archive"), 1)
    house.mailbox.carry("INBOX", 1, "Books")
    recovered(house)
    assert rows() == [("failed", Place("INBOX", 7, 1))]
    assert house.mailbox.before_apply == []


def test_a_target_or_a_source_that_is_gone_is_nothing_found(house):
    house.mailbox.deliver("Books", eml())
    rows = interrupted(house, Move("Archive"), 1, folder="Books")
    del house.mailbox.boxes["Archive"], house.mailbox.boxes["Books"]
    recovered(house)
    assert [state for state, _ in rows()] == ["failed"]


def test_another_message_under_the_uid_is_not_ours(house):
    house.mailbox.deliver("INBOX", eml())
    rows = interrupted(house, Delete(), 1)
    box = house.mailbox.boxes["INBOX"]
    box.mail[1] = replace(box.mail[1], size=5, flags=frozenset({r"\Deleted"}))
    recovered(house)
    assert rows()[0][0] == "done"
    assert sorted(box.mail) == [1]


def test_a_removal_that_cannot_be_finished_now_stays_open_for_the_next_pass(house):
    house.mailbox.deliver("INBOX", eml())
    interrupted(house, Move("Archive"), 1)
    house.mailbox._put(house.mailbox.boxes["INBOX"].mail[1], "Archive")
    house.mailbox.refuse = {Delete(): (Cause.RETRY, "NO [UNAVAILABLE]")}
    recover(house.engine, house.mailbox)
    assert len(house.journal.effects.open("home")) == 1
    house.mailbox.refuse = {}
    recovered(house)
    assert house.mailbox.boxes["INBOX"].mail == {}
    assert house.mailbox.subjects("Archive") == ["hello"]


@pytest.mark.parametrize(("flags", "states"), [
    ({"$kept"}, ["failed", "failed", "failed"]),
    ({"$only", r"\Draft"}, ["done", "failed", "failed"]),
    ({"$only"}, ["done", "done", "failed"]),
    ({"$only", r"\Seen"}, ["done", "done", "done"])])
def test_flags_are_done_as_far_as_they_are_what_the_message_has(house, flags, states):
    r"""`\Seen` alone would be found at the end, `set_flags` would not: done again, it would take `\Seen` away."""
    house.mailbox.deliver("INBOX", eml())
    had = frozenset({"$kept"})
    rows = [interrupted(house, SetFlags(frozenset({"$only", r"\Draft"})), 1, flags=had),
            interrupted(house, RemoveFlags(frozenset({r"\Draft"})), 1, flags=frozenset({"$only", r"\Draft"})),
            interrupted(house, AddFlags(frozenset({r"\Seen"})), 1, flags=frozenset({"$only"}))]
    mail = house.mailbox.boxes["INBOX"].mail
    mail[1] = replace(mail[1], flags=frozenset(flags))
    recovered(house)
    assert [found()[0][0] for found in rows] == states


def test_flags_that_are_left_where_a_message_was_moved_are_set_there_in_their_order(house):
    house.mailbox.deliver("INBOX", eml())
    steps = SetFlags(frozenset({"$only"})), AddFlags(frozenset({r"\Seen"})), Move("Archive")
    rows = [interrupted(house, effect, 1) for effect in steps]
    house.mailbox.carry("INBOX", 1, "Archive")
    recovered(house)
    assert [found()[0][0] for found in rows] == ["done", "done", "done"]
    moved, = house.mailbox.boxes["Archive"].mail.values()
    assert moved.flags == {"$only", r"\Seen"}


def test_who_only_looks_finishes_nothing(house):
    house.mailbox.deliver("INBOX", eml())
    interrupted(house, Move("Archive"), 1)
    house.mailbox._put(house.mailbox.boxes["INBOX"].mail[1], "Archive")
    snapshot = Journal.open(house.state / "state.db", read_only=True)
    assert snapshot.effects.open("home") == []
    snapshot.close()
    assert len(house.journal.effects.open("home")) == 1
