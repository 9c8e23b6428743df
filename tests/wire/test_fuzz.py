"""Answers that are cut, doubled, reordered or garbage end in a declared error or a result: never a hang, never a surprise."""

import random
import re
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest

from mailbot.effects import AddFlags, Copy, Delete, Fields, FolderState, Move, Order, SetFlags, Wanted
from mailbot.errors import MailbotError
from mailbot.imap.selected import Selected
from mailbot.imap.session import Session
from mailbot.imap.settings import Counts, Settings
from mailbot.imap.transport import Transport
from mailbot.search.nodes import Key
from tests.wire.conversation import row

CAPABILITIES = frozenset({"IDLE", "ESEARCH", "UIDPLUS", "MOVE", "LITERAL+", "NAMESPACE", "SPECIAL-USE", "LIST-EXTENDED"})
STRUCTURE = (
    b' BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 12 1)'
    b'("APPLICATION" "PDF" NIL NIL NIL "BASE64" 8 NIL ("ATTACHMENT" ("FILENAME" "x.pdf"))) "MIXED")')

ANSWERS = [
    (rb"NAMESPACE", b'* NAMESPACE (("" "/")) NIL NIL\r\n'),
    (rb"LIST", b'* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\Trash) "/" {5}\r\nTrash\r\n'),
    (rb"SELECT|EXAMINE", b"* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 4] .\r\n"),
    (rb"STATUS", b"* STATUS Trash (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 9)\r\n"),
    (rb"UID FETCH \S+ \(UID FLAGS\)", b"* 2 FETCH (UID 2 FLAGS (\\Deleted))\r\n"),
    (rb"UID FETCH \S+ \(UID (BODYSTRUCTURE )?BODY", b"* 1 FETCH (UID 1" + STRUCTURE + b" BODY[2]<0> {8}\r\naGVsbG8=)\r\n"),
    (rb"UID FETCH", b"".join(row(uid, uid, more=STRUCTURE) for uid in (1, 2, 3)) + b"* 3 FETCH (FLAGS (\\Seen))\r\n"),
    (rb"UID SEARCH RETURN \(COUNT\)", b'* ESEARCH (TAG "%(tag)s") UID COUNT 3\r\n'),
    (rb"UID SEARCH", b'* ESEARCH (TAG "%(tag)s") UID ALL 1:3\r\n'),
    (rb"UID MOVE", b"* OK [COPYUID 9 2 5] .\r\n* 2 EXPUNGE\r\n"),
    (rb"UID EXPUNGE", b"* 1 EXPUNGE\r\n"),
    (rb"IDLE", b"+ idling\r\n* 4 EXISTS\r\n"),
]
GARBAGE = [
    b"\r\n", b"\0", b"\xff", b"(", b")", b'"', b"{3}\r\n", b"{99999999}\r\n", b"* ", b"+ go\r\n", b"* BYE enough\r\n", b"NIL",
    b"99999999999999999999", b"* 9999 EXPUNGE\r\n", b"* 1 FETCH\r\n", b"* 1 FETCH ()\r\n", b"* SEARCH x\r\n", b"* ESEARCH\r\n",
    b"* LIST\r\n", b"* STATUS\r\n", b"* NAMESPACE x\r\n", b"* OK [UIDVALIDITY x]\r\n", b"* 0 EXISTS\r\n", b"M1 OK twice\r\n",
    b"* OK [COPYUID 1 1:4294967295 1:4294967295] .\r\n", b"* 4294967295 EXISTS\r\n"]


def answer(line: bytes) -> bytes:
    tag, _, command = line.partition(b" ")
    for pattern, said in ANSWERS:
        if re.match(pattern, command):
            said = said.replace(b"%(tag)s", tag)
            return said if command.startswith(b"IDLE") else said + tag + b" OK [COPYUID 9 1 4] done\r\n"
    return tag + b" OK done\r\n"


def mutated(octets: bytes, rng: random.Random) -> bytes:
    at, end = sorted((rng.randrange(len(octets) + 1), rng.randrange(len(octets) + 1)))
    lines = octets.splitlines(keepends=True)
    match rng.randrange(7):
        case 0:
            return octets[:at] + octets[end:]
        case 1:
            return octets[:at] + octets[at:end] * 2 + octets[end:]
        case 2:
            return octets[:at] + rng.choice(GARBAGE) + octets[at:]
        case 3:
            return octets[:at] + bytes([rng.randrange(256)]) + octets[at + 1:]
        case 4:
            rng.shuffle(lines)
            return b"".join(lines)
        case 5:
            return rng.choice(GARBAGE) + octets
        case _:
            return b"".join(line for line in lines if rng.random() < 0.8)


