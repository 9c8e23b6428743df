"""How values are read from the rules file: parts that the rows share."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from mailbot.document import scalars
from mailbot.document.problems import Problems
from mailbot.document.shapes import unknown
from mailbot.document.values import Mapping, Scalar, Sequence, Value, described
from mailbot.search.lines import Lines
from mailbot.search.nodes import And, Key, Node, Or
from mailbot.search.spec import Parsing

LONGEST = 200       # characters that `explain` shows of what a key read
EMPTY = "an empty text would be found in every message: for presence write `header: {Subject: true}`"
TEXT_SCHEMA = {"type": ["string", "number"], "minLength": 1}


def one_or_list(item: object) -> dict[str, object]:
    """JSON Schema: the item, or a list of such."""
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


TEXTS_SCHEMA = one_or_list(TEXT_SCHEMA)
SIZE_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d{1,12}([kKmMgG][iI]?)?[bB]?$"}]}
LINES_SCHEMA = {
    "type": "object", "properties": {"file": {"type": "string", "minLength": 1}}, "required": ["file"],
    "additionalProperties": False}


def any_of(nodes: Iterable[Node]) -> Node:
    found = tuple(dict.fromkeys(nodes))
    return found[0] if len(found) == 1 else Or(found)


def all_of(nodes: Iterable[Node | None]) -> Node | None:
    """None where one of them could not be read: the others are not the condition."""
    found = tuple(nodes)
    read = tuple(node for node in found if node is not None)
    return None if len(read) < len(found) else read[0] if len(read) == 1 else And(read)


def texts(value: Value, parsing: Parsing) -> tuple[str, ...] | None:
    """One text or a list; empty ones are refused with the way out."""
    if isinstance(value, Mapping):
        hint = scalars.braces(value, parsing.problems) or "quote a text that holds a colon and a space"
        parsing.problems.add(value, "a text or a list was expected, not a mapping", hint)
        return None
    return scalars.texts(value, parsing.problems, empty=EMPTY)


def lines(value: Mapping, parsing: Parsing) -> Lines | None:
    """`{file: names.txt}`."""
    names = [key.text for key, _ in value.entries]
    if names != ["file"]:
        odd = next((key for key, _ in value.entries if key.text != "file"), value)
        hint = scalars.braces(value, parsing.problems) or "one value a line: {file: names.txt}"
        parsing.problems.add(odd, "a text, a list or {file: …} was expected", hint)
        return None
    _, named = value.entries[0]
    path = scalars.text(named, parsing.problems)
    if path is None:
        return None
    found = parsing.lists(path, named.position)
    return None if found is None else Lines(path, found)


def texts_or_lines(name: str) -> Callable[[Value, Parsing], Node | None]:
    """Key(name, text) for each text, ORed; Key(name, Lines) for a file."""
    def read(value: Value, parsing: Parsing) -> Node | None:
        if isinstance(value, Mapping):
            found = lines(value, parsing)
            return None if found is None else Key(name, found)
        read_texts = texts(value, parsing)
        return None if read_texts is None else any_of(Key(name, text) for text in read_texts)
    return read


def scalar(name: str, reader: Callable[[Value, Problems], Hashable | None]) -> Callable[[Value, Parsing], Node | None]:
    """Key(name, what `reader` says)."""
    def read(value: Value, parsing: Parsing) -> Node | None:
        found = reader(value, parsing.problems)
        return None if found is None else Key(name, found)
    return read


def named(value: Value, parsing: Parsing, what: str, known: Iterable[str] = ()) -> tuple[tuple[Scalar, Value], ...] | None:
    """The entries of a mapping, whose keys must be among `known` where it is given. At least one."""
    if not isinstance(value, Mapping):
        parsing.problems.add(value, f"a mapping was expected, not {described(value)}", what)
        return None
    if not value.entries:
        parsing.problems.add(value, "the mapping is empty", what)
        return None
    known = tuple(known)
    good = True
    entries = value.entries
    for key, _ in entries:
        if known and key.text not in known:
            unknown(key, parsing.problems, known, "name")
            good = False
    return entries if good else None


def items(value: Value) -> tuple[Value, ...]:
    return value.items if isinstance(value, Sequence) else (value,)


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST - 1] + "…"


def listed(found: Any, absent: str) -> str:
    """Texts that were read, for `explain`."""
    return shortened(" | ".join(found)) if found else absent
