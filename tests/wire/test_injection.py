"""Whatever stands in an argument, one tag goes in and one command comes out (safety.md, Strangers' data)."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.effects import AddFlags, Copy, Fields, Move, Order, SetFlags
from mailbot.errors import Cause, Refused
from mailbot.imap.command import Command, Literal, pieces
from mailbot.imap.folders import status_command
from mailbot.imap.names import Names
from mailbot.imap.rows import items
from mailbot.imap.searching import Searching
from mailbot.imap.tasks import Writing
from mailbot.search.nodes import Key
from tests.lab.scripted import Peer, Scripted
from tests.wire.conversation import inbox, selected

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet='\r\n\0"\\(){}[]*%&+-/. aZ9é\u202e\udcff', max_size=30),
    st.sampled_from(['x"\r\nM9 DELETE INBOX\r\n', "{5}", "{5+}\r\nabcde", "a\\", '"', "&AAA-", "~/../etc", "INBOX", "inbox", "\ud800"]),
)
NAMES = st.builds(Names, st.sampled_from(["", "INBOX."]), st.sampled_from(["/", ".", "\\", ""]))

# One token at a time, as RFC 3501 9 has them; brackets and parentheses must pair.
_TOKEN = re.compile(rb'"(?:[^"\\\r\n\0\x80-\xff]|\\["\\])*"|\{\d+\+\}\r\n|[^\s"(){\x00-\x1f\x7f-\xff]+|[() ]')


def is_one_command(octets: bytes, tag: bytes) -> bool:
    if not octets.startswith(tag + b" ") or not octets.endswith(b"\r\n"):
        return False
    position, depth, end = 0, 0, len(octets) - 2
    while position < end:
        found = _TOKEN.match(octets, position, end)
        if not found:
            return False
        position = found.end()
        depth += (found[0] == b"(") - (found[0] == b")")
        if found[0].startswith(b"{"):
            position += int(found[0][1:-4])
        if depth < 0:
            return False
    return position == end and depth == 0


def assert_one(command: Command) -> None:
    written, = pieces(b"M1", command, free=1 << 62)
    assert is_one_command(written, b"M1"), written


@pytest.mark.parametrize(
    "octets", [b"M1 NOOP\r\nM2 NOOP\r\n", b'M1 X "a\r\n"\r\n', b"M1 X (\r\n", b'M1 X "a\\"\r\n', b"M1 X {9+}\r\nab\r\n"])
def test_the_judge_of_this_property_sees_through_what_it_must(octets: bytes) -> None:
    assert not is_one_command(octets, b"M1")


@given(HOSTILE, NAMES)
def test_a_folders_name_is_one_argument(name: str, names: Names) -> None:
    assert_one(status_command(name, names))
    assert_one(Command("CREATE", (names.wire(name),)))
    for effect in (Copy(name), Move(name)):
        for task in Writing(frozenset({"MOVE"}), names, 2000).tasks(Order(effect, (1,))):
            for command in task.commands:
                assert_one(command)


@given(st.frozensets(HOSTILE, max_size=3))
def test_a_flags_name_is_one_flag_or_is_not_sent(names: frozenset[str]) -> None:
    for effect in (AddFlags(names), SetFlags(names)):
        for task in Writing(frozenset(), Names(), 2000, by_copy=True).tasks(Order(effect, (1,))):
            for command in task.commands:
                assert_one(command)


@given(st.frozensets(HOSTILE, max_size=5))
def test_a_headers_name_is_one_word_or_is_not_asked_for(names: frozenset[str]) -> None:
    assert_one(Command("UID FETCH", (b"1", items(Fields(names, structure=True), frozenset()))))


@given(HOSTILE.filter(lambda text: not set(text) & set("\r\n\0") and text.isprintable()))
def test_a_text_to_search_for_is_one_string(text: str) -> None:
    searching = Searching(frozenset({"ESEARCH"}), lambda: datetime(2026, 1, 1, tzinfo=UTC))
    for command in searching.question(Key("body", (text,)), [b"1:*"]).commands:
        assert_one(command)


@given(st.binary(max_size=80))
def test_a_literal_is_exactly_as_long_as_it_says(octets: bytes) -> None:
    assert_one(Command("UID SEARCH", (Literal(octets), b"ALL")))


@pytest.mark.parametrize("number", ["1]\r\nM9 DELETE INBOX\r\n", "0", "1.", ".1", "TEXT", "1]<0.1> BODY[", "-1", "1 2", "١"])
def test_a_parts_number_that_is_none_sends_nothing(number: str) -> None:
    with Scripted(selected(Peer.expect_end)) as server:
        session = inbox(server)
        with pytest.raises(Refused) as caught:
            list(session.part(1, number))
    assert caught.value.cause is Cause.MESSAGE
