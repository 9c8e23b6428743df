"""The words of a SEARCH command (RFC 3501 9): ready to be sent with one space between them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEVER = frozenset("\r\n\0")


@dataclass(frozen=True, slots=True)
class Literal:
    """8-bit text, UTF-8: sent as a literal, as no quoted string may hold it (RFC 3501 4.3)."""

    octets: bytes


Token = bytes | Literal


def string(text: str) -> Token:
    """7-bit text is always quoted: as an atom, `(`, `{5}`, `*` or `%` would be syntax. ValueError for CR, LF and NUL."""
    if not _NEVER.isdisjoint(text):
        raise ValueError("CR, LF or NUL in a search string")
    if not text.isascii():
        return Literal(text.encode(errors="replace"))
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'.encode("ascii")


def day(when: date) -> bytes:
    """`5-Jan-2026`, in English whatever the locale."""
    return b"%d-%s-%04d" % (when.day, MONTHS[when.month - 1].encode(), when.year)


def charset(tokens: Iterable[Token]) -> bool:
    """Whether the command needs `CHARSET UTF-8`: some servers refuse it where it is not needed."""
    return any(isinstance(token, Literal) for token in tokens)


def octets(tokens: Sequence[Token]) -> int:
    """How long they are in a command, with a space behind each; a literal counts with its `{n+}` CRLF."""
    return sum(len(token) if isinstance(token, bytes) else len(b"{%d+}\r\n" % len(token.octets)) + len(token.octets)
               for token in tokens) + len(tokens)
