"""A Session on a real Dovecot, with all it can do and with less."""

import base64
import os
import time
from collections.abc import Callable, Iterator

import pytest

from mailbot.effects import AddFlags, Copy, Delete, Fields, Gathered, Move, Order, RemoveFlags, SetFlags, Wanted
from mailbot.errors import Cause, LoginRefused, Refused, Unreachable
from mailbot.imap.idling import Idled
from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Settings
from mailbot.search.nodes import And, Key, Or
from tests.lab.dovecot import Dovecot
from tests.server.samples import mail

LESS = [(), ("MOVE",), ("UIDPLUS",), ("MOVE", "UIDPLUS"), ("ESEARCH",), ("LITERAL+",), ("IDLE",), ("NAMESPACE", "SPECIAL-USE"),
        ("MOVE", "UIDPLUS", "ESEARCH", "LITERAL+", "CONDSTORE", "LIST-EXTENDED", "SPECIAL-USE", "NAMESPACE", "ID", "ENABLE")]


def settings(server: Dovecot, user: str, **changed: object) -> Settings:
    plain = {"account": "home", "host": "localhost", "port": server.tls_port, "user": user, "tls": "implicit", "ca_file": str(server.ca)}
    return Settings(**(plain | changed))  # type: ignore[arg-type]  # plain values by name


@pytest.fixture(params=LESS, ids=lambda hidden: "all" if not hidden else "without " + " ".join(hidden))
def less(request: pytest.FixtureRequest, dovecot_without: Callable[..., Dovecot]) -> Dovecot:
    return dovecot_without(*request.param)


@pytest.fixture
def sessions() -> Iterator[Callable[..., Session]]:
    """`sessions(server, user)`: connected, INBOX selected."""
    opened: list[Session] = []

    def opening(server: Dovecot, user: str, **changed: object) -> Session:
        opened.append(connect(settings(server, user, **changed), lambda: "pass"))
        opened[-1].select("INBOX")
        return opened[-1]

    yield opening
    for session in opened:
        session.close()


def only(blocks: Iterator[Gathered]) -> Gathered:
    block, = blocks
    return block


def folders_of(server: Dovecot, user: str) -> dict[str, int]:
    return {name: len(messages) for name, messages in server.snapshot(user).items() if messages}


# -- connecting


@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
def test_it_connects_by_tls_by_starttls_and_in_the_clear(dovecot: Dovecot, tls: str, sessions: Callable[..., Session]) -> None:
    port = dovecot.tls_port if tls == "implicit" else dovecot.port
    assert "MOVE" in sessions(dovecot, dovecot.user(), tls=tls, port=port).capabilities


def test_a_wrong_password_is_a_refused_login(own_dovecot: Callable[..., Dovecot]) -> None:
    server = own_dovecot(failing_logins=True)
    with pytest.raises(LoginRefused, match="Authentication failed"):
        connect(settings(server, server.user()), lambda: "wrong")


def test_an_untrusted_certificate_is_unreachable(dovecot: Dovecot) -> None:
    with pytest.raises(Unreachable, match="not trusted"):
        connect(settings(dovecot, dovecot.user(), ca_file=""), lambda: "pass")


def test_a_server_that_stops_is_noticed_in_idle_and_comes_back(
    own_dovecot: Callable[..., Dovecot], quiet: int, sessions: Callable[..., Session]
) -> None:
    server = own_dovecot()
    user = server.user()
    session = sessions(server, user)
    assert session.idle(quiet, time.monotonic() + 0.1) is Idled.REFRESHED
    server.kill()
    with pytest.raises(Unreachable):
        session.idle(quiet, time.monotonic() + 20)
    with pytest.raises(Unreachable):
        connect(settings(server, user), lambda: "pass")
    server.start()
    assert sessions(server, user).select("INBOX").exists == 0


# -- folders


