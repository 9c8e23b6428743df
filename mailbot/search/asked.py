"""Keys that only the server knows: `body text gmail gmail_label`; and `uid`, whose `*` is such a one."""

from collections.abc import Iterable
from typing import Any

from mailbot.document.values import Mapping, Scalar, Value, described
from mailbot.search.arguments import Arguments
from mailbot.search.facts import Facts
from mailbot.search.fold import fold
from mailbot.search.nodes import Key, Node
from mailbot.search.program import EVERYTHING, Program, either, negated, term
from mailbot.search.reading import LINES_SCHEMA, TEXTS_SCHEMA, any_of, lines, texts
from mailbot.search.spec import Parsing, Predicate, Server, Spec, taken
from mailbot.search.tokens import Token, octets, string
from mailbot.search.utf7 import utf7

GMAIL = "X-GM-EXT-1"
_QUESTION = 4_000           # octets of one question: with its UIDs it stays below the 8,000 of a command (RFC 7162 4)
_SLOW = "the server reads every message for it"


def _always(_value: Any) -> bool:
    return True


def _never_said(_value: object, _facts: Facts) -> str:
    return "only the server can tell"


# body, text: the value is a tuple of texts, any of which may be found: one question to the server.

def _questions(name: str, found: Iterable[str]) -> Iterable[Key]:
    """The texts in as few keys as keep each question short."""
    pack: list[str] = []
    room = _QUESTION
    for text in found:
        length = octets((b"OR", b"BODY", string(text)))
        if pack and length > room:
            yield Key(name, tuple(pack))
            pack, room = [], _QUESTION
        pack.append(text)
        room -= length
    if pack:
        yield Key(name, tuple(pack))


def _text_row(name: str, doc: str) -> Spec:
    spoken = name.upper().encode("ascii")

    def read(value: Value, parsing: Parsing) -> Node | None:
        if isinstance(value, Mapping):
            listed = lines(value, parsing)
            found = None if listed is None else listed.texts
        else:
            found = texts(value, parsing)
        return None if found is None else any_of(_questions(name, found))

    def holds(value: tuple[str, ...]) -> Predicate:
        key, wanted = Key(name, value), tuple(map(fold, value))

        def held(facts: Facts) -> bool | None:
            said = facts.answered(key)
            if said is not None:
                return said
            here = facts.body() if name == "body" else facts.whole()
            return None if here is None else any(text in here for text in wanted)
        return held

    def shows(value: tuple[str, ...], facts: Facts) -> str:
        if facts.answered(Key(name, value)) is not None:
            return "as the server says"
        return "the server did not say" if facts.message.body is None else "read in the message itself"

    def over(value: tuple[str, ...], _server: Server) -> Program:
        return either(term(spoken, string(text)) for text in value)

    def rest(value: tuple[str, ...], server: Server) -> Program:
        return negated(over(value, server))

    return Spec(name, doc, f"{name}: order confirmed", {"anyOf": [TEXTS_SCHEMA, LINES_SCHEMA]}, read, holds, shows,
                over, rest, asked=_always, spoken=name.upper(),
                arguments=taken(name, lambda arguments: (arguments.text(),)),
                written=lambda value: value[0] if len(value) == 1 else f"[{', '.join(value)}]", warning=_SLOW)


# Gmail's own (developers.google.com/workspace/gmail/imap/imap-extensions).

def _as_answered(key: Key) -> Predicate:
    return lambda facts: facts.answered(key)


def _gmail_row(name: str, spoken: str, doc: str, example: str) -> Spec:
    word = spoken.encode("ascii")

    def argument(value: str) -> Token:
        return string(utf7(value) if name == "gmail_label" else value)

    def over(value: str, server: Server) -> Program:
        return term(word, argument(value)) if GMAIL in server.capabilities else EVERYTHING

    def rest(value: str, server: Server) -> Program:
        return term(b"NOT", word, argument(value)) if GMAIL in server.capabilities else EVERYTHING

    def read(value: Value, parsing: Parsing) -> Node | None:
        found = texts(value, parsing)
        return None if found is None else any_of(Key(name, text) for text in found)

    return Spec(name, doc, example, TEXTS_SCHEMA, read, lambda value: _as_answered(Key(name, value)), _never_said,
                over, rest, asked=_always, spoken=spoken, arguments=taken(name, Arguments.text))


# uid: a tuple of (first, last), last None for `*`; or "*" alone, the message with the largest UID, which the server knows.

LARGEST = "*"
_LAST = 2**32 - 1
Ranges = tuple[tuple[int, int | None], ...]


def uid_node(text: str) -> Node:
    """From a valid sequence-set of RFC 3501 9.

    `200:*` is 200 and above: where RFC 3501 6.4.8 has it name the last message too when that is below 200, we do not.
    """
    ranges: list[tuple[int, int | None]] = []
    nodes: list[Node] = []
    for part in text.split(","):
        ends = part.split(":")
        numbers = sorted(int(end) for end in ends if end != "*")
        if not numbers:
            nodes.append(Key("uid", LARGEST))
        else:
            ranges.append((numbers[0], None if "*" in ends else numbers[-1]))
    return any_of([*([Key("uid", tuple(ranges))] if ranges else []), *nodes])


def _read_uid(value: Value, parsing: Parsing) -> Node | None:
    hint = 'as in "1:100,200:*"'
    if not isinstance(value, Scalar) or value.kind in ("bool", "null"):
        parsing.problems.add(value, f"a set of UIDs was expected, not {described(value)}", hint)
        return None
    if not Arguments.is_set(value.text):
        parsing.problems.add(value, f'"{value.text}" is no set of UIDs', hint)
        return None
    return uid_node(value.text)


def _uid_holds(value: Ranges | str) -> Predicate:
    if isinstance(value, str):
        return _as_answered(Key("uid", value))
    return lambda facts: any(first <= facts.message.uid and (last is None or facts.message.uid <= last) for first, last in value)


def _uid_written(value: Ranges | str) -> str:
    if isinstance(value, str):
        return value
    return ",".join(str(first) if first == last else f"{first}:{last or '*'}" for first, last in value)


def _uid_over(value: Ranges | str, _server: Server) -> Program:
    if isinstance(value, str):
        return term(b"UID", b"*")
    # Not `200:*`: it names the last message too, whatever its UID (RFC 3501 6.4.8).
    return term(b"UID", b",".join(b"%d" % first if first == last else b"%d:%d" % (first, last or _LAST) for first, last in value))


ROWS: tuple[Spec, ...] = (
    _text_row("body", "a text in the body, as the server finds it"),
    _text_row("text", "a text in the header or the body, as the server finds it"),
    _gmail_row("gmail", "X-GM-RAW", "a query in Gmail's own search language (Gmail only)", "gmail: has:attachment larger:5M"),
    _gmail_row("gmail_label", "X-GM-LABELS", "has this label (Gmail only)", "gmail_label: Work/Invoices"),
    Spec("uid", "its UID is in this set; `200:*` is 200 and above, `*` the largest in the folder", 'uid: "1:100,200:*"',
         {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^[0-9:,*]+$"}]}, _read_uid, _uid_holds,
         lambda _value, facts: f"UID {facts.message.uid}", _uid_over, lambda value, server: negated(_uid_over(value, server)),
         asked=lambda value: value == LARGEST, spoken="UID", arguments=lambda arguments: uid_node(arguments.uids()),
         written=_uid_written, warning="UIDs name messages of one folder, until its UIDVALIDITY changes"),
)
