"""The octets of a message's parts, transfer encoding removed, as they stream (RFC 3501 6.4.5). Small parts come in one FETCH."""

import re
from collections.abc import Iterator, Mapping, Sequence

from mailbot.effects import SavedPart
from mailbot.errors import Cause, Refused
from mailbot.imap.command import LONGEST_LINE, Command
from mailbot.imap.fetching import refused
from mailbot.imap.lexer import Malformed
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.rows import Items, rows
from mailbot.mail.structure import BadStructure, structure
from mailbot.mail.transfer import decoder

_NUMBER = re.compile(r"(?:[1-9][0-9]{0,8}(?:\.[1-9][0-9]{0,8}){0,99})?")
CHUNK = 1_000_000       # octets a FETCH brings at most: memory stays flat
_WORDS = 200            # octets of a FETCH's line around its sections
_SLACK = 4_096          # octets: what a small part may be larger than its structure says and still come in one piece


class Parts:
    """Of one message, in this order: an iterator of chunks for each part ("" is the whole message, as it is).

    Nothing is sent before the first chunk is asked for; each part is read to its end, or left, before the next is begun.
    Its iterator raises Refused: with Cause.GONE where the message is not there any more, else it is for a person to look at.
    """

    def __init__(self, pipeline: Pipeline, uid: int, wanted: Sequence[SavedPart]) -> None:
        self._pipeline, self._uid = pipeline, uid
        self._groups = _groups(wanted)
        self._encodings: Mapping[str, str] | None = None

    def __iter__(self) -> Iterator[Iterator[bytes]]:
        for group in self._groups:
            begun: dict[str, bytes | None] = {}
            for number in group:
                yield self._part(number, group, begun)

    def _part(self, number: str, group: Mapping[str, int], begun: dict[str, bytes | None]) -> Iterator[bytes]:
        """`begun`: the first octets of each part of the group, once one of them was asked for."""
        if not _NUMBER.fullmatch(number):       # from a plan that somebody wrote
            raise self._lacking(number)
        if number not in begun:
            begun |= self._fetch({name: (0, size) for name, size in group.items()})
        octets, asked, offset = begun.pop(number), group[number], 0
        decode = decoder(self._encoding(number))
        while True:
            if octets is None:                  # NIL: there is no such part
                raise self._lacking(number)
            if decoded := decode.feed(octets):
                yield decoded
            if len(octets) < asked:
                break
            offset, asked = offset + len(octets), CHUNK
            octets = self._fetch({number: (offset, CHUNK)})[number]
        if rest := decode.end():
            yield rest

    def _fetch(self, ranges: Mapping[str, tuple[int, int]]) -> dict[str, bytes | None]:
        """`ranges`: part number -> offset and octets."""
        ranges = {number: asked for number, asked in ranges.items() if _NUMBER.fullmatch(number)}
        items = [_section(number, *asked) for number, asked in ranges.items()]
        if self._encodings is None and any(ranges):
            items.insert(0, b"BODYSTRUCTURE")
        told = self._told(b"(UID %s)" % b" ".join(items))
        if not any(name == b"BODYSTRUCTURE" or name.startswith(b"BODY[") for name in told):     # its flags may be told unasked
            raise Refused("UID FETCH", "OK", f"message {self._uid} is not there", cause=Cause.GONE)
        if items[0] == b"BODYSTRUCTURE":
            self._encodings = self._all_encodings(told)
        # RFC 3501 7.4.2: the answer names the offset, not the size, and no PEEK.
        names = {number: b"BODY[%s]<%d>" % (number.encode("ascii"), offset) for number, (offset, _) in ranges.items()}
        return {number: octets if isinstance(octets := told.get(name), bytes) else None for number, name in names.items()}

    def _told(self, items: bytes) -> Items:
        answer, = self._pipeline.run([Command("UID FETCH", (b"%d" % self._uid, items), uids=(self._uid, self._uid))])
        if not answer.ok and answer.code != "EXPUNGEISSUED":
            raise refused(answer)
        found = rows(answer.said)
        if self._uid in found.unreadable:
            raise Refused("UID FETCH", "OK", found.unreadable[self._uid])
        return found.items.get(self._uid, {})

    def _all_encodings(self, told: Items) -> Mapping[str, str]:
        if told.get(b"BODYSTRUCTURE") is None:
            return {}
        try:
            return {one.number: one.encoding for one in structure(told[b"BODYSTRUCTURE"]).walk() if not one.is_multipart}
        except (BadStructure, Malformed) as error:
            raise Refused("UID FETCH", "OK", f"its BODYSTRUCTURE cannot be read: {error}") from error

    def _encoding(self, number: str) -> str:
        if not number:
            return ""
        if self._encodings is None or number not in self._encodings:
            raise self._lacking(number)
        return self._encodings[number]

    def _lacking(self, number: str) -> Refused:
        what = f"has no part {number[:100]!r}" if number else "has no content"
        return Refused("UID FETCH", "OK", f"message {self._uid} {what}")


def _groups(wanted: Sequence[SavedPart]) -> list[dict[str, int]]:
    """What shares a FETCH: part number -> octets of it that are asked for at first, CHUNK in all at most.

    Sizes may be wrong (a server's, or those of a plan that somebody wrote): a part that is larger goes on in chunks.
    """
    groups: list[dict[str, int]] = []
    room = line = 0
    for part in wanted:
        size = min(CHUNK, 2 * part.size + _SLACK) if part.size else CHUNK
        octets = len(_section(part.number, CHUNK, CHUNK)) + 1
        if not groups or size > room or octets > line or part.number in groups[-1]:
            groups.append({})
            room, line = CHUNK, LONGEST_LINE - _WORDS
        groups[-1][part.number] = size
        room, line = room - size, line - octets
    return groups


def _section(number: str, offset: int, size: int) -> bytes:
    return b"BODY.PEEK[%s]<%d.%d>" % (number.encode("ascii", "replace"), offset, size)