def test_folders_special_uses_and_status(less: Dovecot, sessions: Callable[..., Session]) -> None:
    user = less.user()
    session = sessions(less, user)
    found = session.folders()
    assert {"INBOX", "Trash", "Junk", "Archive"} <= set(found.rows)
    assert found.special[r"\Trash"] == "Trash"
    less.deliver(user, mail(1))
    status = session.status(["INBOX", "Trash", "Absent"])
    assert {name: (state.uidnext, state.exists) for name, state in status.items()} == {"INBOX": (2, 1), "Trash": (1, 0)}
    assert status["INBOX"].uidvalidity == session.select("INBOX").uidvalidity


def test_a_folder_that_is_renamed_keeps_its_uidvalidity(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    """By which a copy is found again whose target got another name before its answer was heard."""
    session = sessions(dovecot, dovecot.user())
    session.desk.create("Before")
    before = session.status(["Before"])["Before"].uidvalidity
    session.desk.rename("Before", "After", ())
    assert {name: state.uidvalidity for name, state in session.status(["Before", "After"]).items()} == {"After": before}


def test_a_missing_folder_is_refused_and_leaves_none_selected(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    session = sessions(dovecot, dovecot.user())
    with pytest.raises(Refused) as caught:
        session.select("Absent")
    assert caught.value.cause is Cause.FOLDER
    with pytest.raises(Unreachable):
        session.fetch([1], Fields())
    assert session.select("INBOX").uidnext == 1


@pytest.mark.parametrize("name", ["Entwürfe/Ümläut", 'qu"ote\\back', "R&D", "日本", "with space", "*", "%", "{5}", "INBOX/Sub"])
def test_any_name_can_be_moved_into_and_is_listed_as_it_was_written(
    dovecot: Dovecot, name: str, sessions: Callable[..., Session]
) -> None:
    user = dovecot.user()
    dovecot.deliver(user, mail(1))
    session = sessions(dovecot, user)
    outcome, = session.apply([Order(Move(name), (1,))])
    assert outcome.done, outcome
    assert name in session.folders()
    assert name in session.folders(refresh=True)
    assert session.select(name).exists == 1


# -- gathering


def test_what_is_there_is_gathered_with_the_servers_answers(less: Dovecot, sessions: Callable[..., Session]) -> None:
    user = less.user()
    less.deliver(user, *(mail(number, b"needle" if number == 2 else b"hay") for number in range(1, 4)))
    session = sessions(less, user)
    needle, nothing, grün = (Key("body", (text,)) for text in ("needle", "absent", "grün"))
    block = only(session.gather(Wanted(Fields(frozenset({"subject"}), structure=True), since=1, ask=(needle, nothing, grün))))
    assert [message.headers.first("subject") for message in block.messages] == ["mail 1", "mail 2", "mail 3"]
    assert [message.headers.first("message-id") for message in block.messages] == [f"<{number}@example.org>" for number in (1, 2, 3)]
    assert block.answers == {needle: {2}, nothing: frozenset(), grün: frozenset()}
    assert all(message.structure and message.structure.type == "text/plain" for message in block.messages)
    assert (block.judged, block.broken, block.state.uidnext) == (3, {}, 4)
    assert only(session.gather(Wanted(Fields(), since=4))).messages == ()


def test_a_narrowed_folder_holds_the_candidates_and_counts_the_rest(less: Dovecot, sessions: Callable[..., Session]) -> None:
    user = less.user()
    less.deliver(user, *map(mail, range(1, 6)))
    session = sessions(less, user)
    narrow = Or((Key("uid", ((2, 2),)), Key("uid", ((4, 4),))))
    block = only(session.gather(Wanted(Fields(), since=1, narrow=narrow)))
    assert [message.uid for message in block.messages] == [2, 4]
    assert block.judged == 5
    block = only(session.gather(Wanted(Fields(), since=2, uids=(1,), narrow=Key("keyword", "nothing"))))
    assert (block.messages, block.judged) == ((), 5)


# Dovecot's search has no text for the first word, and U+FFFD for the second.
UNDECODED = (b"=?x-unknown?q?bill?=", b"=?ks_c_5601-1987?b?YmlsbCDH0bG5?=")


def test_a_folder_of_one_block_is_narrowed_by_all_but_text(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    user = dovecot.user()
    dovecot.seed(user, "INBOX", [mail(1), *(mail(2).replace(b"mail 2", word) for word in UNDECODED)])
    session = sessions(dovecot, user)
    block = only(session.gather(Wanted(Fields(), since=1, narrow=Key("subject", "bill"))))
    assert [message.uid for message in block.messages] == [1, 2, 3]
    narrow = And((Key("subject", "bill"), Key("uid", ((2, None),))))
    assert [message.uid for message in only(session.gather(Wanted(Fields(), since=1, narrow=narrow))).messages] == [2, 3]


@pytest.mark.parametrize("hidden", [(), ("ESEARCH",)])
def test_in_a_larger_folder_narrowed_by_text_what_the_server_could_not_decode_is_read(
        dovecot_without: Callable[..., Dovecot], sessions: Callable[..., Session], hidden: tuple[str, ...]) -> None:
    dovecot = dovecot_without(*hidden)
    user = dovecot.user()
    bills = [mail(2).replace(b"mail 2", word) for word in (*UNDECODED, b"a bill")]
    dovecot.seed(user, "INBOX", [*map(mail, range(2_000)), *bills])
    session = sessions(dovecot, user)
    before = session.counts.round_trips
    block = only(session.gather(Wanted(Fields(), since=1, narrow=Key("subject", "bill"))))
    assert [message.uid for message in block.messages] == [2_001, 2_002, 2_003]
    assert block.judged == 2_003
    assert session.counts.round_trips - before == 2     # the search with those headers, and the fetch
    assert session.candidates(Key("subject", "bill")) == [2_001, 2_002, 2_003]


def test_ten_thousand_messages_are_read_in_a_few_round_trips(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    user = dovecot.user()
    dovecot.seed(user, "INBOX", [mail(number) for number in range(10_000)])
    session = sessions(dovecot, user)
    before = session.counts.round_trips
    blocks = list(session.gather(Wanted(Fields(), since=1)))
    assert [len(block.messages) for block in blocks] == [1_000] * 10
    assert sum(block.judged for block in blocks) == 10_000
    assert session.counts.round_trips - before == 2


def test_fetching_tells_what_is_there_now(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    user = dovecot.user()
    dovecot.deliver(user, *map(mail, range(1, 4)))
    session = sessions(dovecot, user)
    with dovecot.client(user) as other:
        other.select_folder("INBOX")
        other.delete_messages([2])
        other.uid_expunge([2])
        other.add_flags([3], ["$seen-by-other"])
    found = session.fetch([1, 2, 3, 99], Fields())
    assert [uid for uid in found if uid != 2] == [1, 3]
    found = session.fetch([1, 2, 3], Fields())
    assert {uid: message.flags - {r"\Recent"} for uid, message in found.items()} == {1: frozenset(), 3: {"$seen-by-other"}}


# -- parts


MULTIPART = (
    b'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9 =\r\nsoft\r\n"
    b"--b\r\nContent-Type: application/octet-stream; name=x.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n")


@pytest.mark.parametrize("size", [0, 1, 1_000, 2_300_000])
def test_a_part_comes_decoded_and_the_whole_message_as_it_is(dovecot: Dovecot, size: int, sessions: Callable[..., Session]) -> None:
    content = os.urandom(size)
    message = MULTIPART % base64.encodebytes(content).replace(b"\n", b"\r\n").rstrip(b"\r\n")
    user = dovecot.user()
    dovecot.seed(user, "INBOX", [message])
    session = sessions(dovecot, user)
    before = session.counts.round_trips
    assert b"".join(session.part(1, "2")) == content
    assert session.counts.round_trips - before == 1 + len(base64.encodebytes(content)) * 78 // 77 // 1_000_000
    assert b"".join(session.part(1, "1")) == "café soft".encode()
    assert b"".join(session.part(1, "")) == message
    absent = {(1, "3"): Cause.MESSAGE, (1, "2.1"): Cause.MESSAGE, (9, "1"): Cause.GONE, (9, ""): Cause.GONE}
    for (uid, number), cause in absent.items():
        with pytest.raises(Refused) as caught:
            list(session.part(uid, number))
        assert caught.value.cause is cause, (uid, number)


# -- effects


def test_effects_are_done_exactly_and_nothing_else_is_touched(less: Dovecot, sessions: Callable[..., Session]) -> None:
    user = less.user()
    less.deliver(user, *map(mail, range(1, 9)))
    with less.client(user) as other:
        other.select_folder("INBOX")
        other.delete_messages([7])          # the user's own mark
        other.add_flags([5], [r"\Deleted", r"\Seen", "old"])
    session = sessions(less, user)
    orders = [
        Order(AddFlags(frozenset({r"\Seen", "$new-keyword"})), (1, 2)), Order(RemoveFlags(frozenset({"old"})), (5,)),
        Order(SetFlags(frozenset({r"\Flagged"})), (5, 6)), Order(Copy("Archive"), (3,)), Order(Move("New/Folder"), (1, 2)),
        Order(Delete(), (4,))]
    outcomes = session.apply(orders, last=True)
    assert [outcome for outcome in outcomes if not outcome.done] == []
    assert [(outcome.effect, outcome.uid) for outcome in outcomes] == [(order.effect, uid) for order in orders for uid in order.uids]
    copied = [outcome for outcome in outcomes if isinstance(outcome.effect, Copy | Move)]
    assert [outcome.target_uid for outcome in copied] == [1, 1, 2]
    marked = "UIDPLUS" not in session.capabilities
    assert all(outcome.why == "marked" for outcome in outcomes if marked and isinstance(outcome.effect, Delete))

    found = less.snapshot(user)
    assert {flags for flags, _ in found["New/Folder"].values()} == {frozenset({r"\Seen", "$new-keyword"})}
    assert len(found["Archive"]) == 1
    inbox = {uid: flags for uid, (flags, _) in found["INBOX"].items()}
    if not marked:
        assert list(inbox) == [3, 5, 6, 7, 8]
    else:
        assert inbox[4] >= {r"\Deleted"}
    assert inbox[5] == {r"\Deleted", r"\Flagged"}
    assert inbox[6] == {r"\Flagged"}
    assert inbox[7] == {r"\Deleted"}
    assert inbox[3] == inbox[8] == frozenset()


def test_a_message_that_is_gone_is_told_gone(less: Dovecot, sessions: Callable[..., Session]) -> None:
    user = less.user()
    less.deliver(user, *map(mail, range(1, 4)))
    session = sessions(less, user)
    with less.client(user) as other:
        other.select_folder("INBOX")
        other.delete_messages([2])
        other.expunge()
    outcomes = session.apply([Order(Move("Archive"), (1, 2, 3)), Order(Copy("Archive"), (77,))])
    if outcomes[0].cause is Cause.RETRY:        # Dovecot copies none of a set of which one is gone
        one, three = session.apply([Order(Move("Archive"), (1, 3))])
        outcomes = [one, outcomes[1], three, outcomes[-1]]
    assert [outcome.cause for outcome in outcomes] == [None, Cause.GONE, None, Cause.GONE]
    assert {name: len(messages) for name, messages in less.snapshot(user).items()}["Archive"] == 2


def test_a_full_mailbox_refuses_a_copy_and_keeps_the_message(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    user = dovecot.user(quota="*:messages=1")
    dovecot.deliver(user, mail(1))
    session = sessions(dovecot, user)
    outcome, = session.apply([Order(Copy("Archive"), (1,))])
    assert outcome.cause is Cause.FOLDER
    assert folders_of(dovecot, user) == {"INBOX": 1}


def test_a_thousand_moves_are_one_command(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    user = dovecot.user()
    dovecot.seed(user, "INBOX", [mail(number) for number in range(1_000)])
    session = sessions(dovecot, user)
    before, commands = session.counts.round_trips, session.counts.commands
    outcomes = session.apply([Order(AddFlags(frozenset({r"\Seen"})), tuple(range(1, 1001))), Order(Move("Archive"), tuple(range(1, 1001)))])
    assert all(outcome.done for outcome in outcomes)
    assert [outcome.target_uid for outcome in outcomes[1000:]] == list(range(1, 1001))
    assert (session.counts.round_trips - before, session.counts.commands - commands) == (1, 2)


def test_many_messages_that_go_many_ways_are_all_where_they_belong(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    """Copies and one removal, where moves would cost more; the user's own mark stays, and so does what is not named."""
    user = dovecot.user()
    dovecot.seed(user, "INBOX", [mail(number) for number in range(2_600)])
    session = sessions(dovecot, user)
    session.apply([Order(AddFlags(frozenset({r"\Deleted"})), (2_600,))])
    orders = [Order(Move(f"F{way}"), tuple(range(way + 1, 401, 40))) for way in range(40)]
    outcomes = session.apply(orders)
    assert all(outcome.done and outcome.target_uid and not outcome.why for outcome in outcomes)
    state = dovecot.snapshot(user)
    assert sorted(state["INBOX"]) == list(range(401, 2_601))
    assert [len(state[f"F{way}"]) for way in range(40)] == [10] * 40
    assert state["INBOX"][2_600][0] == {r"\Deleted"}


def test_a_dovecot_tells_what_has_changed_since_the_folder_was_selected(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    user = dovecot.user()
    dovecot.seed(user, "INBOX", [mail(1), mail(2), mail(3)])
    session, other = sessions(dovecot, user), sessions(dovecot, user)
    before = session.select("INBOX").highestmodseq
    assert before
    assert list(session.fetch((1, 2, 3), Fields(), changed_since=before)) == []
    other.apply([Order(AddFlags(frozenset({r"\Seen"})), (2,))])
    changed = session.fetch((1, 2, 3), Fields(), changed_since=before)
    assert {uid: message.flags - {r"\Recent"} for uid, message in changed.items()} == {2: {r"\Seen"}}


def test_a_read_only_session_changes_nothing(dovecot: Dovecot, sessions: Callable[..., Session]) -> None:
    user = dovecot.user()
    dovecot.deliver(user, mail(1), mail(2))
    before = dovecot.snapshot(user)
    session = sessions(dovecot, user, read_only=True)
    assert session.select("INBOX").examined
    only(session.gather(Wanted(Fields(structure=True), since=1, ask=(Key("body", ("body",)),))))
    b"".join(session.part(1, ""))
    with pytest.raises(RuntimeError):
        session.apply([Order(Delete(), (1,))])
    assert dovecot.snapshot(user) == before


# -- waiting


def test_new_mail_wakes_is_gathered_and_moved_in_two_round_trips(
    dovecot: Dovecot, quiet: int, sessions: Callable[..., Session]
) -> None:
    user = dovecot.user()
    dovecot.deliver(user, mail(1))
    session = sessions(dovecot, user)
    uidnext = session.select("INBOX").uidnext
    for number in (2, 3):
        assert session.idle(quiet, time.monotonic() + 0.1) is Idled.REFRESHED
        dovecot.deliver(user, mail(number))
        assert session.idle(quiet, time.monotonic() + 20) is Idled.WOKEN
        before = session.counts.round_trips
        block = only(session.gather(Wanted(Fields(), since=uidnext, ask=(Key("body", ("body",)),))))
        new = tuple(message.uid for message in block.messages)
        assert new == (number,)
        assert all(outcome.done for outcome in session.apply([Order(Move("Archive"), new)], last=True))
        assert session.counts.round_trips - before == 2
        uidnext = block.state.uidnext
    assert folders_of(dovecot, user) == {"INBOX": 1, "Archive": 2}


def test_mail_between_the_gather_and_idle_is_heard(dovecot: Dovecot, quiet: int, sessions: Callable[..., Session]) -> None:
    user = dovecot.user()
    session = sessions(dovecot, user)
    uidnext = 1
    for number in range(1, 21):
        dovecot.deliver(user, mail(number))
        while uidnext <= number:
            assert session.idle(quiet, time.monotonic() + 20) is Idled.WOKEN
            uidnext = only(session.gather(Wanted(Fields(), since=uidnext))).state.uidnext
    assert uidnext == 21