class Liar(threading.Thread):
    """Answers as a server would, but for what chance does to an answer in a few."""

    def __init__(self, sock: socket.socket, rng: random.Random) -> None:
        super().__init__(daemon=True)
        self._sock, self._rng = sock, rng

    def run(self) -> None:
        try:
            with self._sock, self._sock.makefile("rb") as lines:
                for line in lines:
                    said = b"" if line == b"DONE\r\n" else answer(line.rstrip())
                    self._sock.sendall(mutated(said, self._rng) if self._rng.random() < 0.15 else said)
        except OSError:     # the client has had enough
            return


MEGABYTE = 1 << 20
MOST = 64 * MEGABYTE


class Peak:
    """How much more memory this process has had at once than at the beginning (proc(5))."""

    def __enter__(self) -> Self:
        Path("/proc/self/clear_refs").write_text("5")       # the peak is counted from now on
        self._before = self._told("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        self.octets = self._told("VmHWM") - self._before

    def _told(self, row: str) -> int:
        return 1024 * int(re.search(rf"(?m)^{row}:\s*(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]


def talk(session: Session, wake: int) -> None:
    session.greet()
    session.folders()
    session.select("INBOX")
    session.status(["Trash", "INBOX"])
    session.select("INBOX")     # a liar may have it that it is another now
    body = Key("body", ("x",))
    list(session.gather(Wanted(Fields(structure=True), since=2, ask=(body,))))
    list(session.gather(Wanted(Fields(structure=True), since=1, narrow=Key("keyword", "$x"), ask=(body,))))
    b"".join(session.part(1, "2"))
    session.fetch([1, 2, 3], Fields())
    session.candidates(Key("keyword", "$x"))
    session.desk.counts(["Trash"])
    b"".join(session.desk.section(1, "HEADER"))
    flagged = AddFlags(frozenset({r"\Seen"}))
    orders = [Order(flagged, (1, 2)), Order(SetFlags(frozenset()), (3,)), Order(Copy("A"), (1,)), Order(Move("B"), (2,))]
    outcomes = session.apply([*orders, Order(Delete(), (3,))], last=True)
    assert [outcome.uid for outcome in outcomes] == [1, 2, 3, 1, 2, 3]
    session.idle(wake, time.monotonic() + 0.01)


@pytest.mark.parametrize("seed", range(25))
def test_lies_end_in_a_declared_error_or_a_result(seed: int, quiet: int) -> None:
    with Peak() as peak:
        for number in range(20):
            converse(seed, number, quiet)
    assert peak.octets < MOST


def converse(seed: int, number: int, quiet: int) -> None:
    rng = random.Random(f"{seed} {number}")
    ours, theirs = socket.socketpair()
    Liar(theirs, rng).start()
    transport = Transport(ours, "liar:143", Counts())
    capabilities = CAPABILITIES - set(rng.sample(sorted(CAPABILITIES), rng.randrange(4)))
    settings = Settings("home", "liar", "ada", timeout=0.1)
    session = Session(settings, transport, capabilities, _now)
    began = time.monotonic()
    try:
        talk(session, quiet)
    except MailbotError:
        pass        # declared; pytest fails on any other
    finally:
        session.abandon()
    assert time.monotonic() - began < 10


def _now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def test_the_liar_tells_the_truth_often_enough(quiet: int) -> None:
    """Else the test above would only ever see the first lie."""
    ours, theirs = socket.socketpair()
    rng = random.Random(1)
    rng.random = lambda: 1.0        # type: ignore[method-assign]  # no lies
    Liar(theirs, rng).start()
    session = Session(Settings("home", "liar", "ada", timeout=5), Transport(ours, "liar:143", Counts()), CAPABILITIES, _now)
    talk(session, quiet)
    session.abandon()


@pytest.mark.parametrize("size", [16 * MEGABYTE, 200 * MEGABYTE], ids=["of a large message", "of no message"])
def test_a_literal_of_any_size_is_read_past_in_little_memory(size: int) -> None:
    """The answer that has it is broken; the connection, and what follows, is not."""
    ours, theirs = socket.socketpair()

    def pour() -> None:
        with theirs, theirs.makefile("rb") as lines:
            tag = lines.readline().split()[0]
            theirs.sendall(b"* 1 FETCH (UID 1 FLAGS {%d}\r\n" % size)
            for _ in range(size // MEGABYTE):
                theirs.sendall(bytes(MEGABYTE))
            theirs.sendall(b")\r\n" + row(2, 2) + tag + b" OK done\r\n")

    threading.Thread(target=pour, daemon=True).start()
    session = Session(Settings("home", "liar", "ada", timeout=20), Transport(ours, "liar:143", Counts()), CAPABILITIES, _now)
    session._selected = Selected(FolderState("INBOX", 7, 3, 2, frozenset(), read_only=False))
    with Peak() as peak:
        assert set(session.fetch([2], Fields())) == {2}
    assert peak.octets < MOST
    session.abandon()
