"""What a person asks of a mailbox by hand, beside the port: STATUS, APPEND, CREATE, DELETE, RENAME, raw sections of a message.

A NO or BAD raises Refused.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailbot.effects import Flags
from mailbot.errors import Cause, Refused
from mailbot.imap.command import Answer, Command, flag
from mailbot.imap.fetching import refused
from mailbot.imap.folders import status_items
from mailbot.imap.lexer import Response
from mailbot.imap.names import Names
from mailbot.imap.part import CHUNK
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.rows import rows
from mailbot.imap.selected import flags_told, state_of
from mailbot.search.tokens import Literal, day

# RFC 3501 6.4.5: HEADER, TEXT and MIME behind a part's number, the first two alone too; "" is the whole message.
SECTION = re.compile(r"(?P<number>[1-9][0-9]{0,8}(?:\.[1-9][0-9]{0,8}){0,99})(?:\.(?P<of>HEADER|TEXT|MIME))?|HEADER|TEXT|")
_COUNTS = (b"MESSAGES", b"RECENT", b"UNSEEN", b"UIDNEXT", b"UIDVALIDITY")
_MODSEQ = b"HIGHESTMODSEQ"          # RFC 7162 3.1.7
_BATCH = 1_000_000      # octets of messages that are handed to the wire at once


@dataclass(frozen=True, slots=True)
class Standing:
    """STATUS of one folder (RFC 3501 6.3.10); the flags are those that opening it tells (6.3.1)."""

    messages: int
    recent: int
    unseen: int
    uidnext: int
    uidvalidity: int
    highestmodseq: int = 0              # 0: the server keeps none (RFC 7162)
    flags: Flags = frozenset()
    permanent_flags: Flags | None = None    # None: not told
    read_only: bool = False             # we may not change anything there


@dataclass(frozen=True, slots=True)
class Appended:
    """0 where the server has no UIDPLUS (RFC 4315 3)."""

    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Message:
    """What APPEND takes: lines end in CRLF."""

    octets: bytes
    flags: tuple[str, ...] = ()
    received: datetime | None = None    # aware; None: now


@dataclass(frozen=True, slots=True)
class Desk:
    pipeline: Pipeline
    names: Names
    capabilities: frozenset[str]
    read_only: bool
    deselected: Callable[[], None]      # told before another folder is opened: the Session's own is no longer selected

    # -- folders

    def counts(self, folders: Sequence[str]) -> Mapping[str, Standing]:
        """Of those that are there and tell, in one write."""
        answers = self.pipeline.run([self._status(name, _COUNTS) for name in folders])
        return _standings((response for answer in answers for response in answer.said), self.names)

    def standing(self, folder: str) -> Standing:
        """All there is to know. It is opened by SELECT, as only that tells the permanent flags; but by EXAMINE, which tells
        none, where a SELECT would take \\Recent from messages (RFC 3501 2.3.2) or we only read.
        """
        # In its answer to SELECT Dovecot tells it behind the tagged OK.
        answer, = self.pipeline.run([self._status(folder, (*_COUNTS, *((_MODSEQ,) if "CONDSTORE" in self.capabilities else ())))])
        found = _standings(answer.said, self.names).get(folder)
        if not answer.ok or found is None:
            raise refused(answer)
        examined = self.read_only or found.recent > 0
        self.deselected()
        opened, = self.pipeline.run([Command("EXAMINE" if examined else "SELECT", (self.names.wire(folder),))])
        state = state_of(folder, opened, examined=examined)
        return replace(found, flags=flags_told(opened), permanent_flags=None if examined else state.permanent_flags,
                       read_only=opened.code == "READ-ONLY" and not examined)

    def create(self, folder: str) -> None:
        """And subscribes, as mail programs show what is subscribed."""
        self._do("CREATE", folder)
        self._do("SUBSCRIBE", folder)

    def delete(self, folder: str) -> None:
        """With every message in it. The subscription of what is gone goes too, if the server lets it."""
        self._do("DELETE", folder)
        self._try("UNSUBSCRIBE", (folder,))

    def rename(self, folder: str, to: str, below: Iterable[str]) -> None:
        """`below`: the folders under it, which go with it; RENAME leaves subscriptions as they were (RFC 3501 6.3.5)."""
        self._do("RENAME", folder, to)
        old = (folder, *below)
        self._try("SUBSCRIBE", [to + name[len(folder):] for name in old])
        self._try("UNSUBSCRIBE", old)

    def server_name(self, folder: str) -> str:
        """As the server writes it: with its prefix and its delimiter."""
        return self.names.theirs(folder)

    # -- messages

    def append(self, folder: str, messages: Iterable[Message]) -> Iterator[Appended]:
        """Each as it is taken. Raises Refused at the first that is not."""
        batch, octets = list[Command](), 0
        for message in messages:
            batch.append(self._append(folder, message))
            octets += len(message.octets)
            if octets > _BATCH:
                yield from self._appended(batch)
                batch, octets = [], 0
        yield from self._appended(batch)

    def section(self, uid: int, name: str, *, first: int | None = None) -> Iterator[bytes]:
        """Octets of the selected folder's message as the server has them (`HEADER`, `1.2.MIME`, "": all of it), in chunks; PEEK.

        `first`: so many at most.
        """
        if not SECTION.fullmatch(name):
            raise ValueError(name)
        offset, left = 0, first
        while left is None or left > 0:
            size = CHUNK if left is None else min(CHUNK, left)
            octets = self._octets(uid, name, offset, size)
            yield octets
            if len(octets) < size:
                return
            offset += size
            left = None if left is None else left - size

    def _octets(self, uid: int, name: str, offset: int, size: int) -> bytes:
        items = b"(UID BODY.PEEK[%s]<%d.%d>)" % (name.encode("ascii"), offset, size)
        answer, = self.pipeline.run([Command("UID FETCH", (b"%d" % uid, items), uids=(uid, uid))])
        if not answer.ok and answer.code != "EXPUNGEISSUED":
            raise refused(answer)
        told = rows(answer.said).items.get(uid, {})
        for key, value in told.items():
            if key == b"HEADERS" or key.startswith(b"BODY["):
                return value if isinstance(value, bytes) else b""
        raise Refused("UID FETCH", "OK", f"message {uid} is not there", cause=Cause.GONE)

    # -- the wire

    def _status(self, folder: str, items: Iterable[bytes]) -> Command:
        return Command("STATUS", (self.names.wire(folder), b"(%s)" % b" ".join(items)))

    def _do(self, verb: str, *folders: str) -> None:
        self._forbid_where_read_only()
        answer, = self.pipeline.run([Command(verb, tuple(map(self.names.wire, folders)))])
        if not answer.ok:
            raise refused(answer)

    def _try(self, verb: str, folders: Iterable[str]) -> None:
        self.pipeline.run([Command(verb, (self.names.wire(folder),)) for folder in folders])

    def _append(self, folder: str, message: Message) -> Command:
        self._forbid_where_read_only()
        octets = [flag(name) for name in message.flags]
        if None in octets:
            raise ValueError(f"no flags: {message.flags}")
        words = [self.names.wire(folder), b"(%s)" % b" ".join(filter(None, octets))]
        if message.received is not None:
            words.append(_date_time(message.received))
        return Command("APPEND", (*words, Literal(message.octets)), slow=True)

    def _appended(self, batch: Sequence[Command]) -> Iterator[Appended]:
        for answer in self.pipeline.run(batch):
            if not answer.ok:
                raise refused(answer)
            yield _append_uid(answer)

    def _forbid_where_read_only(self) -> None:
        if self.read_only:
            raise RuntimeError("a read-only Session has no effects")


def _append_uid(answer: Answer) -> Appended:
    """[APPENDUID 38505 3955]"""
    numbers = answer.arguments.split() if answer.code == "APPENDUID" else []
    if len(numbers) == 2 and numbers[0].isdigit() and numbers[1].isdigit():
        return Appended(int(numbers[0]), int(numbers[1]))
    return Appended(0, 0)


def _date_time(moment: datetime) -> bytes:
    """RFC 3501 9: `" 5-Jan-2026 09:40:00 +0100"`."""
    zone = moment.strftime("%z")[:5] or "+0000"
    return b'"%11s %s %s"' % (day(moment.date()), moment.strftime("%H:%M:%S").encode(), zone.encode())


def _standings(said: Iterable[Response], names: Names) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    for response in said:
        if response.kind != b"STATUS":
            continue
        name, told = status_items(response, names)
        if name:        # one folder that cannot be read hides no other
            messages, recent, unseen, uidnext, uidvalidity, modseq = (told.get(item, 0) for item in (*_COUNTS, _MODSEQ))
            found[name] = Standing(messages, recent, unseen, uidnext, uidvalidity, modseq)
    return found
