"""The same Session on Cyrus, with either namespace, and on Courier (servers.md)."""

import time
from collections.abc import Callable, Iterator

import pytest

from mailbot.effects import AddFlags, Copy, Delete, Fields, Move, Order, SetFlags, Wanted
from mailbot.errors import Cause, Refused
from mailbot.imap.idling import Idled
from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Settings
from mailbot.search.nodes import Key, Or
from tests.lab.courier import Courier
from tests.lab.server import Server
from tests.server.samples import mail

Opened = tuple[Server, str, Session]


@pytest.fixture(params=["cyrus", "cyrus_below_inbox", "courier"])
def opened(request: pytest.FixtureRequest) -> Iterator[Callable[..., Opened]]:
    """`opened(messages)`: a server, a new user with these messages, and a Session with INBOX selected."""
    server: Server = request.getfixturevalue(request.param)
    sessions: list[Session] = []

    def open_with(*messages: bytes) -> Opened:
        user = server.user()
        deliver(server, user, *messages)
        sessions.append(connect(Settings("home", server.host, user, server.port, "none"), lambda: "pass"))
        sessions[-1].select("INBOX")
        return server, user, sessions[-1]

    yield open_with
    for session in sessions:
        session.close()


def deliver(server: Server, user: str, *messages: bytes) -> None:
    if isinstance(server, Courier):
        server.seed(user, "INBOX", messages)
    elif messages:
        server.deliver(user, *messages)


def test_folders_have_our_names_and_uidnext_is_known(opened: Callable[..., Opened]) -> None:
    server, _, session = opened(mail(1), mail(2))
    assert session.select("INBOX").uidnext == 3
    expected = {"INBOX"} if isinstance(server, Courier) else {"INBOX", "Trash", "Junk", "Archive"}
    assert expected <= set(session.folders().rows)
    if not isinstance(server, Courier):
        assert session.folders().special[r"\Trash"] == "Trash"
    status = session.status(["INBOX", "Absent"])
    assert {name: (state.uidnext, state.exists) for name, state in status.items()} == {"INBOX": (3, 2)}
    with pytest.raises(Refused):
        session.select("Absent")


def test_a_folder_that_is_renamed_keeps_its_uidvalidity_but_on_courier(opened: Callable[..., Opened]) -> None:
    server, _, session = opened()
    session.desk.create("Before")
    before = session.status(["Before"])["Before"].uidvalidity
    session.desk.rename("Before", "After", ())
    after = {name: state.uidvalidity for name, state in session.status(["Before", "After"]).items()}
    assert after.keys() == {"After"}
    assert (after["After"] == before) is not isinstance(server, Courier)


def test_what_is_there_is_gathered_with_the_servers_answers(opened: Callable[..., Opened]) -> None:
    _, _, session = opened(mail(1), mail(2, b"needle"), mail(3))
    needle, nothing, grün = (Key("body", (text,)) for text in ("needle", "absent", "grün"))
    block, = session.gather(Wanted(Fields(frozenset({"subject"}), structure=True), since=1, ask=(needle, nothing, grün)))
    assert [message.headers.first("subject") for message in block.messages] == ["mail 1", "mail 2", "mail 3"]
    assert block.answers == {needle: {2}, nothing: frozenset(), grün: frozenset()}
    assert all(message.structure and message.structure.type == "text/plain" for message in block.messages)
    block, = session.gather(Wanted(Fields(), since=4))
    assert block.messages == ()
    narrow = Or((Key("uid", ((1, 1),)), Key("uid", ((3, 3),))))
    block, = session.gather(Wanted(Fields(), since=1, narrow=narrow))
    assert [message.uid for message in block.messages] == [1, 3]
    assert block.judged == 3


def test_effects_are_done_exactly_and_nothing_else_is_touched(opened: Callable[..., Opened]) -> None:
    server, user, session = opened(*map(mail, range(1, 9)))
    with server.client(user) as other:
        other.select_folder("INBOX")
        other.delete_messages([7])
    orders = [
        Order(AddFlags(frozenset({r"\Seen", "$new"})), (1, 2)), Order(SetFlags(frozenset({r"\Flagged"})), (6,)),
        Order(Copy("Copies/example.org"), (3,)), Order(Move("New/Folder"), (1, 2, 77)), Order(Delete(), (4,))]
    outcomes = session.apply(orders, last=True)
    assert [(outcome.uid, outcome.cause) for outcome in outcomes if not outcome.done] == [(77, Cause.GONE)]
    assert [outcome.target_uid for outcome in outcomes if isinstance(outcome.effect, Copy | Move)] == [1, 1, 2, 0]
    names = set(session.folders(refresh=True).rows)
    assert {"Copies/example.org", "New/Folder"} <= names
    assert session.select("New/Folder").exists == 2
    block, = session.gather(Wanted(Fields(), since=1))
    assert {message.flags - {r"\Recent"} for message in block.messages} == {frozenset({r"\Seen", "$new"})}
    inbox = {uid: flags for uid, (flags, _) in server.snapshot(user)["INBOX"].items()}
    assert {uid: inbox[uid] for uid in inbox if inbox[uid]} == {6: {r"\Flagged"}, 7: {r"\Deleted"}}
    assert list(inbox) == [3, 5, 6, 7, 8]


def test_new_mail_wakes_is_gathered_and_moved(opened: Callable[..., Opened], quiet: int) -> None:
    server, user, session = opened(mail(1))
    session.apply([Order(Copy("Done"), (1,))])
    uidnext = session.select("INBOX").uidnext
    for number in (2, 3):
        assert session.idle(quiet, time.monotonic() + 0.1) is Idled.REFRESHED
        deliver(server, user, mail(number))
        assert session.idle(quiet, time.monotonic() + 30) is Idled.WOKEN
        before = session.counts.round_trips
        block, = session.gather(Wanted(Fields(), since=uidnext))
        new = tuple(message.uid for message in block.messages)
        assert new == (number,)
        assert all(outcome.done for outcome in session.apply([Order(Move("Done"), new)], last=True))
        assert session.counts.round_trips - before == (2 if "MOVE" in session.capabilities else 3)
        uidnext = block.state.uidnext


def test_parts_come_byte_for_byte(opened: Callable[..., Opened]) -> None:
    server, user, session = opened(mail(1, b"line one\r\n" * 3))
    assert b"".join(session.part(1, "1")).replace(b"\r", b"") == b"line one\n" * 3 + b"\n"
    with server.client(user) as other:
        other.select_folder("INBOX", readonly=True)
        assert b"".join(session.part(1, "")) == other.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"]
    with pytest.raises(Refused) as caught:
        list(session.part(1, "2"))
    assert caught.value.cause is Cause.MESSAGE
