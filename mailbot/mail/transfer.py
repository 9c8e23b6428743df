"""Content-Transfer-Encoding (RFC 2045 6), decoded as it streams: of what is broken, what can be read."""

import binascii
import re
from typing import Protocol

_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_NAME = re.compile(r"(?:[^a-z0-9(]|\([^()]*\))*([a-z0-9-]+)")
_LONGEST_LINE = 65_536
_LONGEST_UU = 200       # octets of a line that can mean anything


class Decoder(Protocol):
    def feed(self, octets: bytes) -> bytes:
        """What is certain so far."""

    def end(self) -> bytes:
        """The rest, after the last octet."""


def encoding_name(text: str) -> str:
    """The name as it is meant: "Base64 ", "\\"base64\\"", "base64;" are all "base64"; "" where there is none."""
    found = _NAME.match(text.lower())
    return found[1] if found else ""


class Base64:
    """What is not in the alphabet is skipped. Padding ends the data (RFC 2045 6.8): a list's footer is not decoded."""

    def __init__(self) -> None:
        self._kept = b""
        self._ended = False

    def feed(self, octets: bytes) -> bytes:
        if self._ended:
            return b""
        data = self._kept + octets.translate(None, _NOT_BASE64)
        if b"=" in data:
            data, self._ended = _before_padding(data)
        whole = len(data) - len(data) % 4
        self._kept = data[whole:]
        return binascii.a2b_base64(data[:whole]) + (self.end() if self._ended else b"")

    def end(self) -> bytes:
        """Truncated anywhere: a single character of four holds no octet."""
        rest, self._kept = self._kept, b""
        return binascii.a2b_base64(rest.ljust(4, b"=")) if len(rest) > 1 else b""


def _before_padding(data: bytes) -> tuple[bytes, bool]:
    """What stands before the padding, and whether there is any: "=" behind less than two characters of four is junk."""
    pieces, length = [], 0
    for piece in data.split(b"="):
        pieces.append(piece)
        length += len(piece)
        if length % 4 > 1:
            break
    return b"".join(pieces), len(pieces) <= data.count(b"=")


def base64_octets(text: bytes) -> bytes:
    decoder = Base64()
    return decoder.feed(text) + decoder.end()


class QuotedPrintable:
    """White space at the end of a line is not part of it (RFC 2045 6.7, rule 3); "=" without two digits stays."""

    def __init__(self) -> None:
        self._kept = b""

    def feed(self, octets: bytes) -> bytes:
        data = self._kept + octets
        end = data.rfind(b"\n") + 1
        if end == 0 and len(data) > _LONGEST_LINE:
            end = len(data) - 2 if b"=" in data[-2:] else len(data)
        self._kept = data[end:]
        return _lines(data[:end])

    def end(self) -> bytes:
        rest, self._kept = self._kept, b""
        return _lines(rest)


def _lines(data: bytes) -> bytes:
    if b" \r\n" in data or b"\t\r\n" in data or b" \n" in data or b"\t\n" in data:
        data = b"\n".join(map(_without_space, data.split(b"\n")))
    # a2b_qp drops all up to the next LF behind "=" and a lone CR.
    return binascii.a2b_qp(re.sub(rb"=\r(?!\n)", b"=3D\r", data))


def _without_space(line: bytes) -> bytes:
    return line[:-1].rstrip(b" \t") + b"\r" if line.endswith(b"\r") else line.rstrip(b" \t")


class Uuencode:
    """uuencode (POSIX), found as "x-uuencode": the lines between `begin` and `end`."""

    def __init__(self) -> None:
        self._kept = b""
        self._inside = False

    def feed(self, octets: bytes) -> bytes:
        *lines, last = (self._kept + octets).split(b"\n")
        self._kept = last[:_LONGEST_UU]
        return b"".join(map(self._line, lines))

    def end(self) -> bytes:
        return self._line(self._kept)

    def _line(self, line: bytes) -> bytes:
        line = line.rstrip(b"\r")
        if not self._inside:
            self._inside = line.startswith(b"begin ")
            return b""
        if not line or line == b"end":
            self._inside = line != b"end"
            return b""
        # Encoders leave spaces at the end out, pad with anything, or add a checksum: the length stands in the first character.
        needed = 1 + ((line[0] - 32 & 63) * 4 + 2) // 3
        try:
            return binascii.a2b_uu(line[:needed].ljust(needed))
        except binascii.Error:
            return b""


class Identity:
    def feed(self, octets: bytes) -> bytes:
        return octets

    def end(self) -> bytes:
        return b""


_DECODERS: dict[str, type[Base64 | QuotedPrintable | Uuencode]] = {
    "base64": Base64, "quoted-printable": QuotedPrintable,
    "x-uuencode": Uuencode, "uuencode": Uuencode, "x-uue": Uuencode, "uue": Uuencode,
}


def decoder(encoding: str) -> Decoder:
    """For an encoding's name as it came; an unknown one is given as it is (7bit, 8bit, binary)."""
    return _DECODERS.get(encoding_name(encoding), Identity)()


def decoded(octets: bytes, encoding: str) -> bytes:
    """The whole content at once."""
    stream = decoder(encoding)
    return stream.feed(octets) + stream.end()
