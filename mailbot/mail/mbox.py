"""Messages in files: one as it is, or many in an mbox (RFC 4155)."""

import re
from collections.abc import Iterator
from datetime import datetime

from mailbot.mail.dates import parse_date
from mailbot.mail.headers import Headers, line_ends

# RFC 4155: a line that begins with "From ", at the start or behind an empty line, begins the next message.
_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From ([^\r\n]*)\r?\n")
_STAMP = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d)(?: [A-Z]{3,4})? (\d{4})(?: ([+-]\d{4}))?")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)     # mboxrd: one ">" goes


class NotMail(ValueError):
    """What is no message; the text says why."""


def messages(octets: bytes) -> Iterator[tuple[bytes, datetime | None]]:
    """Each message, with lines that end in CRLF, and when an mbox says that it came (None: it does not). Raises NotMail."""
    octets = line_ends(octets)
    starts = list(_SEPARATOR.finditer(octets)) if octets.startswith(b"From ") else []
    if not starts:
        yield _message(octets), None
        return
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        end = following.start() if following else len(octets)
        body = octets[start.end():end]
        body = body.removesuffix(b"\r\n" if body.endswith(b"\r\n") else b"\n") if following or _ends_empty(body) else body
        yield _message(_QUOTED.sub(rb"\1", body)), _received(start[1].decode("latin-1"))


def _ends_empty(body: bytes) -> bool:
    """Behind each message of an mbox stands an empty line."""
    return body.endswith((b"\n\n", b"\n\r\n"))


def _message(octets: bytes) -> bytes:
    if b"\0" in octets:
        raise NotMail("it holds NUL octets, which IMAP cannot carry (RFC 3501 4.3)")
    if not Headers.parse(octets).names:
        raise NotMail("it is no message: it does not begin with a header")
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _received(line: str) -> datetime | None:
    """`ada@example.org Mon Jan  5 10:00:00 2026`, in UTC where it names no zone."""
    found = _STAMP.search(line)
    return parse_date(f"{found[2]} {found[1]} {found[4]} {found[3]} {found[5] or '+0000'}") if found else None
