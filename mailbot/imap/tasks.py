"""What an order becomes: commands for as many UIDs as one line holds, and what their answers amount to."""

import re
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from mailbot.effects import ONLY_MARKED, AddFlags, Copy, Delete, Effect, FlagEffect, Move, Order, Outcome, RemoveFlags, SetFlags
from mailbot.errors import Cause
from mailbot.imap.causes import cause, code_of
from mailbot.imap.command import LONGEST_LINE, Answer, Command, flag
from mailbot.imap.lexer import Response
from mailbot.imap.names import Names
from mailbot.imap.rows import rows
from mailbot.imap.uidset import bounds, expand, sets

DELETED = r"\Deleted"
# The answer to a look, as most servers write it; token by token it takes ten times as long, and there is one for each message.
_LOOK = re.compile(rb'\* \d+ FETCH \(UID \d+ FLAGS \(([^()"{}]*)\)\)\r\n')


@dataclass(slots=True)
class Task:
    effect: Effect
    uids: tuple[int, ...]
    commands: tuple[Command, ...]
    answers: Sequence[Answer] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a copy is: COPYUID (RFC 4315 3), or a look into the target."""

    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class End:
    """What became of an original."""

    cause: Cause | None
    why: str


GONE = End(None, "")
MARKED = End(None, ONLY_MARKED)
STAYS = End(Cause.FOLDER, "the server said OK, but the message is still there: no right to delete?")     # as Dovecot does


@dataclass(frozen=True, slots=True)
class Writing:
    """How this server is told."""

    capabilities: frozenset[str]
    names: Names
    most: int                                       # UIDs that a command names at most
    by_copy: bool = False                           # a move is a copy, and then the removal of what was copied
    marked: frozenset[int] = field(default=frozenset())     # of SetFlags' messages those with \\Deleted: they keep it

    def tasks(self, order: Order) -> Iterator[Task]:
        match order.effect:
            case AddFlags() | RemoveFlags() | SetFlags() as effect:
                yield from self._flags(effect, order.uids)
            case Copy(to) | Move(to) as effect:
                verb = "UID MOVE" if isinstance(effect, Move) and not self.by_copy else "UID COPY"
                target = self.names.wire(to)
                for uid_set, uids in self._sets(order.uids, 200 + (len(target) if isinstance(target, bytes) else 0)):
                    yield Task(effect, uids, (Command(verb, (uid_set, target), slow=True),))
            case Delete() as effect:
                yield from self.removals(effect, order.uids)
            case _:
                raise TypeError("a Save is not for the wire")

    def removals(self, effect: Effect, uids: Iterable[int]) -> Iterator[Task]:
        """Exactly these UIDs; never plain EXPUNGE, which takes what the user has marked (RFC 3501 6.4.3).

        The FETCH looks whether they went.
        """
        for uid_set, named in self._sets(uids, 100):
            mark = Command("UID STORE", (uid_set, rb"+FLAGS.SILENT (\Deleted)"))
            expunge = (Command("UID EXPUNGE", (uid_set,), slow=True),) if "UIDPLUS" in self.capabilities else ()
            yield Task(effect, named, (mark, *expunge, look(uid_set)))

    def looks(self, uids: Iterable[int]) -> list[Command]:
        return [look(uid_set) for uid_set, _ in self._sets(uids, 100)]

    def _flags(self, effect: FlagEffect, uids: Iterable[int]) -> Iterator[Task]:
        how = {AddFlags: b"+FLAGS.SILENT", RemoveFlags: b"-FLAGS.SILENT", SetFlags: b"FLAGS.SILENT"}[type(effect)]
        for kept, named in self._by_mark(effect, uids):
            words = [octets for name in sorted(effect.flags | kept) if (octets := flag(name))]
            for uid_set, members in self._sets(named, 100 + sum(map(len, words)) + len(words)):
                impossible = any(flag(name) is None for name in effect.flags)
                store = Command("UID STORE", (uid_set, b"%s (%s)" % (how, b" ".join(words))))
                yield Task(effect, members, () if impossible else (store,))

    def _by_mark(self, effect: FlagEffect, uids: Iterable[int]) -> list[tuple[frozenset[str], list[int]]]:
        if not isinstance(effect, SetFlags):
            return [(frozenset(), list(uids))]
        return [(frozenset({DELETED}), [uid for uid in uids if uid in self.marked]),
                (frozenset(), [uid for uid in uids if uid not in self.marked])]

    def _sets(self, uids: Iterable[int], taken: int) -> Iterator[tuple[bytes, tuple[int, ...]]]:
        return sets(uids, octets=LONGEST_LINE - taken, most=self.most)


def look(uid_set: bytes) -> Command:
    return Command("UID FETCH", (uid_set, b"(UID FLAGS)"), uids=bounds(uid_set))


def said_in(answers: Iterable[Answer]) -> list[Response]:
    """All that was said in a write, in order. (Dovecot's tagged answers come late: what comes before one may be another's.)"""
    return sorted((response for answer in answers for response in answer.said), key=lambda response: response.order)


def seen(answers: Iterable[Answer]) -> dict[int, frozenset[bytes]]:
    """The UIDs that are there, with their flags in lower case, as looks tell; less those that an EXPUNGE behind them took away.

    (Dovecot looks first and expunges then, whatever the order of the commands in a write.)
    """
    there: dict[int, frozenset[bytes]] = {}
    numbered: dict[int, int] = {}       # by the sequence number before anything went: UID
    gone: list[int] = []                # such numbers, ascending
    for response in said_in(answers):
        if response.kind == b"FETCH" and response.uid:
            told = _flags(response)
            if told is not None:        # a STORE's new MODSEQ is no look (RFC 7162 3.1.3)
                there[response.uid] = told
                numbered[_first_number(response.number, gone)] = response.uid
        elif response.kind == b"EXPUNGE":
            number = _first_number(response.number, gone)
            insort(gone, number)
            there.pop(numbered.get(number, 0), None)
    return there


def _flags(response: Response) -> frozenset[bytes] | None:
    """In lower case; None where a FETCH tells none."""
    if plain := _LOOK.fullmatch(response.parts[0]):
        return _words(plain[1])
    told = rows([response]).items.get(response.uid, {})
    return frozenset(word.lower() for word in told[b"FLAGS"] or () if isinstance(word, bytes)) if b"FLAGS" in told else None


@lru_cache(1024)
def _words(flags: bytes) -> frozenset[bytes]:
    return frozenset(flags.lower().split())


def _first_number(number: int, gone: Sequence[int]) -> int:
    """What is `number` now was this before those were gone: the ones behind each had moved up at once (RFC 3501 7.4.1)."""
    first = number
    while (moved := number + bisect_right(gone, first)) != first:
        first = moved
    return first


def placed(answers: Sequence[Answer], most: int) -> dict[int, Placed]:
    """Where what was copied is, by its UID: from COPYUID in the tagged OK or (MOVE, RFC 6851 4.3) in an untagged one."""
    found: dict[int, Placed] = {}
    codes = [(answer.code, answer.arguments) for answer in answers]
    codes += [response.code[:2] for response in said_in(answers) if response.kind == b"OK"]
    for code, arguments in codes:
        words = arguments.split()
        if code != "COPYUID" or len(words) != 3 or not words[0].isdigit():
            continue
        sources, targets = (expand(word, most=most) for word in words[1:])
        if sources and targets and len(sources) == len(targets):
            found.update((uid, Placed(int(words[0]), target)) for uid, target in zip(sources, targets, strict=True))
    return found


def failure(answers: Iterable[Answer], *, into_folder: bool = False) -> tuple[Cause, str] | None:
    """The first that was not OK."""
    for answer in answers:
        if answer.status and not answer.ok:
            return cause(code_of(answer.code, answer.text), into_folder=into_folder), answer.text
    return None


def stored(task: Task) -> list[Outcome]:
    """A STORE's OK is taken at its word: where the message has gone, there is nothing left to flag."""
    if not task.commands:
        return [Outcome(task.effect, uid, Cause.MESSAGE, "no flag that IMAP can write") for uid in task.uids]
    said = failure(task.answers)
    return [Outcome(task.effect, uid, *(said or (None, ""))) for uid in task.uids]


def removed(task: Task, there: Mapping[int, frozenset[bytes]], *, uidplus: bool) -> dict[int, End]:
    r"""What a removal came to. Without UIDPLUS it stays, marked \Deleted."""
    said = failure(task.answers)
    looked = task.answers[-1].ok or task.answers[-1].code == "EXPUNGEISSUED"
    found: dict[int, End] = {}
    for uid in task.uids:
        if uid not in there and looked:
            found[uid] = GONE
        elif not uidplus and DELETED.lower().encode() in there.get(uid, frozenset()):
            found[uid] = MARKED
        else:
            found[uid] = End(*said) if said else STAYS
    return found
