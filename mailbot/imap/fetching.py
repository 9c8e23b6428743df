"""UID FETCH of messages' fields, with what cannot be read fetched again alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailbot.effects import Fields
from mailbot.errors import Cause, Refused
from mailbot.imap.causes import cause, code_of
from mailbot.imap.command import LONGEST_LINE, Answer, Command
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.rows import Rows, Unreadable, items, message, rows
from mailbot.imap.uidset import bounds, sets
from mailbot.mail.message import Message

LATER = (Cause.RETRY, Cause.QUOTA)


def refused(answer: Answer) -> Refused:
    code = code_of(answer.code, answer.text)
    return Refused(answer.command.name, answer.status, answer.text, code, cause(code))


@dataclass(slots=True)
class Fetched:
    messages: dict[int, Message] = field(default_factory=dict)      # ascending by UID
    broken: dict[int, str] = field(default_factory=dict)            # UID -> why
    unnamed: bool = False                                           # rows of nobody knows which UID could not be read
    highest: int = 0                                                # sequence number


@dataclass(frozen=True, slots=True)
class Fetch:
    """One question about many messages: its commands, and what their answers amount to."""

    fields: Fields
    capabilities: frozenset[str]
    changed_since: int = 0      # mod-sequence (RFC 7162 3.1.4.1): of what has not changed since nothing is told

    def command(self, uid_set: bytes) -> Command:
        words: tuple[bytes, ...] = (uid_set, items(self.fields, self.capabilities))
        if self.changed_since:
            words = (*words, b"(CHANGEDSINCE %d)" % self.changed_since)
        return Command("UID FETCH", words, uids=bounds(uid_set))

    def commands(self, uids: Iterable[int], most: int) -> list[Command]:
        room = LONGEST_LINE - len(items(self.fields, self.capabilities)) - 80
        return [self.command(uid_set) for uid_set, _ in sets(uids, octets=room, most=most)]

    def read(self, pipeline: Pipeline, answers: Sequence[Answer], uids: Iterable[int] = ()) -> Fetched:
        """`uids`: those that are there, as far as is known; where a command failed, they are asked for one by one."""
        found = rows(response for answer in answers for response in answer.said)
        again = set(found.unreadable) | (set(uids) - set(found.items) if found.nameless else set())
        for answer in answers:
            if answer.ok or answer.code == "EXPUNGEISSUED":     # Dovecot: NO, where some are gone; the others were told
                continue
            if refused(answer).cause in LATER or answer.status == "BAD":
                raise refused(answer)
            again |= set(uids) - set(found.items)
        fetched = Fetched(unnamed=bool(found.nameless), highest=found.highest)
        self._take(found, fetched)
        self._alone(pipeline, sorted(again | set(fetched.broken)), fetched)
        fetched.messages = dict(sorted(fetched.messages.items()))
        return fetched

    def _take(self, found: Rows, fetched: Fetched) -> None:
        for uid, told in found.items.items():
            if uid in found.unreadable or told.keys() <= {b"UID", b"FLAGS", b"MODSEQ"}:
                continue            # the latter: another client has set flags, which is told unasked
            try:
                fetched.messages[uid] = message(uid, told, self.fields)
            except Unreadable as error:
                fetched.broken[uid] = str(error)

    def _alone(self, pipeline: Pipeline, uids: Sequence[int], fetched: Fetched) -> None:
        """Each by itself: what one answer spoilt for others is read after all, and what is still spoilt is told."""
        fetched.broken.clear()
        answers = pipeline.run([self.command(b"%d" % uid) for uid in uids])
        for uid, answer in zip(uids, answers, strict=True):
            if not answer.ok and refused(answer).cause in LATER:
                raise refused(answer)
            found = rows(answer.said)
            self._take(found, fetched)
            if uid in fetched.messages or uid in fetched.broken:
                continue
            if uid in found.unreadable:
                fetched.broken[uid] = found.unreadable[uid]
            elif not answer.ok and answer.code != "EXPUNGEISSUED":
                fetched.broken[uid] = answer.text
