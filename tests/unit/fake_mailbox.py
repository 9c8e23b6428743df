"""A Mailbox in memory: an account's server as the engine sees it, that can be cut off before any single change.

`steps` lets so many changes through (a message copied, flagged, expunged, moved; an answer given), then the connection is gone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mailbot.effects import (
    AddFlags,
    Copy,
    Delete,
    Effect,
    Fields,
    Folder,
    Folders,
    FolderState,
    Gathered,
    Move,
    Order,
    Outcome,
    RemoveFlags,
    SavedPart,
    SetFlags,
    Wanted,
)
from mailbot.errors import Cause, Refused, Unreachable
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.mail.structure import structure_of
from mailbot.plan.flags import after
from mailbot.search.evaluate import verdict
from mailbot.search.nodes import Node
from tests.unit.parts import part_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL_FLAGS = frozenset({r"\Seen", r"\Answered", r"\Flagged", r"\Draft", r"\Deleted", r"\*"})


def eml(subject: str = "hello", *, sender: str = "ada@example.org", message_id: str = "", body: str = "text") -> bytes:
    lines = [f"From: {sender}", f"Subject: {subject}", f"Message-ID: <{message_id or subject}@example.org>", "", body, ""]
    return "\r\n".join(lines).encode()


@dataclass
class Box:
    """A folder: its mail by UID."""

    uidvalidity: int = 7
    uidnext: int = 1
    mail: dict[int, Message] = field(default_factory=dict)
    modseq: int = 1
    changed: dict[int, int] = field(default_factory=dict)       # UID -> mod-sequence of its last change

    def change(self, uid: int, flags: frozenset[str]) -> None:
        self.mail[uid] = replace(self.mail[uid], flags=flags)
        self.modseq += 1
        self.changed[uid] = self.modseq


class FakeMailbox:
    """`capabilities`: MOVE, UIDPLUS and CONDSTORE, as of a server; `refuse` answers for an effect: (cause, why)."""

    def __init__(self, *names: str, capabilities: Iterable[str] = ("MOVE", "UIDPLUS"), account: str = "home") -> None:
        self.account = account
        self.boxes = {name: Box() for name in ("INBOX", "Trash", *names)}
        self.capabilities = frozenset(capabilities)
        self.steps: int | None = None
        self.refuse: dict[Effect, tuple[Cause, str]] = {}
        self.broken: dict[int, str] = {}
        self.asked: list[str] = []
        self.unanswered = False             # server-only SEARCH keys are refused
        self.before_apply: list[Sequence[Order]] = []
        self._selected = ""

    # -- what a test does

    def deliver(self, folder: str, raw: bytes, *flags: str, received: datetime = NOW) -> int:
        """The UID it got."""
        box = self.boxes[folder]
        uid = box.uidnext
        headers = Headers.parse(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        box.mail[uid] = Message(uid, frozenset(flags), received, len(raw), headers, structure_of(raw), body=raw)
        box.uidnext += 1
        return uid

    def carry(self, source: str, uid: int, target: str) -> int:
        """A person moves a message with another client."""
        return self._put(self.boxes[source].mail.pop(uid), target)

    def renumber(self, folder: str) -> None:
        """A new UIDVALIDITY: every UID is another one."""
        box = self.boxes[folder]
        mail = list(box.mail.values())
        self.boxes[folder] = Box(box.uidvalidity + 1, 101)
        for message in mail:
            self._put(message, folder)

    def rename(self, folder: str, name: str) -> None:
        self.boxes[name] = self.boxes.pop(folder)

    def flag(self, folder: str, uid: int, *flags: str) -> None:
        self.boxes[folder].change(uid, frozenset(flags))

    def subjects(self, folder: str) -> list[str]:
        return [message.headers.first("subject") or "" for message in self.boxes[folder].mail.values()]

    def flags(self, folder: str, uid: int) -> frozenset[str]:
        return self.boxes[folder].mail[uid].flags

    def reconnect(self) -> None:
        self.steps, self._selected = None, ""

    # -- the port

    def folders(self, *, refresh: bool = False) -> Folders:
        rows = {name: Folder(name, frozenset({r"\Trash"}) if name == "Trash" else frozenset()) for name in self.boxes}
        return Folders(rows, {r"\Trash": "Trash"})

    def select(self, folder: str) -> FolderState:
        self.asked.append(f"select {folder}")
        self._reachable()
        if folder not in self.boxes:
            self._selected = ""
            raise Refused("SELECT", "NO", "no such folder", "NONEXISTENT", Cause.FOLDER)
        self._selected = folder
        return self._state(folder)

    def status(self, folders: Sequence[str]) -> Mapping[str, FolderState]:
        return {name: self._state(name) for name in folders if name in self.boxes}

    def gather(self, wanted: Wanted) -> Iterator[Gathered]:
        self.asked.append("gather")
        self._reachable()
        folder = self._selected
        scope = [uid for uid in sorted(self._box.mail)
                 if (wanted.since is not None and uid >= wanted.since) or uid in wanted.uids]
        for start in range(0, max(len(scope), 1), 2000):
            uids = scope[start:start + 2000]
            mail = [self._box.mail[uid] for uid in uids if uid not in self.broken]
            answers = {node: None if self.unanswered else frozenset(
                m.uid for m in mail if verdict(node, m, {}, NOW)) for node in wanted.ask}
            yield Gathered(self._state(folder), tuple(replace(m, body=None) for m in mail), answers, len(uids),
                           {uid: why for uid, why in self.broken.items() if uid in uids})
            assert self._selected == folder, "another folder was selected while this one was being read"

    def candidates(self, narrow: Node | None, since: int) -> Sequence[int]:
        self.asked.append("candidates")
        self._reachable()
        return [uid for uid, message in sorted(self._box.mail.items())
                if uid >= since and (narrow is None or verdict(narrow, message, {}, NOW) is not False)]

    def fetch(self, uids: Iterable[int], fields: Fields, *, changed_since: int = 0) -> Mapping[int, Message]:
        self.asked.append(f"fetch changes since {changed_since}" if changed_since else "fetch")
        self._reachable()
        return {uid: replace(self._box.mail[uid], body=None) for uid in uids
                if uid in self._box.mail and (not changed_since or self._box.changed.get(uid, 0) > changed_since)}

    def parts(self, uid: int, parts: Sequence[SavedPart]) -> Iterator[Iterator[bytes]]:
        return (self._octets(uid, part.number) for part in parts)

    def _octets(self, uid: int, number: str) -> Iterator[bytes]:
        self._reachable()
        message = self._box.mail.get(uid)
        octets = None if message is None or message.body is None else part_of(message.body, number) if number else message.body
        if octets is None:
            raise Refused("UID FETCH", "OK", "it is gone", cause=Cause.GONE)
        for start in range(0, len(octets), 1000):
            self._step()
            yield octets[start:start + 1000]

    def apply(self, orders: Sequence[Order], *, last: bool = False) -> list[Outcome]:
        self.asked.append("apply")
        self.before_apply.append(tuple(orders))
        outcomes = [outcome for order in orders for outcome in self._apply(order)]
        self._step()        # the answer
        return outcomes

    # -- how it is done

    @property
    def _box(self) -> Box:
        return self.boxes[self._selected]

    def _state(self, folder: str) -> FolderState:
        box = self.boxes[folder]
        return FolderState(folder, box.uidvalidity, box.uidnext, len(box.mail), ALL_FLAGS, read_only=False,
                           highestmodseq=box.modseq if "CONDSTORE" in self.capabilities else 0)

    def _reachable(self) -> None:
        if self.steps == 0:
            raise Unreachable("cut off")

    def _step(self) -> None:
        self._reachable()
        if self.steps is not None:
            self.steps -= 1

    def _apply(self, order: Order) -> Iterator[Outcome]:
        effect = order.effect
        if (refusal := self.refuse.get(effect)) is not None:
            for uid in order.uids:
                yield Outcome(effect, uid, *refusal)
            return
        match effect:
            case AddFlags() | RemoveFlags() | SetFlags():
                for uid in order.uids:
                    if uid in self._box.mail:
                        self._step()
                        self._box.change(uid, after(effect, self._box.mail[uid].flags))
                    yield Outcome(effect, uid)
            case Copy(to):
                yield from self._copied(effect, order.uids, to)
            case Move(to) if "MOVE" in self.capabilities:
                yield from self._copied(effect, order.uids, to, expunge=True)
            case Move(to):
                outcomes = list(self._copied(effect, order.uids, to))
                marked = self._removed([outcome.uid for outcome in outcomes if outcome.done])
                yield from (replace(outcome, why=marked) if outcome.done else outcome for outcome in outcomes)
            case Delete():
                there = [uid for uid in order.uids if uid in self._box.mail]
                marked = self._removed(there)
                yield from (Outcome(effect, uid, None, marked) if uid in there else Outcome(effect, uid, Cause.GONE)
                            for uid in order.uids)

    def _copied(self, effect: Effect, uids: Sequence[int], to: str, *, expunge: bool = False) -> Iterator[Outcome]:
        for uid in uids:
            if uid not in self._box.mail:
                yield Outcome(effect, uid, Cause.GONE)
                continue
            self._step()
            new = self._put(self._box.mail[uid], to)
            if expunge:
                del self._box.mail[uid]
            yield Outcome(effect, uid, target_uidvalidity=self.boxes[to].uidvalidity, target_uid=new)

    def _removed(self, uids: Sequence[int]) -> str:
        for uid in uids:
            self._step()
            self._box.mail[uid] = replace(self._box.mail[uid], flags=self._box.mail[uid].flags | {r"\Deleted"})
        if "UIDPLUS" not in self.capabilities:
            return "marked"
        for uid in uids:
            self._step()
            del self._box.mail[uid]
        return ""

    def _put(self, message: Message, folder: str) -> int:
        box = self.boxes.setdefault(folder, Box())
        uid = box.uidnext
        box.mail[uid] = replace(message, uid=uid, flags=message.flags - {r"\Deleted"})
        box.uidnext += 1
        return uid
