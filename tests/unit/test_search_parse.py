"""What a condition means, and what is said of one that means nothing."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailbot.search.attachments import Attached, PartFilter
from mailbot.search.keys import KEYS
from mailbot.search.nodes import ALL, And, Key, Not, Or
from mailbot.search.parse import JOINTS
from tests.unit.conditions import mistakes, parsed, read, sent


@pytest.mark.parametrize(("yaml", "node"), [
    ("from: ada", Key("from", "ada")),
    ("subject: 2026", Key("subject", "2026")),
    ("{from: ada, to: bob}", And((Key("from", "ada"), Key("to", "bob")))),
    ("from: [ada, bob, ada]", Or((Key("from", "ada"), Key("from", "bob")))),
    ("seen: false", Key("seen", False)),
    ("keyword: [$a, $b]", Or((Key("keyword", "$a"), Key("keyword", "$b")))),
    ("any: [{from: ada}, {to: bob, cc: eve}]", Or((Key("from", "ada"), And((Key("to", "bob"), Key("cc", "eve")))))),
    ("all: [{from: ada}, {from: bob}]", And((Key("from", "ada"), Key("from", "bob")))),
    ("none: [{from: ada}, {to: bob}]", Not(Or((Key("from", "ada"), Key("to", "bob"))))),
    ("not: {from: ada}", Not(Key("from", "ada"))),
    ("not: {from: [ada, bob]}", Not(Or((Key("from", "ada"), Key("from", "bob"))))),
    ("not: {all: [{from: ada}, {to: bob}]}", Not(And((Key("from", "ada"), Key("to", "bob"))))),
    ("all: true", ALL),
    ("header: {List-Id: dev, X-A: [b, c]}", And((Key("header", ("list-id", "dev")),
                                                 Or((Key("header", ("x-a", "b")), Key("header", ("x-a", "c"))))))),
    ("header: {List-Id: true}", Key("header", ("list-id", True))),
    ("header: {List-Id: false}", Key("header", ("list-id", False))),
    ("body: [a, b]", Key("body", ("a", "b"))),
    ("address: {from: a@x, recipient: [b@x, c@x]}", And((Key("address", ("from", "a@x")), Or((
        Key("address", ("recipient", "b@x")), Key("address", ("recipient", "c@x"))))))),
    ("attachment: true", Key("attachment", Attached())),
    ("attachment: {type: Image/*, larger: 5kB, count: 2}", Key("attachment", Attached(PartFilter(types=("image/*",),
        larger=5000), 2))),
    ('uid: "7,5:3,200:*"', Key("uid", ((7, 7), (3, 5), (200, None)))),
    ("uid: 7", Key("uid", ((7, 7),))),
    ('uid: "*,5"', Or((Key("uid", ((5, 5),)), Key("uid", "*")))),
    ("search: 'UNSEEN OR FROM ada NOT (TO \"a b\" TO c)'", And((Key("unseen", True), Or((
        Key("from", "ada"), Not(And((Key("to", "a b"), Key("to", "c"))))))))),
])
def test_a_condition_is_read(yaml: str, node: object) -> None:
    assert parsed(yaml) == node


@pytest.mark.parametrize(("yaml", "place", "said"), [
    ("- from: ada", (1, 1), "`any:`"),
    ("all: false", (1, 6), "enabled: false"),
    ("any: {from: ada}", (1, 6), "list of conditions"),
    ("any: []", (1, 6), "empty"),
    ("{}", (1, 1), "all: true"),
    ("not: {from: a, to: b}", (1, 16), "none:"),
    ("not: [from: a]", (1, 6), "any:"),
    ("form: ada", (1, 1), 'did you mean "from"'),
    ("FROM: ada", (1, 1), 'lower case: "from"'),
    ('subject: ""', (1, 10), "header: {Subject: true}"),
    ("subject: [a, '']", (1, 14), "empty"),
    ("subject: #123", (1, 9), "comment"),
    ("subject: []", (1, 10), "empty"),
    ("subject: true", (1, 10), "quote it"),
    ("subject: {fil: a}", (1, 11), "{file: …}"),
    ("subject: {file: nowhere.txt}", (1, 17), "no file"),
    ('from: "a\\r\\nb"', (1, 7), "control character"),
    ("seen: yes", (1, 7), "write true"),
    (r"keyword: \Seen", (1, 10), "seen: true"),
    ("keyword: a b", (1, 10), "no keyword"),
    ("keyword: [ok, 'a)b']", (1, 15), "no keyword"),
    ("header: {'List-Id:': a}", (1, 10), "without the colon: List-Id"),
    ("header: {List-Id: ''}", (1, 19), "empty"),
    ("header: List-Id", (1, 9), "mapping"),
    ("larger: 5XB", (1, 9), "5MB"),
    ("since: 2026-02-30", (1, 8), "no day"),
    ("older: 3 days", (1, 8), "30d"),
    ("uid: 0", (1, 6), "no set of UIDs"),
    ("uid: '1:'", (1, 6), "no set of UIDs"),
    (r"matches: {subject: '(a)\1'}", (1, 20), "back references"),
    ("matches: {subject: '(?=a)'}", (1, 20), "look-around"),
    ("matches: {subject: '('}", (1, 20), "missing )"),
    ("matches: {subject: '(?P<n>a)(?P<n>b)'}", (1, 20), "n"),
    ("matches: {subject: '(?P<n>a)', from: '(?P<n>a)'}", (1, 1), 'group "n"'),
    ("address: {from: example.org}", (1, 17), "`domain`"),
    ("address: {from: Ada <a@b>}", (1, 17), "bare address"),
    ("address: {frm: a@b}", (1, 11), 'did you mean "from"'),
    ("domain: {from: '@example.org'}", (1, 16), "example.org"),
    ("domain: {from: ada@example.org}", (1, 16), "example.org"),
    ("domain: {from: '*.example.org'}", (1, 16), "example.org"),
    ("attachment: {nam: a}", (1, 14), 'did you mean "name"'),
    ("attachment: {type: pdf}", (1, 20), "application/pdf"),
    ("attachment: {count: 0}", (1, 21), "at least 1"),
    ("attachment: {}", (1, 13), "empty"),
    ("search: ''", (1, 9), "empty"),
])
def test_a_mistake_is_told_at_its_place_with_the_way_out(yaml: str, place: tuple[int, int], said: str) -> None:
    (line, column, sentence), = mistakes(yaml)
    assert (line, column) == place
    assert said in sentence


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes("fron: a\nany:\n  - subject: ''\n  - larger: x\n    seen: 5\nsearch: FROM")
    assert [place for *place, _ in found] == [[1, 1], [3, 14], [4, 13], [5, 11], [6, 13]]


def test_groups_in_alternatives_have_names_of_their_own_too() -> None:
    assert mistakes("any: [{matches: {to: '(?P<n>a)'}}, {not: {matches: {cc: '(?P<n>a)'}}}]")


def test_a_file_of_bodies_is_a_few_questions_to_the_server() -> None:
    node = parsed("body: {file: words.txt}", {"words.txt": tuple(f"word number {n}" for n in range(1000))})
    assert isinstance(node, Or)
    assert 5 < len(node.nodes) < 12
    assert sum(len(key.value) for key in node.nodes if isinstance(key, Key)) == 1000


def test_an_empty_file_matches_nothing_and_is_no_mistake() -> None:
    assert parsed("body: {file: empty.txt}") == Or(())
    parsed("from: {file: empty.txt}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats(allow_nan=False) |
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff\u2028\u2029"), max_size=8) |
    st.sampled_from([*KEYS, "5kB", "30d", "2026-01-05", "a@b.c", "a/b", "(?P<n>a)", "1:*", "NOT", "OR SEEN", 'SUBJECT "',
                     "names.txt"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([*KEYS, *JOINTS, "name", "type", "count", "file", "recipient", "X-A", "X A"]), inner, max_size=3),
    max_leaves=8)


@given(st.sampled_from([*KEYS, *JOINTS]), VALUES)
@example("matches", {"subject": "a" * 1000 + "{1000}"})
@example("matches", {"subject": "(((((a{9}){9}){9}){9}){9}){9}"})
@example("search", "(" * 10_000)
@settings(max_examples=1000)
def test_whatever_stands_behind_a_key_is_read_or_refused(key: str, value: object) -> None:
    node, problems = read(json.dumps({key: value}, ensure_ascii=False))
    assert (node is None) == bool(problems)
    if node is not None:
        assert sent(node)
