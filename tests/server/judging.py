"""One folder, its messages as we read them, and the server's own answer to any condition."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any

from imapclient import IMAPClient

from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.mail.plain import is_plain
from mailbot.search.compile import compile as compile_search
from mailbot.search.compile import searched
from mailbot.search.evaluate import decide, verdict
from mailbot.search.facts import Facts
from mailbot.search.grammar import program
from mailbot.search.nodes import And, Key, Node, Not, Or
from mailbot.search.program import Program, both, either, spelled, term
from mailbot.search.tokens import Literal, Token, charset, day, string


@dataclass(frozen=True)
class Mail:
    header: bytes
    flags: tuple[str, ...]
    received: datetime
    body: bytes = b"nothing much\r\n"


class Judged:
    """A folder's messages as we judge them and as the server does. No dataclass: of those a failing example shows everything."""

    def __init__(self, client: IMAPClient, messages: Mapping[int, Message], now: datetime) -> None:
        self.client, self.messages = client, messages
        self._untrusted = cache(partial(untrusted, client))
        self._facts = {uid: Facts(message, {}, now) for uid, message in messages.items()}

    def ours(self, node: Node) -> frozenset[int]:
        holds = decide(node)
        return frozenset(uid for uid, facts in self._facts.items() if holds(facts))

    def agrees(self, node: Node) -> None:
        ours, theirs = self.ours(node), found(self.client, literally(node))
        told = f"ours alone:\n{self._named(ours - theirs)}\ntheirs alone:\n{self._named(theirs - ours)}"
        assert ours == theirs, f"{plain(literally(node))!r}\n{told}"

    def finds_at_least_ours(self, node: Node, tokens: tuple[Token, ...]) -> None:
        lost = self.ours(node) - found(self.client, tokens) - self._untrusted(searched(tokens))
        assert not lost, f"{plain(tokens)!r}\n{self._named(lost)}"

    def _named(self, uids: frozenset[int]) -> str:
        return "\n".join(f"{uid}: {self.messages[uid]} {dict(self.messages[uid].headers)}" for uid in sorted(uids)[:5])


def filled(client: IMAPClient, folder: str, mails: list[Mail]) -> Mapping[int, Message]:
    """These mails put into a folder, and what a gather would know of all that is in it; it is selected then."""
    if not client.folder_exists(folder):
        client.create_folder(folder)
    for mail in mails:
        client.append(folder, mail.header + b"\r\n" + mail.body, mail.flags, mail.received)
    client.select_folder(folder)
    return messages(client)


def messages(client: IMAPClient) -> Mapping[int, Message]:
    client.normalise_times = False
    found = client.fetch(client.search(), ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODY.PEEK[HEADER]"])
    return {uid: Message(uid, frozenset(flag.decode() for flag in data[b"FLAGS"]), data[b"INTERNALDATE"], data[b"RFC822.SIZE"],
                         Headers.parse(data[b"BODY[HEADER]"])) for uid, data in found.items()}


def found(client: IMAPClient, tokens: tuple[Token, ...]) -> frozenset[int]:
    """UID SEARCH, with literals that do not wait (LITERAL+)."""
    words = [token if isinstance(token, bytes) else b"{%d+}\r\n%b" % (len(token.octets), token.octets) for token in tokens]
    named = [b"CHARSET", b"UTF-8"] if charset(tokens) else []
    status, lines = client._imap.uid("SEARCH", *named, *words)
    assert status == "OK", lines
    return frozenset(int(uid) for line in lines if line for uid in line.split())


def untrusted(client: IMAPClient, headers: frozenset[str]) -> frozenset[int]:
    """Messages that are read although a search in these headers does not find them."""
    if not headers:
        return frozenset()
    rows = client.fetch(client.search(), [f"BODY.PEEK[HEADER.FIELDS ({' '.join(sorted(headers))})]"])
    blocks = {uid: octets for uid, row in rows.items() for name, octets in row.items() if name.startswith(b"BODY[")}
    return frozenset(uid for uid, block in blocks.items() if not is_plain(block))


def judged(client: IMAPClient, folder: str, header: str | bytes, text: str, now: datetime) -> tuple[bool | None, bool, bool]:
    """Of one message: our verdict on a raw SEARCH program, the server's, and whether narrowing a folder down keeps it."""
    raw = header.encode() if isinstance(header, str) else header
    (uid, message), = filled(client, folder, [Mail(raw + b"\r\n", (), now)]).items()
    node, known = program(text), frozenset(word.decode() for word in client.capabilities())
    narrowing = compile_search(node, capabilities=known - {"WITHIN"}, now=now)
    kept = found(client, narrowing) | untrusted(client, searched(narrowing))
    return verdict(node, message, {}, now), uid in found(client, literally(node)), uid in kept


_FLAGS = ("answered", "deleted", "draft", "flagged", "seen", "keyword")
_PAIRS = [(name, f"un{name}") for name in _FLAGS] + [
    ("recent", "old"), ("before", "since"), ("sentbefore", "sentsince"), ("older", "younger"), ("larger", "smaller")]
CONTRARY = dict(_PAIRS) | {other: name for name, other in _PAIRS}


def literally(node: Node) -> tuple[Token, ...]:
    """The condition as its author would put it to the server: nothing widened, nothing left out."""
    return spelled(_literally(node))


def _literally(node: Node, *, positive: bool = True) -> Program:
    """What has a word for its contrary is never sent under NOT: Dovecot's answers to that are in test_not_and_dovecot."""
    match node:
        case And(nodes):
            return (both if positive else either)(_literally(child, positive=positive) for child in nodes)
        case Or(nodes):
            return (either if positive else both)(_literally(child, positive=positive) for child in nodes)
        case Not(child):
            return _literally(child, positive=not positive)
        case Key("new", wanted):
            return _literally(And((Key("recent", True), Key("unseen", True))), positive=positive is wanted)
        case Key(name, bool(wanted)):
            return term((name if positive is wanted else CONTRARY[name]).upper().encode())
        case Key("header", (header, False)):
            return _literally(Key("header", (header, True)), positive=not positive)
        case Key("larger" | "smaller" as name, value) if not positive and (value or name == "larger"):
            return term(CONTRARY[name].upper().encode(), b"%d" % (value + 1 if name == "larger" else value - 1))
        case Key("keyword" | "unkeyword" as name, value):
            return term((name if positive else CONTRARY[name]).upper().encode(), value.encode())     # an atom: Cyrus takes no other
        case Key("body" | "text" as name, texts) if len(texts) > 1:
            return _literally(Or(tuple(Key(name, (text,)) for text in texts)), positive=positive)
        case Key(name, value):
            said = name if positive else CONTRARY.get(name, f"not {name}")
            return term(*(word.upper().encode() for word in said.split()), *_arguments(value))
    raise AssertionError(node)


def _arguments(value: Any) -> tuple[Token, ...]:
    match value:
        case str():
            return (string(value),)
        case int():
            return (b"%d" % value,)
        case timedelta():
            return (b"%d" % value.total_seconds(),)
        case date():
            return (day(value),)
        case (str(header), str(text)):
            return string(header), string(text)
        case (str(header), True):
            return string(header), b'""'
        case (str(text),):
            return (string(text),)
        case ranges:
            return (b",".join(b"%d:%d" % (first, last or 2**32 - 1) for first, last in ranges),)


def plain(tokens: tuple[Token, ...]) -> bytes:
    """For a message of failure."""
    return b" ".join(token.octets if isinstance(token, Literal) else token for token in tokens)
