"""UID SEARCH: conditions put to the server, and what it found (RFC 3501 6.4.4, ESEARCH: RFC 4731)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbot.errors import Refused
from mailbot.imap.command import LONGEST_LINE, Answer, Command
from mailbot.imap.fetching import LATER, refused
from mailbot.imap.lexer import Malformed, Response
from mailbot.imap.uidset import expand
from mailbot.search.compile import compile as compile_search
from mailbot.search.compile import question, searched
from mailbot.search.needs import keys
from mailbot.search.nodes import And, Node, Or
from mailbot.search.tokens import Literal, Token, charset, octets

LARGEST_FOLDER = 3_000_000      # messages

Program = tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """`commands`: what they find together is the answer; none of them: the server is not asked (again)."""

    node: Node
    commands: tuple[Command, ...]
    headers: frozenset[str] = frozenset()       # in which they look for text, lower case


class Searching:
    """What this server searches for, and what it has refused in this session: that is not sent again."""

    def __init__(self, capabilities: frozenset[str], now: Callable[[], datetime]) -> None:
        self.capabilities, self._now = capabilities, now
        self.extended = "ESEARCH" in capabilities
        self._refused: set[Node] = set()
        self._ascii_only = False

    def narrowing(self, node: Node, uid_sets: Sequence[bytes], *, by_text: bool = True) -> Question:
        """Finds at least what matches; not `by_text` where the headers are to be read in any case."""
        return self._question(node, uid_sets, lambda part, room: self._compiled(part, room, by_text=by_text))

    def question(self, node: Node, uid_sets: Sequence[bytes]) -> Question:
        """What the server says of `node` is the answer."""
        return self._question(node, uid_sets, lambda part, _room: self._asked(part))

    def _question(self, node: Node, uid_sets: Sequence[bytes], compiled: Callable[[Node, int], Program | None]) -> Question:
        room = LONGEST_LINE - max(map(len, uid_sets)) - 100
        programs = None if node in self._refused else _programs(node, room, compiled)
        commands = tuple(self.command(uid_set, program) for program in programs or () for uid_set in uid_sets)
        return Question(node, commands, frozenset().union(*map(searched, programs or ())))

    def _compiled(self, node: Node, room: int | None, *, by_text: bool) -> Program:
        return compile_search(node, capabilities=self.capabilities, now=self._now(), refused=self._unasked(node), limit=room,
                              by_words=not by_text)

    def _asked(self, node: Node) -> Program | None:
        return question(node, capabilities=self.capabilities, now=self._now(), refused=self._unasked(node))

    def _unasked(self, node: Node) -> frozenset[Node]:
        if not self._ascii_only:
            return frozenset(self._refused)
        compiled = {key: question(key, capabilities=self.capabilities, now=self._now()) for key in keys(node)}
        return frozenset(self._refused) | {key for key, program in compiled.items() if program and charset(program)}

    def command(self, uid_set: bytes, program: Program = (), *, count: bool = False) -> Command:
        """`count`: only how many, which takes ESEARCH."""
        returning = ((b"RETURN (COUNT)",) if count else (b"RETURN (ALL)",)) if self.extended else ()
        in_utf8 = (b"CHARSET UTF-8",) if charset(program) else ()
        words = (*returning, *in_utf8, b"UID " + uid_set, *program)
        return Command("UID SEARCH", words, single=not self.extended, slow=bool(program))

    def answer(self, question: Question, answers: Sequence[Answer], *, exists: int) -> frozenset[int] | None:
        """None where the server did not say. `exists`: messages in the folder."""
        if not question.commands:
            return None
        found: set[int] = set()
        for answer in answers:
            uids = self.uids(answer, exists=exists)
            if uids is None:
                self._note(question.node, answer)
                return None
            found.update(uids)
        return frozenset(found)

    def uids(self, answer: Answer, *, exists: int) -> list[int] | None:
        """Ascending. None where the server refused, or (Cyrus on FUZZY) said OK and nothing else."""
        if not answer.ok:
            return None
        if self.extended:
            told = _extended(answer)
            if told is None:
                return None
            every = told.get(b"ALL", b"")
            text = b"%d" % every if isinstance(every, int) else every
            # Mail may have come that nobody has announced, but nobody may make us count to four thousand million.
            uids = expand(text, most=min(exists, LARGEST_FOLDER) + 100_000) if isinstance(text, bytes) and text else None if text else []
            return None if uids is None else sorted(uids)
        found: set[int] = set()
        for response in answer.said:
            if response.kind == b"SEARCH":
                found.update(value for value in _values(response) if isinstance(value, int))
        return sorted(found)

    def count(self, answer: Answer) -> int:
        told = _extended(answer) or {}
        number = told.get(b"COUNT", 0)
        return number if isinstance(number, int) else 0

    def _note(self, node: Node, answer: Answer) -> None:
        if not answer.ok and refused(answer).cause in LATER:
            return
        if not self._ascii_only and any(isinstance(word, Literal) for word in answer.command.words):
            self._ascii_only = True     # BADCHARSET, or BAD (Cyrus): what can be said in ASCII is asked, the rest is read here
        else:
            self._refused.add(node)


def _programs(node: Node, room: int, compiled: Callable[[Node, int], Program | None]) -> list[Program] | None:
    """As many SEARCH programs as keep each below `room` octets; None where that cannot be done."""
    waiting, done = [node], list[Program]()
    while waiting:
        part = waiting.pop()
        halves = _halves(part)
        program = compiled(part, 1_000_000 if halves else room)
        if program is None:
            return None
        if octets(program) <= room:
            done.append(program)
        elif halves:
            waiting.extend(reversed(halves))
        else:
            return None
    return done


def _halves(node: Node) -> tuple[Node, Node] | None:
    """Two conditions, either of which holds where `node` does; None where there is nothing to part."""
    match node:
        case Or(nodes) if len(nodes) > 1:
            middle = len(nodes) // 2
            return Or(nodes[:middle]), Or(nodes[middle:])
        case And(nodes):
            for index, part in enumerate(nodes):
                if halves := _halves(part):
                    one, other = (And((*nodes[:index], half, *nodes[index + 1:])) for half in halves)
                    return one, other
    return None


def _extended(answer: Answer) -> dict[object, object] | None:
    for response in answer.said:
        if response.kind == b"ESEARCH":
            words = [value for value in _values(response) if value != b"UID"][1:]       # the first is the correlator
            return dict(zip(words[::2], words[1::2], strict=False))
    return None


def _values(response: Response) -> list[object]:
    try:
        return response.values
    except Malformed as error:
        raise Refused("UID SEARCH", "OK", f"the answer cannot be read: {error}") from error
