"""Conversations with an IMAP server, in raw commands, and what was answered in a form that two servers can be compared by.

A conversation is text, a command a line. `{one}` is the message of that name in MAIL as a literal, `{+one}` one that does not
wait for leave; `B: NOOP` is said on a second connection, which logs in when it is first used; `hear EXISTS` waits until the
server has said so by itself.
"""

import re
import socket
from collections.abc import Mapping
from typing import Any

from mailbot.imap.lexer import Response, literal_size
from tests.lab.server import PASSWORD

PATIENCE = 20.0
_LITERAL = re.compile(r"\{(\+?)([a-z]+)\}")

Transcript = list[tuple[str, list[str]]]

# Response codes that are not compared: all that is let pass, with words and the order of untagged answers.
DIFFERENCES = {
    "CAPABILITY": "the simulator has fewer",
    "HIGHESTMODSEQ": "the simulator has no CONDSTORE (RFC 7162), and does not announce it",
    "CLIENTBUG": "Dovecot minds STATUS of the selected folder (RFC 3501 6.3.10), which is answered all the same",
}


class Line:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.sock.makefile("rb")
        self._number = 0
        self._tag = b""
        self.response()

    def close(self) -> None:
        self._file.close()
        self.sock.close()

    def response(self) -> Response:
        parts = [self._file.readline()]
        assert parts[0], "the server closed the connection"
        while (size := literal_size(parts[-1])) is not None:
            parts += [self._file.read(size), self._file.readline()]
        return Response.read(parts)

    def say(self, command: str, mail: Mapping[str, bytes]) -> list[str]:
        """What came until the command was answered; with IDLE, until it was granted."""
        said: list[Response] = []
        if command.startswith("hear "):
            return self._heard(command.removeprefix("hear "), said)
        if command != "DONE":
            self._number += 1
            self._tag = b"T%d" % self._number
            command = f"{self._tag.decode()} {command}"
        at = 0
        for found in _LITERAL.finditer(command):
            octets = mail[found[2]]
            self.sock.sendall(command[at:found.start()].encode() + b"{%d%s}\r\n" % (len(octets), found[1].encode()))
            at = found.end()
            if not found[1]:
                answer = self.response()
                if answer.tag != b"+":
                    return [_plain(answer)]
            self.sock.sendall(octets)
        self.sock.sendall(command[at:].encode() + b"\r\n")
        while True:
            answer = self.response()
            said.append(answer)
            if answer.tag == self._tag or (answer.tag == b"+" and command.endswith(" IDLE")):
                return _canonical(said)
            if answer.tag == b"+":
                self.sock.sendall(b"\r\n")      # of AUTHENTICATE: what it asks is in the next line, or nothing

    def _heard(self, kind: str, said: list[Response]) -> list[str]:
        while kind.encode() not in {response.kind for response in said}:
            said.append(self.response())
        return [kind]       # what else was told by then is a matter of time


def transcript(conversation: str, port: int, user: str, mail: Mapping[str, bytes]) -> Transcript:
    """Each line of the conversation with what was answered."""
    lines: dict[str, Line] = {}
    found: Transcript = []
    try:
        for text in filter(None, map(str.strip, conversation.splitlines())):
            who, command = text.split(": ", 1) if re.match("[A-Z]: ", text) else ("A", text)
            if who not in lines:
                lines[who] = Line(port)
                if not re.match("(LOGIN|AUTHENTICATE|-) ?", command):
                    lines[who].say(f"LOGIN {user} {PASSWORD}", mail)
            if command != "-":
                found.append((text, lines[who].say(command.replace("USER", user), mail)))
    finally:
        for line in lines.values():
            line.close()
    return found


# ---- what was said, without what servers may say as they like

def _canonical(said: list[Response]) -> list[str]:
    """In an order of its own: the order of untagged answers is free, but for EXPUNGE, whose numbers depend on it."""
    told = [text for response in said if (text := _plain(response))]
    expunged = [text for text in told if text.endswith(" EXPUNGE")]
    return [*expunged, *sorted(text for text in told[:-1] if text not in expunged), told[-1]]


def _plain(response: Response) -> str:
    if response.tag == b"+":
        return "+"
    match response.kind:
        case b"OK" | b"NO" | b"BAD" | b"BYE":
            return _status(response)
        case b"CAPABILITY":
            return ""
        case b"FETCH":
            items = response.values[0]
            pairs = sorted((_word(name), _value(value)) for name, value in zip(items[::2], items[1::2], strict=True))
            return f"{response.number} FETCH " + ", ".join(f"{name} {value}" for name, value in pairs)
        case b"SEARCH":
            return f"SEARCH {sorted(value for value in response.values if isinstance(value, int))}"
        case b"ESEARCH":
            words = [value for value in response.values if not isinstance(value, tuple)]
            uid = words[:1] == [b"UID"]
            pairs = sorted((_word(name), _value(value)) for name, value in zip(words[uid::2], words[uid + 1::2], strict=True))
            return f"ESEARCH {'UID ' if uid else ''}{pairs}"
        case b"LIST" | b"LSUB":
            attributes, delimiter, name, *_more = response.values
            return f"{response.kind.decode()} {_flags(attributes)} {_value(delimiter)} {_value(name)}"
        case b"STATUS":
            name, items = response.values
            pairs = sorted((_word(key), "V" if key == b"UIDVALIDITY" else _value(value))
                           for key, value in zip(items[::2], items[1::2], strict=True))
            return f"STATUS {_value(name)} {pairs}"
        case b"FLAGS":
            return f"FLAGS {_flags(response.values[0])}"
        case b"ID":
            return "ID"             # each says who it is
    number = f"{response.number} " if response.kind in {b"EXISTS", b"RECENT", b"EXPUNGE"} else ""
    return f"{number}{response.kind.decode()}" + "".join(f" {_value(value)}" for value in response.values if number == "")


def _status(response: Response) -> str:
    """Status and code. Words are free, and UIDVALIDITY is each server's own."""
    code, arguments, _words = response.code
    status, tagged = response.kind.decode(), response.tag != b"*"
    if code in DIFFERENCES:
        code = ""
    if not code:
        return status if tagged else ""
    words = arguments.decode().split()
    if code in {"UIDVALIDITY", "COPYUID", "APPENDUID"}:
        words[0] = "V"
    text = str(_flags(tuple(arguments.strip(b"()").split()))) if code == "PERMANENTFLAGS" else " ".join(words)
    return f"{status} [{code}{' ' if text else ''}{text}]"


def _word(value: Any) -> str:
    return value.decode().upper() if isinstance(value, bytes) else str(value)


def _flags(values: Any) -> list[str]:
    return sorted(value.decode() for value in values)


def _value(value: Any) -> str:
    match value:
        case bytes():
            return repr(value)
        case tuple() if all(isinstance(one, bytes) and one[:1] in b"\\$" for one in value):
            return str(_flags(value))
        case tuple():
            return f"({' '.join(map(_value, value))})"
    return str(value)
