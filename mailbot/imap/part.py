"""The octets of a message's parts, transfer encoding removed, as they stream (RFC 3501 6.4.5). Small parts come in one FETCH."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mailbot.effects import SavedPart
from mailbot.errors import Cause, Refused
from mailbot.imap.command import LONGEST_LINE, Answer, Command
from mailbot.imap.fetching import LATER, refused
from mailbot.imap.lexer import Malformed
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.rows import Items, rows
from mailbot.mail.headers import Headers
from mailbot.mail.structure import BadStructure, Part, structure
from mailbot.mail.transfer import decoder

_NUMBER = re.compile(r"(?:[1-9][0-9]{0,8}(?:\.[1-9][0-9]{0,8}){0,99})?")
CHUNK = 1_000_000       # octets a FETCH brings at most: memory stays flat
_HEADER = 65_536        # octets of a part's own header
_WORDS = 200            # octets of a FETCH's line around its sections
_LINE_BREAK = 2         # octets: what some servers count to a part that is empty
_SLACK = 4_096          # octets: what a small part may be larger than its structure says and still come in one piece


@dataclass(slots=True)
class _Begun:
    """The parts of one FETCH, as far as they have come."""

    asked: Mapping[str, int]                                            # part number -> octets that are asked for at first
    pieces: dict[str, bytes | None] = field(default_factory=dict)       # the first of each part; None: the server has none
    headers: dict[str, Headers] = field(default_factory=dict)           # the MIME header of each part
    whole: set[str] = field(default_factory=set)                        # parts whose first piece is all of it


class Parts:
    """Of one message, in this order: an iterator of chunks for each part ("" is the whole message, as it is).

    Nothing is sent before the first chunk is asked for; each part is read to its end, or left, before the next is begun.
    Its iterator raises Refused: with Cause.GONE where the message is not there any more, else it is for a person to look at.
    """

    def __init__(self, pipeline: Pipeline, uid: int, wanted: Sequence[SavedPart]) -> None:
        self._pipeline, self._uid = pipeline, uid
        self._groups = _groups(wanted)
        self._message_size = next((part.size for part in wanted if not part.number), 0)
        self._structure: Mapping[str, Part] | None = None
        self._plain = False         # the server knows no partial FETCH

    def __iter__(self) -> Iterator[Iterator[bytes]]:
        for group in self._groups:
            begun = _Begun(group)
            for number in group:
                yield self._part(number, begun)

    def _part(self, number: str, begun: _Begun) -> Iterator[bytes]:
        if not _NUMBER.fullmatch(number):       # from a plan that somebody wrote
            raise self._lacking(number)
        if number not in begun.pieces:
            self._begin(begun)
        encoding, size = self._about(number, begun)
        octets, asked = begun.pieces.pop(number), begun.asked[number]
        if not octets and (size > _LINE_BREAK or (octets is None and not number)):
            raise self._lacking(number)
        decode, offset = decoder(encoding), 0
        while octets:
            if decoded := decode.feed(octets):
                yield decoded
            offset += len(octets)
            # Less than was asked for is the end (RFC 3501 6.4.5), unless the part should be larger: then only nothing is.
            if number in begun.whole or (len(octets) < asked and offset >= size):
                break
            asked = CHUNK
            octets = self._next(number, offset)
        if rest := decode.end():
            yield rest

    def _begin(self, begun: _Begun) -> None:
        told = self._first(begun.asked)
        if not any(name == b"BODYSTRUCTURE" or name.startswith(b"BODY[") for name in told):     # its flags may be told unasked
            raise self._gone()
        if self._structure is None and any(begun.asked):
            self._structure = self._read_structure(told)
        for number in filter(_NUMBER.fullmatch, begun.asked):
            octets = begun.pieces[number] = _octets(told, number)
            # RFC 3501 7.4.2: without an origin it is all of it, whatever was asked for.
            if octets is not None and _name(number, 0) not in told and (self._plain or len(octets) != begun.asked[number]):
                begun.whole.add(number)
            begun.headers[number] = Headers.parse(_octets(told, f"{number}.MIME") or b"")

    def _first(self, asked: Mapping[str, int]) -> Items:
        if not self._plain:
            answer = self._sent(_items(asked, structure=self._structure is None))
            if answer.ok or answer.code == "EXPUNGEISSUED" or refused(answer).cause in LATER:
                return self._told(answer)
            self._plain = True          # IMAP4rev1 has partial FETCH and MIME, and not all that call themselves so
        return self._told(self._sent(_plain_items(asked)))

    def _next(self, number: str, offset: int) -> bytes | None:
        told = self._told(self._sent([_section(number, offset, CHUNK)]))
        if not any(name.startswith(b"BODY[") for name in told):
            raise self._gone()
        if _name(number, offset) not in told:
            raise self._refused(f"asked for what follows octet {offset:,} of part {number}, it gives something else")
        octets = told[_name(number, offset)]
        return octets if isinstance(octets, bytes) else None

    def _sent(self, items: Sequence[bytes]) -> Answer:
        answer, = self._pipeline.run([Command("UID FETCH", (b"%d" % self._uid, b"(UID %s)" % b" ".join(items)),
                                              uids=(self._uid, self._uid))])
        return answer

    def _told(self, answer: Answer) -> Items:
        if not answer.ok and answer.code != "EXPUNGEISSUED":
            raise refused(answer)
        found = rows(answer.said)
        if self._uid in found.unreadable:
            raise self._refused(found.unreadable[self._uid])
        return found.items.get(self._uid, {})

    def _read_structure(self, told: Items) -> Mapping[str, Part]:
        if told.get(b"BODYSTRUCTURE") is None:
            return {}
        try:
            return {one.number: one for one in structure(told[b"BODYSTRUCTURE"]).walk() if not one.is_multipart}
        except (BadStructure, Malformed) as error:
            raise self._refused(f"its BODYSTRUCTURE cannot be read: {error}") from error

    def _about(self, number: str, begun: _Begun) -> tuple[str, int]:
        """Its transfer encoding, and its octets as transferred, as far as the server knows.

        Of an encoding that is written a little wrong ("base64;") Dovecot and Cyrus say 7BIT: the part's own header counts.
        """
        if not number:
            return "", self._message_size
        part = (self._structure or {}).get(number)
        if part is None:
            raise self._lacking(number)
        return begun.headers[number].first("content-transfer-encoding") or part.encoding, part.size

    def _refused(self, why: str) -> Refused:
        return Refused("UID FETCH", "OK", why)

    def _gone(self) -> Refused:
        return Refused("UID FETCH", "OK", f"message {self._uid} is not there", cause=Cause.GONE)

    def _lacking(self, number: str) -> Refused:
        what = f"has no part {number[:100]!r}" if number else "has no content"
        return self._refused(f"message {self._uid} {what}")


def _groups(wanted: Sequence[SavedPart]) -> list[dict[str, int]]:
    """What shares a FETCH: part number -> octets of it that are asked for at first, CHUNK in all at most.

    Sizes may be wrong (a server's, or those of a plan that somebody wrote): a part that is larger goes on in chunks.
    """
    groups: list[dict[str, int]] = []
    room = line = 0
    for part in wanted:
        size = min(CHUNK, 2 * part.size + _SLACK) if part.size else CHUNK
        octets = sum(len(item) + 1 for item in _items_of(part.number, CHUNK))
        if not groups or size > room or octets > line or part.number in groups[-1]:
            groups.append({})
            room, line = CHUNK, LONGEST_LINE - _WORDS
        groups[-1][part.number] = size
        room, line = room - size, line - octets
    return groups


def _items(asked: Mapping[str, int], *, structure: bool) -> list[bytes]:
    items = [item for number, size in asked.items() if _NUMBER.fullmatch(number) for item in _items_of(number, size)]
    return [b"BODYSTRUCTURE", *items] if structure and any(asked) else items


def _items_of(number: str, size: int) -> list[bytes]:
    return [_section(f"{number}.MIME", 0, _HEADER), _section(number, 0, size)] if number else [_section("", 0, size)]


def _plain_items(asked: Mapping[str, int]) -> list[bytes]:
    items = [b"BODY.PEEK[%s]" % number.encode("ascii") for number in asked if _NUMBER.fullmatch(number)]
    return [b"BODYSTRUCTURE", *items] if any(asked) else items


def _section(number: str, offset: int, size: int) -> bytes:
    return b"BODY.PEEK[%s]<%d.%d>" % (number.encode("ascii", "replace"), offset, size)


def _name(number: str, offset: int) -> bytes:
    """Of an item in the answer: RFC 3501 7.4.2, it tells the offset, not the size, and no PEEK."""
    return b"BODY[%s]<%d>" % (number.encode("ascii"), offset)


def _octets(told: Items, number: str) -> bytes | None:
    """The first of a section."""
    octets = told.get(_name(number, 0), told.get(b"BODY[%s]" % number.encode("ascii")))
    return octets if isinstance(octets, bytes) else None
