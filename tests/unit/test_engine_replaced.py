"""While a pass looks elsewhere its folder is deleted and made anew: nothing is done to the new one under the old one's UIDs."""

from pathlib import Path

import pytest

from mailbot.effects import AddFlags, FolderState, Move
from mailbot.engine.effect_rows import Intent, Place
from mailbot.engine.execute import OTHER_FOLDER, carry_out
from mailbot.engine.passes import plan_folder
from mailbot.engine.recovery import recover
from mailbot.errors import Cause, Refused
from mailbot.mail.fingerprint import fingerprint
from tests.unit.engine_house import House, ruleset
from tests.unit.fake_mailbox import Box, FakeMailbox, eml

MOVES = "[{name: there, when: {all: true}, then: [{move: Archive}]}]"


class Replacing(FakeMailbox):
    """Once it is `armed`: when another folder is selected INBOX is made anew, with a copy of its mail under the same UIDs."""

    armed = False

    def select(self, folder: str) -> FolderState:
        if self.armed and folder != "INBOX":
            self.armed = False
            old = self.boxes["INBOX"]
            self.boxes["INBOX"] = Box(old.uidvalidity + 1, old.uidnext, dict(old.mail))
        return super().select(folder)

    @property
    def left_alone(self) -> bool:
        """It was replaced, and no message is gone or flagged since."""
        box = self.boxes["INBOX"]
        return box.uidvalidity > 7 and not box.changed and box.modseq == 1


@pytest.fixture
def house(tmp_path):
    house = House(Replacing("Archive", "Books"), tmp_path, files=str(tmp_path / "files"))
    yield house
    house.journal.close()


def test_after_flags_are_set_in_the_target_no_wave_follows_and_no_file_is_saved(house):
    mailbox = house.mailbox
    rules = """
    - {name: one, when: {subject: one}, then: [{flag: seen}, {move: Archive}]}
    - {name: two, when: {subject: two}, then: [{copy: Books}, {move: Archive}]}
    - {name: three, when: {subject: three}, then: [{save: {to: all/, parts: message}}, {flag: seen}]}
    """
    house.arrival(rules)
    for subject in ("one", "two", "three"):
        mailbox.deliver("INBOX", eml(subject))
    apply = mailbox.apply

    def refusing_the_flag_at_first(orders, *, last=False):
        mailbox.refuse = {AddFlags(frozenset({r"\Seen"})): (Cause.MESSAGE, "NO")} if len(mailbox.before_apply) == 0 else {}
        return apply(orders, last=last)

    mailbox.apply, mailbox.armed = refusing_the_flag_at_first, True
    done = house.arrival(rules)
    assert mailbox.flags("Archive", 1) == {r"\Seen"}, "what was moved has its flag"
    assert mailbox.subjects("Books") == ["two"]
    assert mailbox.left_alone
    assert sorted(mailbox.boxes["INBOX"].mail) == [2, 3]
    assert done.skipped == {2: OTHER_FOLDER, 3: OTHER_FOLDER}
    assert not list(Path(house.files).rglob("*.eml"))
    assert house.arrival(rules).first, "it is another folder: it begins from now"


def test_what_is_read_again_before_it_is_applied_is_left_where_its_folder_is_another(house):
    house.mailbox.deliver("INBOX", eml())
    house.apply(MOVES)
    house.mailbox.deliver("INBOX", eml())           # equal to what is in Archive: that is looked for there
    plan = plan_folder(house.engine, house.mailbox, "INBOX", ruleset(MOVES, files=house.files))
    house.mailbox.armed = True
    done = carry_out(house.engine, house.mailbox, plan, reread=True)
    assert (done.done, done.skipped) == (0, {2: OTHER_FOLDER})
    assert house.mailbox.left_alone
    assert sorted(house.mailbox.boxes["INBOX"].mail) == [2]


@pytest.mark.parametrize("look", ["arrival", "plan"])
def test_a_plan_is_never_made_of_two_folders_of_one_name(house, look):
    house.arrival(MOVES)
    house.mailbox.deliver("INBOX", eml())
    house.arrival(MOVES)
    house.mailbox.deliver("INBOX", eml())
    house.mailbox.armed = True
    with pytest.raises(Refused, match="UIDVALIDITY changed"):
        house.arrival(MOVES) if look == "arrival" else plan_folder(house.engine, house.mailbox, "INBOX", ruleset(MOVES))
    assert house.mailbox.left_alone
    assert house.arrival(MOVES).first


def test_a_removal_that_was_interrupted_is_not_finished_in_another_folder(house):
    mailbox = house.mailbox
    mailbox.deliver("INBOX", eml())
    mark = fingerprint(mailbox.boxes["INBOX"].mail[1])
    pass_id = house.journal.begin_pass("home", "INBOX", "arrival", house.now)
    house.journal.effects.intend("home", pass_id, [
        Intent(Place("INBOX", 7, 1), 2, mark, Move("Archive"), "rule", "move", frozenset())], house.now)
    mailbox.deliver("Archive", eml())               # the copy; the process died before the original was removed
    mailbox.armed = True
    recover(house.engine, mailbox)
    assert mailbox.left_alone
    assert sorted(mailbox.boxes["INBOX"].mail) == [1]
    recover(house.engine, mailbox)
    assert [row.state for row in house.journal.effects.of_pass(pass_id)] == ["done"]
    assert sorted(mailbox.boxes["INBOX"].mail) == [1]
