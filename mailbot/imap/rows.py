"""What a FETCH asks for, and messages out of what it brings (RFC 3501 6.4.5, 7.4.2)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from mailbot.effects import Fields
from mailbot.imap.command import LONGEST_LINE, atom
from mailbot.imap.lexer import Malformed, Response, as_atom, parse
from mailbot.imap.selected import flag_name
from mailbot.mail.fingerprint import FINGERPRINT_HEADERS
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.mail.structure import BadStructure, structure
from mailbot.search.asked import GMAIL
from mailbot.search.tokens import MONTHS

# The row that Dovecot gives to what `items` asks, up to the headers. Of ten thousand rows IMAPClient's parser makes 1.2 s,
# token by token they take 0.4 s, which was half of the client's time, and so 0.08 s.
_PLAIN = re.compile(
    rb'\* \d+ FETCH \(UID (\d{1,10}) FLAGS \(([^()"{}]*)\) INTERNALDATE "([^"\\]*)" RFC822\.SIZE (\d{1,18}) '
    rb'BODY\[HEADER(?:\.FIELDS \([^()"\]]*\))?\] \{\d+\}\r\n')
_DATE = re.compile(rb" ?(\d{1,2})-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.IGNORECASE)
_MONTHS = {name.lower().encode(): number for number, name in enumerate(MONTHS, start=1)}

Items = Mapping[bytes, Any]


class Unreadable(ValueError):
    """A row that says nothing we can use; the text is why, in a few words."""


@dataclass(slots=True)
class Rows:
    """What FETCH responses said of each UID. `highest` is the highest sequence number of those that were asked for."""

    items: dict[int, Items] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)
    nameless: int = 0       # rows that cannot be read, of nobody knows which UID
    highest: int = 0


def items(fields: Fields, capabilities: frozenset[str]) -> bytes:
    """The FETCH items for what is wanted, and what a fingerprint needs."""
    wanted = [b"UID FLAGS INTERNALDATE RFC822.SIZE " + section(FINGERPRINT_HEADERS | fields.headers)]
    if fields.structure:
        wanted.append(b"BODYSTRUCTURE")
    if "OBJECTID" in capabilities:              # RFC 8474
        wanted.append(b"EMAILID")
    elif GMAIL in capabilities:
        wanted.append(b"X-GM-MSGID")
    return b"(%s)" % b" ".join(wanted)


def section(headers: Iterable[str]) -> bytes:
    """The FETCH item for these headers; for all, where they are too many for a line."""
    listed = b" ".join(octets for name in sorted(headers) if (octets := atom(name))).upper()
    return b"BODY.PEEK[HEADER.FIELDS (%s)]" % listed if len(listed) < LONGEST_LINE // 2 else b"BODY.PEEK[HEADER]"


def rows(said: Iterable[Response]) -> Rows:
    """By UID. A server may say more of a message than was asked, in several responses, and flags unasked (RFC 3501 7.4.2)."""
    found = Rows()
    for response in said:
        if response.kind != b"FETCH":
            continue
        try:
            told = _items(response)
        except Malformed as error:
            if response.uid:
                found.unreadable[response.uid] = f"FETCH answer cannot be read: {error}"
            found.nameless += not response.uid
            continue
        if b"HEADERS" in told:      # an answer, not flags of a message that has just come
            found.highest = max(found.highest, response.number)
        uid_told = told.get(b"UID")
        if isinstance(uid_told, int):
            found.items[uid_told] = {**found.items[uid_told], **told} if uid_told in found.items else told
            if response.cut:
                found.unreadable[uid_told] = "an item of more than 16 MB"
    return found


def _items(response: Response) -> dict[bytes, Any]:
    plain = _PLAIN.fullmatch(response.parts[0])
    if plain is None or len(response.parts) < 3:
        return _told(response.values, response)
    uid, flags, received, size = plain.groups()
    told = {b"UID": int(uid), b"FLAGS": tuple(flags.split()), b"INTERNALDATE": received, b"RFC822.SIZE": int(size),
            b"HEADERS": response.parts[1]}
    if response.parts[2:] != [b")\r\n"]:
        told |= _told(parse([b"(" + response.parts[2], *response.parts[3:]]), response)
    return told


def _told(values: list[Any], response: Response) -> dict[bytes, Any]:
    if len(values) != 1 or not isinstance(values[0], tuple) or len(values[0]) % 2:
        raise Malformed(response.parts[0][:60])
    told: dict[bytes, Any] = {}
    names = iter(values[0])
    for name, value in zip(names, names, strict=True):
        if not isinstance(name, bytes):
            raise Malformed(response.parts[0][:60])
        key = name.upper()
        if key == b"FLAGS" and isinstance(value, tuple):
            value = tuple(map(as_atom, value))
        told[b"HEADERS" if key.startswith(b"BODY[HEADER") else key] = value
    return told


def message(uid: int, told: Items, fields: Fields) -> Message:
    """Raises Unreadable."""
    flags, size, headers = told.get(b"FLAGS"), told.get(b"RFC822.SIZE"), told.get(b"HEADERS", b"")
    if not isinstance(flags, tuple) or not isinstance(size, int) or b"HEADERS" not in told:
        raise Unreadable("the server left out flags, size or headers")
    part = None
    if fields.structure:
        try:
            part = structure(told.get(b"BODYSTRUCTURE"))
        except BadStructure as error:
            raise Unreadable(f"its BODYSTRUCTURE cannot be read: {error}") from error
    names = frozenset(map(flag_name, flags))
    received = internaldate(told.get(b"INTERNALDATE"))
    return Message(uid, names, received, size, Headers.parse(headers or b""), part, _identity(told))


def _identity(told: Items) -> str:
    """EMAILID (M6d99ac3275bb4e) as RFC 8474 has it in parentheses, or Gmail's number."""
    emailid = told.get(b"EMAILID")
    if isinstance(emailid, tuple) and emailid:
        emailid = emailid[0]
    identity = told.get(b"X-GM-MSGID") if emailid is None else emailid
    return identity.decode("ascii", "replace") if isinstance(identity, bytes) else str(identity or "")


@lru_cache(maxsize=256)
def _zone(sign: bytes, hours: bytes, minutes: bytes) -> timezone:
    """One object for all that are in it."""
    away = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-away if sign == b"-" else away)


def internaldate(octets: object) -> datetime:
    """Raises Unreadable."""
    found = _DATE.fullmatch(octets) if isinstance(octets, bytes) else None
    if not found or found[2].lower() not in _MONTHS:
        raise Unreadable("the server gives no INTERNALDATE")
    day, hour, minute, second = (int(found[at]) for at in (1, 4, 5, 6))
    try:
        return datetime(int(found[3]), _MONTHS[found[2].lower()], day, hour, minute, min(second, 59), tzinfo=_zone(*found.group(7, 8, 9)))
    except ValueError as error:
        raise Unreadable(f"an INTERNALDATE that is none: {error}") from error
