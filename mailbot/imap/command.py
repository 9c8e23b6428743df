"""Commands as octets. Whatever stands in an argument, one command goes out (RFC 3501 9)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mailbot.imap.lexer import Response
from mailbot.search.tokens import Literal, Token

LONGEST_LINE = 8_000        # RFC 7162 4: below 8,192 octets with tag and CRLF; literals do not count

_QUOTABLE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_ATOM = re.compile(rb"[!#$&'+,./0-9:;<=>?@A-Z\[^_`a-z|}~-]+")


Word = Token


@dataclass(frozen=True, slots=True)
class Command:
    """`words` go out with a space between them: each must be a whole token, or several."""

    name: str                   # "UID FETCH": for errors and counts
    words: tuple[Word, ...] = ()
    single: bool = False        # never two of these in flight: a plain SEARCH's answer does not say whose it is
    uids: tuple[int, int] | None = None     # FETCH: rows of UIDs from here to there are its answer
    slow: bool = False          # may take ten times as long: a search through bodies


@dataclass(slots=True)
class Answer:
    """What a command was answered; `status` is "" until it is."""

    command: Command
    tag: bytes = b""
    status: str = ""
    code: str = ""
    arguments: bytes = b""
    text: str = ""
    said: list[Response] = field(default_factory=list)      # untagged data that came for it

    @property
    def ok(self) -> bool:
        return self.status == "OK"


def string(text: bytes) -> Word:
    """A quoted string, or a literal where it cannot be one."""
    if len(text) <= 1_000 and _QUOTABLE.fullmatch(text):
        return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return Literal(text)


def atom(text: str) -> bytes | None:
    """`text` as an atom; None where it cannot be one: parentheses, braces, quotes, wildcards, `]`, space, controls, 8-bit."""
    octets = text.encode("utf-8", "replace")
    return octets if _ATOM.fullmatch(octets) else None


def flag(text: str) -> bytes | None:
    r"""A flag: a keyword is an atom, a system flag an atom behind a backslash."""
    backslash, bare = (b"\\", text[1:]) if text.startswith("\\") else (b"", text)
    octets = atom(bare)
    return None if octets is None else backslash + octets


def waits(command: Command, free: int) -> bool:
    """Whether a literal of it waits for the server's leave; those of at most `free` octets do not (RFC 7888)."""
    return any(isinstance(word, Literal) and len(word.octets) > free for word in command.words)


def pieces(tag: bytes, command: Command, *, free: int) -> Sequence[bytes]:
    """What is to be written: one piece, or with synchronising literals (RFC 3501 4.3) several, each but the first after a "+"."""
    written = [bytearray(tag + b" " + command.name.encode())]
    for word in command.words:
        if isinstance(word, bytes):
            written[-1] += b" " + word
            continue
        is_free = len(word.octets) <= free
        written[-1] += b" {%d%s}\r\n" % (len(word.octets), b"+" if is_free else b"")
        if not is_free:
            written.append(bytearray())
        written[-1] += word.octets
    written[-1] += b"\r\n"
    return [bytes(piece) for piece in written]
