"""Content-Type and Content-Disposition: parameters (RFC 2045 5.1), and the file name in them (RFC 2183, 2231, 2047)."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from mailbot.mail import charsets
from mailbot.mail.encoded_words import decode_words

_TYPE = re.compile(rb"([!#$&^_.+a-z0-9-]{1,127})[ \t]*/[ \t]*([!#$&^_.+a-z0-9-]{1,127})", re.IGNORECASE)
# A quote that is never closed goes to the end; a file name that is not quoted, though it must be, to the semicolon.
_PARAMETER = re.compile(
    rb'[;\s]*([^\s;="]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*+)"?|([^;]*))|[;\s]+|[^;\s]+', re.DOTALL)
_SEGMENT = re.compile(r"\*(\d{1,4})(\*?)")
_EXTENDED = re.compile(rb"([A-Za-z0-9_.:+-]*)'([A-Za-z0-9-]*)'(.*)", re.DOTALL)
_COMMENT = re.compile(rb"\([^()]*\)")
_TOKEN = re.compile(rb"[!#$%&*+.^_`{|}~a-z0-9-]*", re.IGNORECASE)
UNREADABLE_TYPE = "application/octet-stream"


def media_type(raw: bytes) -> str:
    """"application/pdf", lower case; a value that names no type, as IMAP servers do not read it either, is octets."""
    raw = raw.strip()
    if raw.lower() in {b"text", b"text/"}:      # RFC 1049, from before MIME
        return "text/plain"
    found = _TYPE.fullmatch(raw)
    return f"{found[1].decode()}/{found[2].decode()}".lower() if found else UNREADABLE_TYPE


def token(raw: bytes) -> str:
    """The word that a value begins with, lower case."""
    found = _TOKEN.match(raw)
    return found[0].decode().lower() if found else ""


def split_field(raw: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The value before the first semicolon, and the parameters behind it; of a doubled one the first."""
    head, _, rest = raw.replace(b"\r", b"").replace(b"\n", b"").partition(b";")
    pairs: list[tuple[bytes, bytes]] = []
    for found in _PARAMETER.finditer(rest):
        if found[2] is not None:
            pairs.append((found[1], re.sub(rb"\\(.)", rb"\1", found[2], flags=re.DOTALL)))
        elif found[1] is not None:
            is_name = found[1].lower().startswith((b"name", b"filename"))
            pairs.append((found[1], found[3].strip() if is_name else b"".join(found[3].split(None, 1)[:1])))
    return _COMMENT.sub(b"", head).strip(), by_name(pairs)


def by_name(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, bytes]:
    """Parameters by lower-case name."""
    parameters: dict[str, bytes] = {}
    for name, value in pairs:
        parameters.setdefault(name.decode("latin-1").lower(), value)
    return parameters


def file_name(disposition: Mapping[str, bytes], content_type: Mapping[str, bytes]) -> str:
    """Decoded, as the sender meant it, directories and all; "" where there is none."""
    return _parameter(disposition, "filename") or _parameter(content_type, "name")


def _parameter(parameters: Mapping[str, bytes], name: str) -> str:
    # RFC 6266 4.3: of `filename*` and `filename` the extended one is preferred.
    extended, plain = _extended(parameters.get(f"{name}*", b"")), charsets.undeclared(parameters.get(name, b""))
    spelled = (charsets.one_line(decode_words(text)) for text in (extended, _continued(parameters, name), plain))
    return next(filter(None, spelled), "")


def _extended(value: bytes) -> str:
    """RFC 2231 4: charset'language'percent-encoded. One quote or both are missing in real mail."""
    charset, octets = _split_charset(value)
    return charsets.decode(unquote_to_bytes(octets), charset)


def _split_charset(value: bytes) -> tuple[str, bytes]:
    found = _EXTENDED.fullmatch(value)
    if found:
        return found[1].decode(), found[3]
    charset, quote, rest = value.partition(b"'")
    if quote and charsets.known(charset.decode("latin-1")):
        return charset.decode("latin-1"), rest
    return "", value


def _continued(parameters: Mapping[str, bytes], name: str) -> str:
    """RFC 2231 3: `name*0`, `name*1*` …; a character may be cut between two of them."""
    segments: dict[int, tuple[bool, bytes]] = {}
    for key, value in parameters.items():
        found = _SEGMENT.fullmatch(key, len(name)) if key.startswith(name) else None
        if found:
            segments.setdefault(int(found[1]), (found[2] == "*", value))
    charset, octets = "", b""
    for place, (encoded, value) in sorted(segments.items()):
        if encoded and place == min(segments):
            charset, value = _split_charset(value)
        octets += unquote_to_bytes(value) if encoded else value
    return charsets.decode(octets, charset)
