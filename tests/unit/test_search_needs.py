"""What a condition asks for, and what its form alone tells."""

import pytest
from hypothesis import given, settings

from mailbot.search.evaluate import verdict
from mailbot.search.needs import always_true, headers, mentions, never_true, server_keys, structure, warnings
from mailbot.search.nodes import Key, Node
from tests.unit.conditions import NOW, message, parsed
from tests.unit.search_strategies import nodes


@pytest.mark.parametrize(("yaml", "names"), [
    ("from: a", {"from"}), ("header: {X-A: a, x-b: true}", {"x-a", "x-b"}), ("matches: {Subject: a}", {"subject"}),
    ("address: {reply_to: a@b, recipient: a@b}", {"reply-to", "to", "cc", "bcc"}), ("senton: 2026-01-05", {"date"}),
    ("{seen: true, body: a, larger: 5, attachment: true}", set()), ("not: {any: [{from: a}, {to: b}]}", {"from", "to"}),
])
def test_the_headers_it_reads(yaml: str, names: set[str]) -> None:
    assert headers(parsed(yaml)) == names


def test_only_attachments_need_the_structure() -> None:
    assert structure(parsed("any: [{seen: true}, {not: {attachment: {name: a}}}]"))
    assert not structure(parsed("any: [{seen: true}, {body: a}]"))


def test_what_only_the_server_knows_is_asked_once() -> None:
    node = parsed("{body: [a, b], any: [{body: [a, b]}, {not: {gmail: x}}, {from: ada}, {uid: '5,*'}]}")
    assert server_keys(node) == (Key("body", ("a", "b")), Key("gmail", "x"), Key("uid", "*"))


def test_names_anywhere_are_mentioned() -> None:
    assert mentions(parsed("not: {any: [{deleted: true}, {seen: true}]}"), "deleted", "undeleted")
    assert not mentions(parsed("seen: true"), "deleted", "undeleted")


@pytest.mark.parametrize("yaml", [
    "all: true", "any: [{seen: true}, {all: true}]", "any: [{seen: true}, {seen: false}]", "any: [{seen: true}, {unseen: true}]",
    "any: [{recent: true}, {old: true}]", "any: [{keyword: a}, {unkeyword: A}]",
    "any: [{header: {x: true}}, {header: {x: false}}]",
    "not: {all: [{from: a}, {not: {from: a}}]}", "any: [{attachment: true}, {attachment: false}]", "not: {not: {all: true}}",
    "any: [{from: a}, {none: [{from: a}, {to: b}]}, {to: b}]", "search: OR SEEN NOT SEEN",
    "none: [{all: [{new: true}, {new: false}]}]",
])
def test_a_condition_that_is_always_true_is_found_out(yaml: str) -> None:
    assert always_true(parsed(yaml))
    assert never_true(parsed(f"not: {{all: [{{{yaml}}}]}}"))


@pytest.mark.parametrize("yaml", ["from: a", "any: [{seen: true}, {flagged: true}]", "not: {from: a}",
                                  "any: [{from: a}, {not: {from: b}}]"])
def test_other_conditions_are_not_always_true(yaml: str) -> None:
    assert not always_true(parsed(yaml))
    assert not never_true(parsed(yaml))


@given(nodes())
@settings(max_examples=200)
def test_no_message_contradicts_it(node: Node) -> None:
    for mail in (message(), message("Subject: a\n\n", flags=r"\Seen \Recent $todo")):
        assert not (always_true(node) and verdict(node, mail, {}, NOW) is False)
        assert not (never_true(node) and verdict(node, mail, {}, NOW) is True)


def test_check_is_told_of_keys_that_do_not_last() -> None:
    assert set(warnings(parsed("{new: true, uid: 5, body: a, from: b}"))) == {"new", "uid", "body"}
