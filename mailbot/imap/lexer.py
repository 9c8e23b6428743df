"""What a server says, taken apart (RFC 3501 9).

IMAPClient's own lexer goes character by character: see bench/ for what it costs of a FETCH of ten thousand messages.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

# A token of a response: a FETCH item with its section, brackets and all, is one. What is none takes all the rest with it:
# else each quotation mark in it would be tried again, to the end.
_TOKEN = re.compile(
    rb'([()])|"((?:[^"\\]|\\.)*)"|((?:BODY|BINARY)\[(?:[^]"]|"(?:[^"\\]|\\.)*")*\](?:<\d+>)?|[^\s()"]+)|(\S[\s\S]*)', re.IGNORECASE)
_UID_FIRST = re.compile(rb"\* \d+ FETCH \(UID (\d{1,10})[ )]")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_LITERAL = re.compile(rb"~?\{(\d{1,18})\+?\}\r?\n$")
_SHAPE = re.compile(rb"(\*|\+|[^\s*+]+)(?: (\d{1,18})(?= [A-Z]))?(?: ?([A-Z][A-Z0-9-]*)(?= |\r|\n|$))?", re.IGNORECASE)
_STATUS = re.compile(
    rb"(?:\S+) (?:OK|NO|BAD|BYE|PREAUTH)(?: \[([A-Z][A-Z0-9-]*)(?: (\([^)]*\)|[^]]*))?\])? ?(.*)", re.IGNORECASE | re.DOTALL)


class Malformed(ValueError):
    """No IMAP response."""


def literal_size(line: bytes) -> int | None:
    """The octets that follow a line which ends in `{n}`; None where none do."""
    found = _LITERAL.search(line, max(0, len(line) - 24)) if line.endswith((b"}\r\n", b"}\n")) else None
    return int(found[1]) if found else None


@dataclass
class Response:
    """One response: `parts` are text, literal, text, literal … text."""

    parts: list[bytes]
    tag: bytes = b"*"
    number: int = 0         # of `* 5 EXISTS`
    kind: bytes = b""       # upper case: FETCH, EXISTS, OK …
    order: int = 0          # which of all responses of its connection
    cut: bool = False       # it held a literal too large to be kept, empty here
    _uid: int | None = field(default=None, repr=False)

    @classmethod
    def read(cls, parts: list[bytes]) -> "Response":
        shape = _SHAPE.match(parts[0])
        if not shape:
            raise Malformed(parts[0][:60])
        return cls(parts, shape[1], int(shape[2] or 0), (shape[3] or b"").upper())

    @cached_property
    def values(self) -> list[Any]:
        """What follows the kind: atoms and strings as bytes, numbers as int, NIL as None, lists as tuples. Raises Malformed."""
        found = parse(self.parts)
        return found[3:] if found[1:2] == [self.number] and self.number else found[2:]

    @property
    def uid(self) -> int:
        """Of a FETCH; 0 where it tells none."""
        if self._uid is None:
            found = _UID_FIRST.match(self.parts[0])
            self._uid = int(found[1]) if found else self._uid_in_values()
        return self._uid

    def _uid_in_values(self) -> int:
        try:
            items = self.values[0] if self.values else ()
        except Malformed:
            return 0
        if not isinstance(items, tuple):
            return 0
        pairs = zip(items[::2], items[1::2], strict=False)
        return next((value for name, value in pairs if name == b"UID" and isinstance(value, int)), 0)

    @cached_property
    def code(self) -> tuple[str, bytes, str]:
        """Of OK, NO, BAD, BYE: response code, its arguments, the words."""
        found = _STATUS.match(self.parts[0])
        if not found:
            return "", b"", self.parts[0].decode("utf-8", "replace").strip()
        return (found[1] or b"").decode().upper(), found[2] or b"", found[3].decode("utf-8", "replace").strip()


def parse(parts: list[bytes]) -> list[Any]:
    """The tokens of a response, lists nested. Raises Malformed."""
    stack: list[list[Any]] = [[]]
    for index, part in enumerate(parts):
        if index % 2:
            stack[-1].append(part)
            continue
        text = part
        if index + 1 < len(parts):
            text = part[:part.rindex(b"{")].removesuffix(b"~")
        _tokens(text, stack)
    if len(stack) != 1:
        raise Malformed(b"".join(parts)[:60])
    return stack[0]


def _tokens(text: bytes, stack: list[list[Any]]) -> None:
    here = stack[-1]
    for bracket, string, atom, stray in _TOKEN.findall(text):       # white space between tokens means nothing
        if atom:
            here.append(_atom(atom))
        elif bracket == b"(":
            here = []
            stack.append(here)
        elif bracket:
            if len(stack) == 1:
                raise Malformed(text[:60])
            done = tuple(stack.pop())
            here = stack[-1]
            here.append(done)
        elif stray:
            raise Malformed(text[:60])
        else:
            here.append(_ESCAPED.sub(rb"\1", string) if b"\\" in string else string)


def _atom(atom: bytes) -> bytes | int | None:
    if atom.isdigit() and len(atom) < 19 and (atom[:1] != b"0" or atom == b"0"):       # 007 is no number: a keyword
        return int(atom)
    return None if atom in {b"NIL", b"nil"} else atom


def as_atom(value: object) -> bytes:
    """What a number or NIL was where it stands for an atom, as a keyword may be called (RFC 3501 9: flag-keyword)."""
    return b"NIL" if value is None else value if isinstance(value, bytes) else b"%d" % value if isinstance(value, int) else b""
