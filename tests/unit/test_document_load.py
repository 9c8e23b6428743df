"""What YAML is read as (rules.md, "YAML, made safe")."""

import datetime

import pytest

from mailbot.document.load import LARGEST
from mailbot.document.values import Mapping, Scalar, Sequence
from tests.unit.documents import plain, read, told, value


@pytest.mark.parametrize(("text", "kind", "is_read_as"), [
    ("true", "bool", True),
    ("false", "bool", False),
    ("True", "text", "True"),
    ("on", "text", "on"),
    ("off", "text", "off"),
    ("yes", "text", "yes"),
    ("no", "text", "no"),
    ("5", "int", 5),
    ("-5", "int", -5),
    ("0", "int", 0),
    ("0123", "text", "0123"),
    ("0x1F", "text", "0x1F"),
    ("1_000", "text", "1_000"),
    ("12:30", "text", "12:30"),
    ("1e3", "text", "1e3"),
    ("٣", "text", "٣"),
    ("9" * 5000, "text", "9" * 5000),
    ("1.5", "float", 1.5),
    (".5", "text", ".5"),
    (".inf", "text", ".inf"),
    ("2026-01-05", "date", datetime.date(2026, 1, 5)),
    ("2026-02-31", "text", "2026-02-31"),
    ("2026-01-05 10:00:00", "text", "2026-01-05 10:00:00"),
    ("~", "null", None),
    ("null", "null", None),
    ("Null", "text", "Null"),
    ('"5"', "text", "5"),
    ("'true'", "text", "true"),
    ('""', "text", ""),
    ("=", "text", "="),
    (r"\Seen", "text", r"\Seen"),
    (r"'\Seen'", "text", r"\Seen"),
    ("$todo", "text", "$todo"),
])
def test_only_what_is_plainly_meant_is_more_than_text(text: str, kind: str, is_read_as: object) -> None:
    found = value(f"key: {text}\n")
    assert isinstance(found, Mapping)
    scalar = found.get("key")
    assert isinstance(scalar, Scalar)
    assert (scalar.kind, scalar.value) == (kind, is_read_as)
    assert scalar.quoted is text.startswith(("'", '"'))


def test_every_value_knows_its_place_in_characters_from_one() -> None:
    found = value("über:\n  - 'ä': [b, {c: d}]\n")
    assert isinstance(found, Mapping)
    (key, items), = found.entries
    assert isinstance(items, Sequence)
    inner = items.items[0]
    assert isinstance(inner, Mapping)
    (quoted, flow), = inner.entries
    assert isinstance(flow, Sequence)
    places = [(str(one.position), one.width) for one in (key, items, quoted, flow, *flow.items)]
    assert places == [("r.yaml:1:1", 4), ("r.yaml:2:3", 1), ("r.yaml:2:5", 3), ("r.yaml:2:10", 11), ("r.yaml:2:11", 1),
                      ("r.yaml:2:14", 6)]


def test_an_alias_stands_for_the_value_of_its_anchor() -> None:
    found = plain(value("x-vip: &vip [ada, bob]\nfrom: *vip\nto: *vip\n"))
    assert found == {"x-vip": [("text", "ada"), ("text", "bob")], "from": [("text", "ada"), ("text", "bob")],
                     "to": [("text", "ada"), ("text", "bob")]}


@pytest.mark.parametrize("empty", ["", "\n\n", "# a comment\n", "---\n", "\ufeff"])
def test_an_empty_file_is_an_empty_value(empty: str) -> None:
    found = value(empty)
    assert isinstance(found, Scalar)
    assert found.kind == "null"


def test_a_byte_order_mark_in_utf_8_is_no_mistake() -> None:
    assert plain(value("\ufeffversion: 1\n")) == {"version": ("int", "1")}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_like(end: str) -> None:
    _, problems = read(f"a: 1{end}b: 2{end}a: 3{end}")
    assert told(problems)[0].startswith("3:1: \"a\" stands twice here: the first is in line 1")
    assert problems.items[0].source == "a: 3"


@pytest.mark.parametrize(("octets", "place", "what"), [
    (b"a: b\nc: \xff\n", "2:4", "0xff is not UTF-8"),
    (b"\xc3\xa4\xc3\xa4: \xe4\n", "1:5", "0xe4 is not UTF-8"),
    (b"a: \xed\xa0\x80\n", "1:4", "0xed is not UTF-8"),
    (b"a: \xc3", "1:4", "0xc3 is not UTF-8"),
    ("a: b\n".encode("utf-16"), "1:1", "UTF-16"),
    (b"a: b\0\n", "1:5", "U+0000"),
    (b"a: b\n  \x1b[31m\n", "2:3", "U+001B"),
    (b"a: \x7f\n", "1:4", "U+007F"),
    ("a: b\nb: \ufeffc\n".encode(), "2:4", "U+FEFF"),
    (b"#" * (LARGEST + 1), "1:1", "1,000,001 octets"),
])
def test_octets_that_are_no_text_are_one_clear_mistake(octets: bytes, place: str, what: str) -> None:
    found, problems = read(octets)
    assert found is None
    first, *more = told(problems)
    assert not more
    assert first.startswith(f"{place}: ")
    assert what in first


def test_all_control_characters_are_told_at_once() -> None:
    _, problems = read("a: \x01\nb: \x02\n")
    assert [line.split(" ")[0] for line in told(problems)] == ["1:4:", "2:4:"]


@pytest.mark.parametrize(("text", "place", "what", "hint"), [
    ("a: 1\nb: 2\na: 3\n", "3:1", '"a" stands twice', "line 1"),
    ("a: {b: 1, 'b': 2}\n", "1:11", '"b" stands twice', "line 1"),
    ("x: &x {a: 1}\nb:\n  <<: *x\n  c: 1\n", "3:3", "merge keys (<<)", "write the keys out"),
    ("a: &a [*a]\n", "1:8", "*a stands inside what it stands for", "write out"),
    ("a: *b\n", "1:4", "no &b stands above it", 'a: "*b"'),
    ("a: b\n---\nc: d\n", "2:1", "a second document", "without ---"),
    ("a: !x\n", "1:4", "!x is a tag in YAML, and leaves the value empty", 'a: "!x"'),
    ("a: !!python/object/apply:os.system [ls]\n", "1:4", "os.system is a tag", "leave it out"),
    ("a: !!str 5\n", "1:4", "is a tag", "leave it out"),
    ("? [a]\n: b\n", "1:3", "a key must be text", "{list_id}"),
    ("a: {{b}}\n", "1:5", "a key must be text", "{list_id}"),
    ('"": b\n', "1:1", "a key is missing", "key: value"),
    ("a: b\n  - c\n", "1:4", "a list cannot follow a text", "own, with -"),
    ("%YAML 3.0\n---\na: b\n", "1:1", "version of YAML", ""),
    ("%x\na: b\n", "1:3", "directive", "quote"),
])
def test_what_yaml_would_let_pass_is_refused(text: str, place: str, what: str, hint: str) -> None:
    _, problems = read(text)
    first = told(problems)[0]
    assert first.startswith(f"{place}: ")
    assert what in first
    assert hint in first


def test_all_mistakes_are_told_in_one_go_and_the_rest_is_read() -> None:
    text = "a: 1\na: 2\nb: *nobody\nc: !x\nd: {<<: 1}\ne: good\n"
    found, problems = read(text)
    assert [line.split(" ")[0] for line in told(problems)] == ["2:1:", "3:4:", "4:4:", "5:5:"]
    assert isinstance(found, Mapping)
    good = found.get("e")
    assert isinstance(good, Scalar)
    assert good.text == "good"
