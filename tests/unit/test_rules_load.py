from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.document.load import load
from mailbot.document.problems import Problems
from mailbot.document.values import Mapping
from mailbot.rules.load import rules
from mailbot.rules.rule import Rule
from tests.unit.rule_texts import mistakes, read, rule, rule_text, ruleset

EXAMPLE = (Path(__file__).parents[2] / "rules.example.yaml").read_text()


def test_a_rule_has_the_defaults_of_the_language() -> None:
    assert rule("[flag: seen]") == Rule(rule("[flag: seen]").name, rule("[flag: seen]").when, rule("[flag: seen]").then)


def test_defaults_hold_for_the_rules_that_say_nothing_else() -> None:
    found = ruleset("""
defaults: {accounts: [home, work-*], folders: Inbox, timezone: Europe/Berlin}
rules:
  - {name: a, when: {seen: true}, then: [flag: $a], schedule: "0 3 * * *"}
  - {name: b, when: {seen: true}, then: [flag: $b], accounts: other, folders: ['Lists/*', \\junk]}
""")
    first, second = found.rules
    assert (first.accounts, first.folders) == (("home", "work-*"), ("INBOX",))
    assert (second.accounts, second.folders) == (("other",), ("Lists/*", r"\Junk"))
    assert str(found.timezone) == "Europe/Berlin"
    assert first.schedule
    assert str(first.schedule.zone) == "Europe/Berlin"


def test_a_file_without_rules_is_no_mistake() -> None:
    assert ruleset("version: 1\n").rules == ()
    assert ruleset("rules:\n").rules == ()


@pytest.mark.parametrize(("more", "limit"), [("", 500), ("limit: 3", 3)])
def test_delete_has_a_limit(more: str, limit: int) -> None:
    assert rule("[delete]", more=more).limit == limit


def test_other_actions_have_none() -> None:
    assert rule("[trash]").limit is None


def test_a_rule_that_only_stops_has_no_actions() -> None:
    assert ruleset("rules: [{name: a, when: {all: true}, stop: true}]").rules[0].then == ()


@pytest.mark.parametrize("folders", [r"[\Trash]", r"[\junk, \Trash]", r"\Trash"])
def test_trash_and_junk_may_be_emptied(folders: str) -> None:
    assert rule("[delete]", when="{all: true}", more=f"folders: {folders}").limit == 500


@pytest.mark.parametrize(("when", "more"), [
    ("{all: true}", ""),
    ("{any: [{seen: true}, {unseen: true}]}", ""),
    ("{all: true}", r"folders: [\Trash, INBOX]"),
    ("{all: true}", "folders: Trash"),
])
def test_a_delete_of_every_message_is_refused(when: str, more: str) -> None:
    assert any("every message" in told for told in mistakes(rule_text("[delete]", when=when, more=more)))


@pytest.mark.parametrize(("text", "place", "what"), [
    ("rules: {a: b}", "1:8", "a list was expected"),
    ("rules: [x]", "1:9", "a mapping was expected"),
    ("rules: [{when: {seen: true}, then: [trash]}]", "1:9", "needs a `name`"),
    ("rules: [{name: '', when: {seen: true}, then: [trash]}]", "1:16", "empty"),
    ("rules: [{name: a, then: [trash]}]", "1:9", "needs `when`"),
    ("rules: [{name: a, when: {seen: true}}]", "1:9", "needs `then`"),
    ("rules: [{name: a, when: {seen: true}, stop: false}]", "1:9", "needs `then`"),
    ("rules: [{name: a, when: {sen: true}, then: [trash]}]", "1:26", 'did you mean "seen"?'),
    ("rules: [{name: a, when: [seen], then: [trash]}]", "1:25", "a condition is a mapping"),
    ("rules: [{name: a, when: {seen: true}, than: [trash], stop: true}]", "1:39", 'did you mean "then"?'),
    ("rules: [{name: a, when: {seen: true}, then: [trash], folders: []}]", "1:63", "no folders"),
    ("rules: [{name: a, when: {seen: true}, then: [trash], folders: a//b}]", "1:63", "empty level"),
    ("rules: [{name: a, when: {seen: true}, then: [trash], folders: \\Jnk}]", "1:63", r"\Junk"),
    ("rules: [{name: a, when: {seen: true}, then: [trash], accounts: []}]", "1:64", "empty"),
    ("rules: [{name: a, when: {seen: true}, then: [trash], enabled: 1}]", "1:63", "true or false"),
    ("rules: [{name: a, when: {seen: true}, then: [trash], limit: 0}]", "1:61", "at least 1"),
    ("rules: [{name: a, when: {seen: true}, then: [trash], limit: many}]", "1:61", "whole number"),
    ("rules: [{name: a, when: {seen: true}, then: [trash], schedule: 6}]", "1:64", "duration"),
    ("defaults: [INBOX]", "1:11", "a mapping was expected"),
    ("defaults: {zone: UTC}", "1:12", "unknown key"),
    ("defaults: {timezone: Europe/Berln}", "1:22", 'did you mean "Berlin"?'),
    ("defaults: {timezone: America}", "1:22", "time zone"),
    ("defaults: {timezone: ../../etc/passwd}", "1:22", "time zone"),
])
def test_a_mistake_is_told_at_its_place(text: str, place: str, what: str) -> None:
    (told,) = mistakes(text)
    assert told.startswith(f"{place} ")
    assert what in told


def test_a_name_that_is_there_twice_names_both_places() -> None:
    (told,) = mistakes("rules:\n  - {name: a, when: {seen: true}, then: [trash]}\n"
                       "  - {name: a, when: {seen: false}, then: [trash]}\n")
    assert told.startswith("3:12 ")
    assert "rules.yaml:2:12" in told


def test_every_mistake_is_told_in_one_go() -> None:
    assert len(mistakes(r"""
rules:
  - name: a
    when: {sen: true}
    then: [flag: \Deleted, mvoe: x, move: "{nmae}"]
    schedule: never
    folders: \Foo
  - name: a
""")) == 9


def test_a_group_is_not_missed_where_its_condition_has_a_mistake() -> None:
    told = mistakes(rule_text("[move: 'x/{match.tag}']", when="{matches: {subject: '(?P<tag>.'}}"))
    assert len(told) == 1


def test_rules_without_mistakes_are_read_beside_those_with() -> None:
    found, problems = read("rules:\n  - 5\n  - {name: a, when: {seen: true}, then: [trash]}\n")
    assert [one.name for one in found.rules] == ["a"]
    assert len(problems.items) == 1


def test_a_rule_knows_where_it_stands() -> None:
    found, = ruleset(rule_text("[trash]")).rules
    assert str(found.position) == "rules.yaml:2:11"


SIGNS = ["", " ", ": ", "- ", "[", "]", "{", "}", "'", '"', "|", "&a ", "*a", "true", "5", "\\", "%", "..", "\n    "]
PIECES = st.one_of(st.sampled_from(SIGNS), st.text(max_size=8))


@settings(deadline=None)     # other tests share the processor
@given(st.integers(0, len(EXAMPLE)), st.integers(0, 12), PIECES)
def test_a_file_broken_anywhere_gives_mistakes_or_rules(at: int, gone: int, piece: str) -> None:
    problems = Problems()
    document = load(EXAMPLE[:at] + piece + EXAMPLE[at + gone:], "rules.yaml", problems)
    if isinstance(document, Mapping):
        rules(document.get("rules"), problems, defaults=document.get("defaults"), lists=lambda *_: None, files="/data/files")
        assert all(problem.position.line for problem in problems.items)
