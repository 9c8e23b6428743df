"""What `check --connect` says, given servers that lack this or that."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from mailbot.effects import Folder, Folders, FolderState
from mailbot.engine.fitness import BIG, findings
from tests.unit.engine_house import ruleset
from tests.unit.fake_mailbox import ALL_FLAGS, FakeMailbox, eml

ABLE = frozenset({"IDLE", "MOVE", "UIDPLUS", "ESEARCH", "SPECIAL-USE"})
SELECTED = FolderState("INBOX", 7, 9, 8, ALL_FLAGS, read_only=False)


class Examined(FakeMailbox):
    """Says of INBOX what the test wants EXAMINE to say."""

    changed: Mapping[str, object] = {}

    def select(self, folder: str) -> FolderState:
        return replace(super().select(folder), read_only=True, examined=True, **self.changed)


def said(rules: str, *, able: frozenset[str] = ABLE, opened: FolderState | None = None, unanswered: bool = False,
         **changed: object) -> list[tuple[str, bool]]:
    """What is said after the first line, and whether it is wrong. `opened`: what a SELECT says; None: it must not be asked."""
    mailbox = Examined("Archive")
    mailbox.deliver("INBOX", eml())
    mailbox.changed, mailbox.unanswered = changed, unanswered

    def select(folder: str) -> FolderState:
        assert opened, folder
        return opened

    return [(found.what, found.wrong) for found in findings(mailbox, able, ruleset(rules), select)][1:]


def test_nothing_is_said_of_what_can_be_done() -> None:
    assert said("- {name: r, when: {subject: x, body: y}, then: [{flag: [seen, $x]}, {move: Archive}]}") == []


@pytest.mark.parametrize("lacking", sorted(ABLE))
def test_what_the_server_lacks_is_told_with_what_follows(lacking: str) -> None:
    (what, wrong), = said("- {name: r, when: {seen: true}, then: [trash]}", able=ABLE - {lacking})
    assert what.startswith(f"no {lacking}: ")
    assert not wrong


def test_a_gmail_key_is_refused_where_there_is_no_gmail() -> None:
    rule = "- {name: r, when: {any: [{gmail: a}, {gmail_label: b}]}, then: [trash]}"
    (what, wrong), = said(rule, unanswered=True)
    assert what.startswith("rule r: `gmail` and `gmail_label` can be asked of Gmail alone")
    assert wrong
    assert said(rule, able=ABLE | {"X-GM-EXT-1"}) == []


@pytest.mark.parametrize(("rule", "wrong"), [
    ("{name: r, when: {body: x}, then: [trash]}", True),
    ("{name: r, when: {subject: x}, then: [delete]}", True),
    ("{name: r, when: {subject: x}, then: [trash]}", False),
])
def test_a_search_that_is_refused_is_wrong_where_its_answer_is_needed(rule: str, wrong: bool) -> None:
    assert [bad for _, bad in said(f"- {rule}", unanswered=True)][-1] is wrong


def test_reading_every_body_of_a_big_folder_is_told() -> None:
    rules = "- {name: r, when: {text: x}, then: [trash]}\n- {name: s, when: {subject: x}, then: [trash]}"
    (what, wrong), = said(rules, exists=BIG)
    assert what.startswith("INBOX: 10,000 messages, and rule r searches their bodies")
    assert not wrong


FLAGS = r"- {name: r, when: {subject: x}, then: [{flag: [seen, $x]}]}"


def test_flags_are_judged_by_examine_where_it_tells_them() -> None:
    (what, wrong), = said(FLAGS, permanent_flags=frozenset({r"\Seen"}))
    assert (what, wrong) == ("INBOX: rule r: the server keeps no flag $x there", True)


def test_flags_are_judged_by_select_where_that_changes_nothing() -> None:
    silent = frozenset[str]()
    assert said(FLAGS, permanent_flags=silent, recent=0, opened=SELECTED) == []
    assert said(FLAGS, permanent_flags=silent, recent=0, opened=replace(SELECTED, permanent_flags=silent))[0][1]
    assert said(FLAGS, permanent_flags=silent, recent=0, opened=replace(SELECTED, read_only=True)) == [
        ("INBOX: it is read-only: of what the rules do, only copies and saves will be done", True)]


@pytest.mark.parametrize("recent", [None, 1])
def test_where_select_would_take_a_mark_flags_are_not_judged_and_that_is_told(recent: int | None) -> None:
    (what, wrong), = said(FLAGS, permanent_flags=frozenset[str](), recent=recent)
    assert "was not asked" in what
    assert not wrong


class Labelled(Examined):
    def folders(self, *, refresh: bool = False) -> Folders:
        there = super().folders()
        return replace(there, special={**there.special, r"\All": "Archive", r"\Junk": "Spam"})


@pytest.mark.parametrize(("folders", "able", "told"), [
    ("[INBOX]", {"X-GM-EXT-1"}, ["rule r: at Gmail `delete` in INBOX only takes the label away"]),
    ("[INBOX]", set(), []),
    (r"[\Trash]", {"X-GM-EXT-1"}, []),
    (r"[\All]", set(), ["rule r: Archive holds all mail"]),
])
def test_what_labels_make_of_a_rule_is_told(folders: str, able: set[str], told: list[str]) -> None:
    mailbox = Labelled("Archive", "Spam")
    rules = ruleset(f"[{{name: r, when: {{subject: x}}, folders: {folders}, then: [delete]}}]")
    found = findings(mailbox, ABLE | able, rules, lambda name: SELECTED)[1:]
    assert [any(one.what.startswith(what) for one in found) for what in told] == [True] * len(told)
    assert (len(found), any(one.wrong for one in found)) == (len(told), False)


@pytest.mark.parametrize(("target", "above"), [("Archive/2026", "Archive"), ("Archive/2026/Q1", "Archive"), ("Trash/2026", "")])
def test_a_folder_below_one_that_takes_none_is_wrong(target: str, above: str) -> None:
    """UW-IMAP's and Panda's mbox: a folder is a file."""
    class Mbox(FakeMailbox):
        def folders(self, *, refresh: bool = False) -> Folders:
            found = super().folders()
            return replace(found, rows={**found.rows, "Archive": Folder("Archive", frozenset({r"\Noinferiors"}))})

    mailbox, rules = Mbox("Trash"), f"- {{name: r, when: {{subject: x}}, then: [{{move: {target}}}]}}"
    (found,) = list(findings(mailbox, ABLE, ruleset(rules), lambda _: SELECTED))[1:]
    assert found.wrong is bool(above)
    assert (f"{target} cannot be created: {above} takes no folders" in found.what) is bool(above)
