"""The items of a FETCH (RFC 3501 6.4.5): those that mailbot asks for, and their kin."""

import re
from collections.abc import Iterator, Sequence

from mailbot.mail.mime import Entity, entities
from mailbot.sim.store import Mail
from mailbot.sim.structure import bodystructure, envelope
from mailbot.sim.syntax import Token, bad, date_time, text, words
from mailbot.sim.view import View

_SECTION = re.compile(r"(BODY(\.PEEK)?)\[([0-9.]*?)\.?(HEADER|TEXT|MIME|HEADER\.FIELDS(?:\.NOT)? \(([^)]*)\))?\](?:<(\d+)\.(\d+)>)?",
                      re.IGNORECASE)
_PLAIN = {"UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODYSTRUCTURE", "ENVELOPE"}


class Items:
    """What is asked for, read once for all messages. Raises Refusal where something is no item."""

    def __init__(self, asked: Token, *, by_uid: bool) -> None:
        names = [text(one) for one in asked] if isinstance(asked, list) else words(asked)
        self._sections = [found for name in names if (found := _SECTION.fullmatch(name))]
        self._plain = [name.upper() for name in names if not _SECTION.fullmatch(name)]
        if by_uid and "UID" not in self._plain:
            self._plain.insert(0, "UID")
        if wrong := [name for name in self._plain if name not in _PLAIN]:
            raise bad(f"no item: {wrong[0]}")
        self.marks = any(not found[2] for found in self._sections)      # RFC 3501 6.4.5: BODY[] sets \\Seen, BODY.PEEK[] does not

    def of(self, mail: Mail, view: View, *, marked: bool) -> bytes:
        """`marked`: it was not \\Seen before."""
        names = [*self._plain, "FLAGS"] if marked and "FLAGS" not in self._plain else self._plain
        return b" ".join([*_plain(names, mail, view), *(_section(found, mail.octets) for found in self._sections)])


def _plain(names: Sequence[str], mail: Mail, view: View) -> Iterator[bytes]:
    for name in names:
        match name:
            case "UID":
                value = b"%d" % mail.uid
            case "FLAGS":
                value = view.flags(mail)
            case "INTERNALDATE":
                value = date_time(mail.received)
            case "RFC822.SIZE":
                value = b"%d" % len(mail.octets)
            case "BODYSTRUCTURE":
                value = bodystructure(*entities(mail.octets))
            case _:
                value = envelope(entities(mail.octets)[0].headers)
        yield name.encode() + b" " + value


def _section(found: re.Match[str], octets: bytes) -> bytes:
    number, what, fields, offset, length = found[3], (found[4] or "").upper(), found[5], found[6], found[7]
    value = _octets(octets, number, what, fields)
    at = ""
    if offset is not None:
        value, at = value[int(offset):int(offset) + int(length)], f"<{offset}>"
    name = f"BODY[{number}{'.' if number and what else ''}{found[4] or ''}]{at}"
    return name.encode() + b" {%d}\r\n" % len(value) + value


def _octets(octets: bytes, number: str, what: str, fields: str | None) -> bytes:
    """Nothing where there is no such part."""
    root, octets = entities(octets)
    part = _numbered(root, number) if number else root
    if part and what == "MIME":
        return octets[part.start:part.body]
    if part and number and what:        # HEADER and TEXT of a part are those of the message that it holds
        part = part.parts[0] if part.type == "message/rfc822" and part.parts else None
    if not part:
        return b""
    match what.partition(" ")[0]:
        case "":
            return octets[part.body:part.end] if number else octets
        case "TEXT":
            return octets[part.body:part.end]
        case "HEADER":
            return octets[part.start:part.body]
        case selection:
            wanted = {name.lower() for name in (fields or "").split()}
            return _selected(octets[part.start:part.body], wanted, inverted=selection.endswith(".NOT"))


def _numbered(root: Entity, number: str) -> Entity | None:
    """RFC 3501 6.4.5: part 1 of what is no multipart is itself."""
    found = next((one for one in root.walk() if one.number == number), None)
    if found is None and number.endswith(".1"):
        whole = next((one for one in root.walk() if one.number == number.removesuffix(".1")), None)
        return whole if whole and not whole.parts else None
    return found


_FIELD = re.compile(rb"([^:\r\n]*):.*(?:\r?\n[ \t].*)*\r?\n?")


def _selected(header: bytes, wanted: set[str], *, inverted: bool) -> bytes:
    fields = ((found[0], found[1].strip().decode("latin-1").lower()) for found in _FIELD.finditer(header))
    return b"".join(field for field, name in fields if (name in wanted) is not inverted) + b"\r\n"
