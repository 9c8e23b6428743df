"""As much IMAP as a proxy must read: where a command begins, what its verb is, and the lists of capabilities."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")
_CAPABILITIES = re.compile(rb"(\* CAPABILITY |(?:\*|\S+) OK \[CAPABILITY )([^\]\r\n]*)", re.IGNORECASE)
# What only a server with UIDPLUS says (RFC 4315 3).
_NEW_UIDS = re.compile(rb"^(\S+ OK )\[(?:COPYUID|APPENDUID) [^\]\r\n]*\] ?", re.IGNORECASE)
# After these the bytes are no longer IMAP that we can read.
_OPAQUE = {"STARTTLS", "COMPRESS"}
_TLS_RECORD = b"\x16"


class Piece(NamedTuple):
    """Bytes to pass on; `verb` ("UID MOVE", "DONE") where they begin a command; `ends` where a command's last line ends with them."""

    data: bytes
    verb: str = ""
    ends: bool = False


class Lines:
    """Splits a stream into whole lines and literals, each with: does a command (an answer) begin here?"""

    def __init__(self) -> None:
        self._buffer = b""
        self._literal = 0
        self._continued = False

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        self._buffer += data
        while self._buffer:
            if self._literal:
                part, self._buffer = self._buffer[: self._literal], self._buffer[self._literal :]
                self._literal -= len(part)
                yield part, False
                continue
            end = self._buffer.find(b"\n") + 1
            if not end:
                return
            line, self._buffer = self._buffer[:end], self._buffer[end:]
            begins = not self._continued
            literal = _LITERAL.search(line)
            self._literal, self._continued = int(literal[1]) if literal else 0, literal is not None
            yield line, begins

    @property
    def between(self) -> bool:
        """Whether what was given last ended a command (an answer)."""
        return not self._continued and not self._literal

    def rest(self) -> bytes:
        """What is left in the buffer, which is thereby empty."""
        rest, self._buffer = self._buffer, b""
        return rest


class ClientSide:
    """Commands in what a client sends."""

    def __init__(self) -> None:
        self._lines = Lines()
        self.opaque = False
        self._began = False

    def feed(self, data: bytes) -> Iterator[Piece]:
        if not self._began and data[:1] == _TLS_RECORD:
            self.opaque = True
        self._began = True
        if self.opaque:
            yield Piece(data)
            return
        for line, begins in self._lines.feed(data):
            verb = _verb(line) if begins else ""
            yield Piece(line, verb, ends=self._lines.between)
            if verb in _OPAQUE:
                self.opaque = True
                yield Piece(self._lines.rest())
                return


class ServerSide:
    """What a server sends, without the capabilities in `hidden` and what it would not say without them.

    `answered`: the tags of the commands that it has answered.
    """

    def __init__(self, hidden: frozenset[str], client: ClientSide) -> None:
        self._hidden = {word.upper().encode() for word in hidden}
        self._lines, self._read = Lines(), Lines()
        self._client = client
        self.answered: set[bytes] = set()

    def feed(self, data: bytes) -> bytes:
        if not self._client.opaque:
            self.answered.update(line.split(None, 1)[0] for line, begins in self._read.feed(data) if begins and line.strip())
        if not self._hidden or self._client.opaque:
            return self._lines.rest() + data
        return b"".join(self._told(line) if begins else line for line, begins in self._lines.feed(data))

    def _told(self, line: bytes) -> bytes:
        line = _CAPABILITIES.sub(self._kept, line, count=1)
        return _NEW_UIDS.sub(rb"\1", line) if b"UIDPLUS" in self._hidden else line

    def _kept(self, found: re.Match[bytes]) -> bytes:
        return found[1] + b" ".join(word for word in found[2].split() if word.upper() not in self._hidden)


def _verb(line: bytes) -> str:
    words = line.decode("latin-1").upper().split(None, 3)
    if words == ["DONE"]:
        return "DONE"
    if len(words) > 2 and words[1] == "UID":
        return f"UID {words[2]}"
    return words[1] if len(words) > 1 else ""
