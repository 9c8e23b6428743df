"""Which messages are there after looks and EXPUNGEs in any order (RFC 3501 7.4.1), against a mailbox that is a list."""

from hypothesis import given
from hypothesis import strategies as st

from mailbot.imap.command import Answer, Command
from mailbot.imap.lexer import Response
from mailbot.imap.tasks import seen


@given(st.integers(1, 12), st.lists(st.tuples(st.booleans(), st.integers(0, 11)), max_size=24))
def test_what_was_looked_at_and_not_expunged_behind_it_is_there(size: int, acts: list[tuple[bool, int]]) -> None:
    mailbox = list(range(101, 101 + size))
    looked: set[int] = set()
    said = []
    for order, (expunges, place) in enumerate(acts):
        if place >= len(mailbox):
            continue
        uid, number = mailbox[place], place + 1
        if expunges:
            del mailbox[place]
            looked.discard(uid)
        else:
            looked.add(uid)
        line = b"* %d EXPUNGE\r\n" % number if expunges else b"* %d FETCH (UID %d FLAGS ())\r\n" % (number, uid)
        said.append(Response.read([line]))
        said[-1].order = order
    answer = Answer(Command("UID FETCH"), status="OK", said=said)
    assert seen([answer]).keys() == looked
