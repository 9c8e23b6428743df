"""Raw SEARCH: what is read, and where it goes wrong."""

from datetime import date, timedelta

import pytest

from mailbot.search.arguments import Wrong
from mailbot.search.grammar import program
from mailbot.search.nodes import ALL, And, Key, Not, Or
from tests.unit.conditions import mistakes


@pytest.mark.parametrize(("text", "node"), [
    ("ALL", ALL),
    ("all", ALL),
    ("SEEN unSeen", And((Key("seen", True), Key("unseen", True)))),
    ("NEW OLD RECENT", And((Key("new", True), Key("old", True), Key("recent", True)))),
    ('FROM "a \\"b\\" \\\\c"', Key("from", 'a "b" \\c')),
    ('SUBJECT "für"', Key("subject", "für")),
    ("TEXT a BODY b", And((Key("text", ("a",)), Key("body", ("b",))))),
    ("HEADER List-Id dev", Key("header", ("list-id", "dev"))),
    ('HEADER List-Id ""', Key("header", ("list-id", True))),
    ("KEYWORD $a UNKEYWORD b]".replace("]", ""), And((Key("keyword", "$a"), Key("unkeyword", "b")))),
    ("BEFORE 1-feb-1994", Key("before", date(1994, 2, 1))),
    ('SENTON "01-Feb-1994"', Key("senton", date(1994, 2, 1))),
    ("LARGER 0 SMALLER 4294967295", And((Key("larger", 0), Key("smaller", 2**32 - 1)))),
    ("OLDER 60 YOUNGER 1", And((Key("older", timedelta(minutes=1)), Key("younger", timedelta(seconds=1))))),
    ("UID 1,3:5", Key("uid", ((1, 1), (3, 5)))),
    ("UID *", Key("uid", "*")),
    ("NOT NOT SEEN", Not(Not(Key("seen", True)))),
    ("OR SEEN OR DRAFT FLAGGED", Or((Key("seen", True), Or((Key("draft", True), Key("flagged", True)))))),
    ("OR (SEEN DRAFT) ALL", Or((And((Key("seen", True), Key("draft", True))), ALL))),
    ("((SEEN))", Key("seen", True)),
    ("( SEEN )  DRAFT ", And((Key("seen", True), Key("draft", True)))),
    ('X-GM-RAW "has:attachment older_than:3d"', Key("gmail", "has:attachment older_than:3d")),
    ("X-GM-LABELS work", Key("gmail_label", "work")),
])
def test_a_program_is_read(text: str, node: object) -> None:
    assert program(text) == node


@pytest.mark.parametrize(("text", "at", "said"), [
    ("FRON ada", 0, "unknown"),
    ("SEEN FRON ada", 5, "unknown"),
    ("FROM", 4, "the end"),
    ("FROM (", 5, "a text was expected"),
    ("OR SEEN", 7, "the end"),
    ("NOT", 3, "the end"),
    ("(SEEN", 0, "not closed"),
    ("SEEN)", 4, "without"),
    ("SEEN ()", 6, "was expected"),
    ('FROM "ada', 5, "not closed"),
    ('FROM "a"b', 8, "space"),
    (r'FROM "a\b"', 5, "backslash"),
    ('FROM ""', 5, "empty"),
    ("FROM {5}", 5, "literals"),
    ("FROM a*", 6, "quotes"),
    ("FROM für", 6, "quotes"),
    ("1:5 SEEN", 0, "unknown"),
    ("ON 31-Jun-2026", 3, "date"),
    ("ON 2026-06-30", 3, "date"),
    ("LARGER x", 7, "number"),
    ("LARGER 4294967296", 7, "number"),
    ("OLDER 0", 6, "at least one second"),
    ("UID 0", 4, "set of UIDs"),
    ("UID 1:2:3", 4, "set of UIDs"),
    (r"KEYWORD \Seen", 8, "no place in a keyword"),
    ("CHARSET UTF-8 SEEN", 0, "unknown"),
    ("RETURN (COUNT) SEEN", 0, "unknown"),
    ("(" * 100 + "SEEN" + ")" * 100, 51, "levels"),
    ("NOT " * 5000 + "SEEN", 51 * 4, "levels"),
])
def test_a_mistake_is_told_with_its_place_in_the_program(text: str, at: int, said: str) -> None:
    with pytest.raises(Wrong) as caught:
        program(text)
    assert caught.value.at == at
    assert said in caught.value.what


@pytest.mark.parametrize(("text", "way_out"), [
    ("FROM ada AND SEEN", "leave it out"), ("unread", "UNSEEN"), ("FROM ada OR SEEN", "OR takes two keys"),
    ("NOT (FROM ada OR SEEN)", "OR takes two keys"), ("from:ada subject:lunch", "a space"),
])
def test_who_does_not_know_search_is_told_how_it_is_said(text: str, way_out: str) -> None:
    with pytest.raises(Wrong) as caught:
        program(text)
    assert way_out in caught.value.hint


def test_message_numbers_are_refused_with_a_hint_to_uid() -> None:
    with pytest.raises(Wrong) as caught:
        program("2,4:7,9,12:*")
    assert "UID 2,4:7,9,12:*" in caught.value.hint


@pytest.mark.parametrize(("yaml", "place"), [
    ("search: FROM ada FRON b", (1, 18)),
    ("search: 'FROM ada FRON b'", (1, 19)),
    ('search: "FROM ada FRON b"', (1, 19)),
    ("any:\n- search: SEEN OR", (2, 18)),
    ("search: |\n  SEEN OR", (1, 9)),
])
def test_the_column_in_the_file_is_that_inside_the_string(yaml: str, place: tuple[int, int]) -> None:
    (line, column, _), = mistakes(yaml)
    assert (line, column) == place
