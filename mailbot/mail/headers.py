"""A header block, from octets to text. Nothing in here raises, whatever the octets are."""

import re
from collections.abc import Iterator

from mailbot.mail import charsets
from mailbot.mail.encoded_words import decode_words

# RFC 5322 3.6.8: a name is printable ASCII but for the colon; 4.5: white space before the colon is obsolete, but read.
# A line without a colon, with its continuation, is nothing, and ends nothing.
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:(.*(?:\n[ \t].*)*)", re.MULTILINE)
_END = re.compile(rb"\n\r?\n")
_FOLD = re.compile(r"\r*\n[ \t]?")


def line_ends(octets: bytes) -> bytes:
    """Lines that end in LF or CRLF. A lone CR ends one only where most do: elsewhere it is a stranger's trick."""
    lone = octets.count(b"\r")
    if lone and (lone := lone - octets.count(b"\r\n")) > octets.count(b"\n"):
        return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return octets


def text_of_field(raw: bytes) -> str:
    """One field's value as text: unfolded, RFC 2047 decoded, without CR, LF and NUL, and no white space around it."""
    text = raw.decode("ascii") if raw.isascii() else charsets.undeclared(raw)
    return charsets.one_line(decode_words(_FOLD.sub(" ", text) if "\n" in text else text))


class Headers:
    """The fields of a header block, in order; names are lower case. Split and decoded when read: most never are."""

    __slots__ = ("_block", "_rows", "_texts")

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._rows: dict[str, list[bytes]] | None = None
        self._texts: dict[str, tuple[str, ...]] = {}

    @classmethod
    def parse(cls, raw: bytes) -> "Headers":
        """From a block, or a whole message: what stands behind the first empty line is not read. Any line ending."""
        raw = line_ends(raw)
        if raw.startswith((b"\n", b"\r\n")):
            return cls(b"")
        end = _END.search(raw)
        return cls(raw[:end.start() + 1] if end else raw)

    def _fields(self) -> dict[str, list[bytes]]:
        if self._rows is None:
            self._rows = {}
            for name, value in _FIELD.findall(self._block):
                self._rows.setdefault(name.decode("ascii").lower(), []).append(value.strip(b" \t\r\n"))
        return self._rows

    def raw(self, name: str) -> tuple[bytes, ...]:
        """The values as they came, folded and encoded, without white space around them."""
        return tuple(self._fields().get(name.lower(), ()))

    def all(self, name: str) -> tuple[str, ...]:
        """The values as text, one for each time the field is there."""
        name = name.lower()
        texts = self._texts.get(name)
        if texts is None:
            texts = self._texts[name] = tuple([text_of_field(value) for value in self._fields().get(name, ())])
        return texts

    def first(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._fields())

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._fields()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Names with their texts; those of a repeated field stand together."""
        return ((name, text) for name in self._fields() for text in self.all(name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(tuple(self._fields()))

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._fields())})"     # never the values: they are somebody's mail
