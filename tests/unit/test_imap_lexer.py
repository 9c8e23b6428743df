"""What servers say, taken apart; and sets of UIDs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.imap.lexer import Malformed, Response, literal_size, parse
from mailbot.imap.uidset import bounds, expand, sets


def said(*parts: bytes) -> Response:
    return Response.read(list(parts))


def test_a_row_of_fetch_is_read_with_its_literals() -> None:
    row = said(
        b'* 12 FETCH (UID 7 FLAGS (\\Seen $a [x]) BODY[HEADER.FIELDS (FROM "X Y")] {4}\r\n', b"(\"x)", b" BODY[]<0> {0}\r\n", b"", b")\r\n")
    assert (row.tag, row.number, row.kind, row.uid) == (b"*", 12, b"FETCH", 7)
    assert row.values == [
        (b"UID", 7, b"FLAGS", (b"\\Seen", b"$a", b"[x]"), b'BODY[HEADER.FIELDS (FROM "X Y")]', b'("x)', b"BODY[]<0>", b"")]


def test_strings_atoms_numbers_and_nil_are_told_apart() -> None:
    assert parse([b'NIL "NIL" 12 "12" "a\\"b\\\\" (() (NIL)) nil\r\n']) == [None, b"NIL", 12, b"12", b'a"b\\', ((), (None,)), None]


@pytest.mark.parametrize("text", [b"(", b")", b"(()", b'"abc', b'a "b\\'])
def test_what_does_not_pair_is_malformed(text: bytes) -> None:
    with pytest.raises(Malformed):
        parse([text])


def test_a_string_without_end_is_not_tried_again_at_each_of_its_characters() -> None:
    with pytest.raises(Malformed):
        parse([b'"' + b'\\"' * 1_000_000])        # quadratic, this would take hours


def test_ten_thousand_parentheses_are_no_recursion() -> None:
    assert len(parse([b"(" * 10_000 + b")" * 10_000])) == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"M1 OK done\r\n", ("", b"", "done")),
        (b"M1 NO [TRYCREATE] no such mailbox\r\n", ("TRYCREATE", b"", "no such mailbox")),
        (b"* OK [UIDNEXT 12] next\r\n", ("UIDNEXT", b"12", "next")),
        (b"M1 OK [COPYUID 9 1:2 4:5] done\r\n", ("COPYUID", b"9 1:2 4:5", "done")),
        (b"* OK [PERMANENTFLAGS (\\Seen bad]kw \\*)] yes\r\n", ("PERMANENTFLAGS", b"(\\Seen bad]kw \\*)", "yes")),
        (b"M1 NO [BADCHARSET (US-ASCII)] what\r\n", ("BADCHARSET", b"(US-ASCII)", "what")),
        (b"M1 NO [alert] x\r\n", ("ALERT", b"", "x")),
        (b"M1 OK\r\n", ("", b"", "")),
        (b"M1 NO [broken\r\n", ("", b"", "[broken")),
    ],
)
def test_response_codes(line: bytes, code: tuple[str, bytes, str]) -> None:
    assert said(line).code == code


def test_a_uid_is_found_wherever_it_stands() -> None:
    assert said(b"* 1 FETCH (FLAGS () UID 9)\r\n").uid == 9
    assert said(b"* 1 FETCH (FLAGS ())\r\n").uid == 0
    assert said(b'* 1 FETCH (BODYSTRUCTURE ("a" "UID 8 ") UID 9)\r\n').uid == 9     # a stranger's words are no UID


@pytest.mark.parametrize(
    ("line", "size"),
    [(b"x {5}\r\n", 5), (b"x ~{5}\r\n", 5), (b"x {5+}\r\n", 5), (b"x {5}", None), (b"x {}\r\n", None), (b"x 5}\r\n", None)])
def test_literals_are_announced_at_the_end_of_a_line(line: bytes, size: int | None) -> None:
    assert literal_size(line) == size


@given(st.binary(max_size=200))
def test_garbage_is_malformed_or_read(octets: bytes) -> None:
    try:
        response = said(octets)
        assert isinstance(response.values, list)
        assert isinstance(response.code[2], str)
    except Malformed:
        pass


# -- sets


@given(st.sets(st.integers(1, 2**32 - 1), max_size=300).map(sorted), st.integers(40, 200), st.integers(1, 50))
def test_sets_hold_all_uids_within_their_limits(uids: list[int], octets: int, most: int) -> None:
    made = list(sets(uids, octets=octets, most=most))
    assert [uid for _, members in made for uid in members] == uids
    for text, members in made:
        assert len(text) <= octets
        assert len(members) <= most
        assert expand(text, most=most) == list(members)
        assert bounds(text) == (members[0], members[-1])


def test_runs_are_written_as_ranges() -> None:
    assert [text for text, _ in sets([1, 2, 3, 5, 7, 8], octets=100, most=100)] == [b"1:3,5,7:8"]


@pytest.mark.parametrize("text", [b"", b"a", b"1:", b":1", b"1,", b"*", b"1:*", b"1:2:3", b"-1"])
def test_what_is_no_set_is_none(text: bytes) -> None:
    assert expand(text, most=100) is None


def test_a_set_of_more_than_there_can_be_is_not_counted_out() -> None:
    assert expand(b"1:4294967295", most=1000) is None
    assert expand(b"4:2", most=3) == [2, 3, 4]
