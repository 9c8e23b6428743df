"""The readers of single values: what they take, and what they say to the rest."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from mailbot.document import scalars
from mailbot.document.problems import Problems, nearest
from mailbot.document.shapes import mapping, sequence
from mailbot.document.values import Mapping
from tests.unit.documents import told, under


def a_of(value: Mapping, problems: Problems) -> str | None:
    found = value.get("a")
    assert found is not None
    return scalars.text(found, problems)


DAY = timedelta(days=1)


@pytest.mark.parametrize(("reader", "text", "is_read_as"), [
    (scalars.text, "hello", "hello"),
    (scalars.text, "2026", "2026"),
    (scalars.text, "007", "007"),
    (scalars.text, "2026-01-05", "2026-01-05"),
    (scalars.text, '"#123"', "#123"),
    (scalars.text, '" "', " "),
    (scalars.text, "off", "off"),
    (scalars.text, ">\n  one\n  line\n", "one line"),
    (scalars.texts, "a", ("a",)),
    (scalars.texts, "[a, 5]", ("a", "5")),
    (scalars.boolean, "true", True),
    (scalars.boolean, "false", False),
    (scalars.integer, "5", 5),
    (scalars.integer, "0", 0),
    (scalars.duration, "90s", timedelta(seconds=90)),
    (scalars.duration, "30m", timedelta(minutes=30)),
    (scalars.duration, "6h", timedelta(hours=6)),
    (scalars.duration, "30d", 30 * DAY),
    (scalars.duration, "8w", 56 * DAY),
    (scalars.duration, '"8w"', 56 * DAY),
    (scalars.size, "20000", 20_000),
    (scalars.size, "20kB", 20_000),
    (scalars.size, "5MB", 5_000_000),
    (scalars.size, "1MiB", 1_048_576),
    (scalars.size, "1KB", 1000),
    (scalars.size, "1kib", 1024),
    (scalars.size, "0", 0),
    (scalars.day, "2026-01-05", date(2026, 1, 5)),
    (scalars.day, "'2026-01-05'", date(2026, 1, 5)),
])
def test_a_good_value_is_read(reader: Callable[..., Any], text: str, is_read_as: object) -> None:
    found, problems = under("key", f"key: {text}\n")
    assert reader(found, problems) == is_read_as
    assert not problems.items


@pytest.mark.parametrize(("reader", "text", "place", "what", "hint"), [
    (scalars.text, "key:\n", "1:5", "the text is empty", ""),
    (scalars.text, 'key: ""\n', "1:6", "the text is empty", ""),
    (scalars.text, "key: ~\n", "1:6", "the text is empty", ""),
    (scalars.text, "key: #123\n", "1:5", "YAML reads #123 as a comment", 'key: "#123"'),
    (scalars.text, "key: # the key\n", "1:5", "as a comment", "quote it"),
    (scalars.text, "key: &x\n", "1:6", "YAML reads &x as an anchor", 'key: "&x"'),
    (a_of, "key: {a: #123\n  }\n", "1:9", "YAML reads #123 as a comment", 'quote it: a: "#123"'),
    (scalars.text, "key: true\n", "1:6", "text was expected, not true", 'key: "true"'),
    (scalars.text, "key: {list_id}\n", "1:6", "not a mapping", 'key: "{list_id}"'),
    (scalars.text, "key: {from.domain}\n", "1:6", "not a mapping", 'key: "{from.domain}"'),
    (scalars.text, "key: {a: b}\n", "1:6", "not a mapping", ""),
    (scalars.text, "key: [a]\n", "1:6", "not a list", ""),
    (scalars.text, 'key: "\\flagged"\n', "1:6", r"the control character \x0c", "single quotes"),
    (scalars.text, "key: |\n  a\n  b\n", "1:6", r"the control character \n", "one line"),
    (scalars.texts, "key: []\n", "1:6", "the list is empty", ""),
    (scalars.texts, "key: [a, [b], c]\n", "1:10", "not a list", ""),
    (scalars.texts, "key:\n  - a\n  - #b\n", "3:4", "YAML reads #b as a comment", '"#b"'),
    (scalars.boolean, "key: on\n", "1:6", "true or false was expected", "write true"),
    (scalars.boolean, "key: No\n", "1:6", "true or false was expected", "write false"),
    (scalars.boolean, 'key: "true"\n', "1:6", "true or false was expected", "without quotes"),
    (scalars.boolean, "key: 1\n", "1:6", "not the number 1", ""),
    (scalars.boolean, "key: [true]\n", "1:6", "not a list", ""),
    (scalars.integer, "key: 1.5\n", "1:6", "whole number", ""),
    (scalars.integer, 'key: "5"\n', "1:6", "whole number", "without quotes"),
    (scalars.integer, "key: -1\n", "1:6", "out of range", "at least 0"),
    (scalars.duration, "key: 6\n", "1:6", "a duration was expected, not the number 6", "6h"),
    (scalars.duration, "key: 6 h\n", "1:6", "a duration was expected", "6h"),
    (scalars.duration, "key: 6months\n", "1:6", "a duration was expected", "6h"),
    (scalars.duration, "key: 0d\n", "1:6", "out of range", "100 years"),
    (scalars.duration, "key: 999999999w\n", "1:6", "out of range", "100 years"),
    (scalars.duration, "key: ٣d\n", "1:6", "a duration was expected", "6h"),
    (scalars.size, "key: 5 MB\n", "1:6", "a size was expected", "5MB"),
    (scalars.size, "key: 5XB\n", "1:6", "a size was expected", "5MB"),
    (scalars.size, "key: 1.5MB\n", "1:6", "a size was expected", "5MB"),
    (scalars.size, "key: -5\n", "1:6", "a size was expected", "5MB"),
    (scalars.day, "key: 2026-02-31\n", "1:6", "there is no day 2026-02-31", ""),
    (scalars.day, "key: 05.01.2026\n", "1:6", "a date was expected", "2026-01-05"),
    (scalars.day, "key: {a: b}\n", "1:6", "not a mapping", "2026-01-05"),
    (mapping, "key: a\n", "1:6", 'a mapping was expected, not "a"', ""),
    (mapping, "key: from:bob\n", "1:6", "a mapping was expected", "a space is missing"),
    (mapping, "key: [a]\n", "1:6", "a mapping was expected, not a list", ""),
    (sequence, "key: a\n", "1:6", 'a list was expected, not "a"', "begin each item with -"),
])
def test_a_bad_value_is_refused_with_its_place_and_way_out(reader: Callable[..., Any], text: str, place: str, what: str,
                                                           hint: str) -> None:
    found, problems = under("key", text)
    assert reader(found, problems) is None
    first, *more = told(problems)
    assert not more
    assert first.startswith(f"{place}: ")
    assert what in first
    assert hint in first


def test_every_bad_text_of_a_list_is_told() -> None:
    found, problems = under("key", 'key: [a, "", {x}, b, true]\n')
    assert scalars.texts(found, problems) is None
    assert [line.split(" ")[0] for line in told(problems)] == ["1:10:", "1:14:", "1:22:"]


def test_an_integer_keeps_within_its_bounds() -> None:
    found, problems = under("key", "key: 70000\n")
    assert scalars.integer(found, problems, least=1, most=65_535) is None
    assert told(problems) == ["1:6: 70000 is out of range: from 1 to 65535"]


def test_an_unknown_key_is_told_with_the_nearest_else_with_all() -> None:
    found, problems = under("key", "key: {hots: x, zzz: y}\n")
    assert mapping(found, problems, ("host", "port"), "account key") is found
    assert told(problems) == ['1:7: unknown account key "hots": did you mean "host"?',
                              '1:16: unknown account key "zzz": known are: host port']


@pytest.mark.parametrize(("word", "near"), [
    ("mvoe", "move"), ("MOVE", "move"), ("Flag", "flag"), ("xyzzy", ""), ("", ""), ("x" * 100_000, ""),
])
def test_the_nearest_name_is_proposed_if_any_is_near(word: str, near: str) -> None:
    assert nearest(word, ["move", "copy", "flag"]) == (f'did you mean "{near}"?' if near else "")
