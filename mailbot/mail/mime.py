"""A message taken apart (RFC 2046 5.1), as IMAP servers do it: no copy is made, no nesting or size brings it down."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailbot.mail import parameters
from mailbot.mail.headers import Headers, line_ends

DEEPEST = 100       # levels that are looked into; what is deeper is one part
MOST = 10_000       # parts that are told apart
_LONGEST_BOUNDARY = 80      # RFC 2046 5.1.1 allows 70
_EMPTY_LINE = re.compile(rb"^\r?\n", re.MULTILINE)


@dataclass(slots=True)
class Entity:
    """The message, or a part of it: `message[start:body]` is its header, `message[body:end]` its content, transfer-encoded."""

    number: str                 # as in structure.Part
    type: str                   # "text/plain", lower case
    headers: Headers
    start: int
    body: int
    end: int = 0
    boundary: bytes = b""       # of a multipart that is open, with its dashes: b"--…"
    parts: list["Entity"] = field(default_factory=list)

    def walk(self) -> Iterator["Entity"]:
        waiting = [self]
        while waiting:
            entity = waiting.pop()
            yield entity
            waiting.extend(reversed(entity.parts))


def entities(message: bytes) -> tuple[Entity, bytes]:
    """The message as its outermost entity, and the octets that its places count in: lines end in LF or CRLF there."""
    message = line_ends(message)
    scan = _Scan(message)
    scan.begin(0)
    while line := scan.next_boundary():
        scan.pass_boundary(line)
    scan.close(0, len(message))
    return scan.root, message


class _Scan:
    """From boundary to boundary, with the entities that are open."""

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.at = 0             # what stands before it is read
        self.count = 0
        self.open: list[Entity] = []
        self.boundaries: re.Pattern[bytes] | None = None
        self.root = Entity("", "", Headers(b""), 0, 0)

    def next_boundary(self) -> re.Match[bytes] | None:
        return self.boundaries.search(self.message, self.at) if self.boundaries else None

    def begin(self, at: int) -> None:
        """Opens the entity whose header begins here, and the message that it may be."""
        self.at = at
        while True:
            entity = self._read()
            if self.open:
                self.open[-1].parts.append(entity)
            else:
                self.root = entity
            self.open.append(entity)
            self.count += 1
            self.at = entity.body
            if entity.boundary:
                self._look_for_boundaries()
            if entity.type != "message/rfc822" or len(self.open) >= DEEPEST:
                return

    def _read(self) -> Entity:
        """RFC 2046 5.1: a header ends in an empty line; in real mail also where a boundary cuts it short."""
        cut = self.next_boundary()
        stop = cut.start() if cut else len(self.message)
        empty = _EMPTY_LINE.search(self.message, self.at, stop)
        headers = Headers.parse(self.message[self.at:empty.start() if empty else stop])
        outer = self.open[-1] if self.open else None
        in_digest = outer is not None and outer.type == "multipart/digest"
        media, boundary = _content_type(headers, "message/rfc822" if in_digest else "text/plain")      # RFC 2046 5.1.5
        entity = Entity(self._number(outer, media), media, headers, self.at, empty.end() if empty else stop)
        if len(self.open) < DEEPEST and (empty or not cut):     # a boundary that cuts the header is not its own
            entity.boundary = boundary
        return entity

    @staticmethod
    def _number(outer: Entity | None, media: str) -> str:
        """RFC 3501 6.4.5; a message's own multipart goes by the number of the message."""
        if outer and outer.type != "message/rfc822":
            place = str(len(outer.parts) + 1)
        elif media.startswith("multipart/"):
            return outer.number if outer else ""
        else:
            place = "1"
        return f"{outer.number}.{place}" if outer and outer.number else place

    def pass_boundary(self, line: re.Match[bytes]) -> None:
        """What is open inside that multipart ends; its next part begins, unless it was the last."""
        level = max(place for place, entity in enumerate(self.open) if entity.boundary == line[0])
        # RFC 2046 5.1.1: the line break before a boundary belongs to it; but not one that ended another boundary.
        end = line.start()
        end -= 2 if self.message[max(end - 2, 0):end] == b"\r\n" else 1
        self.close(level + 1, max(end, self.at))
        line_end = self.message.find(b"\n", line.end())
        self.at = line_end + 1 if line_end >= 0 else len(self.message)
        if self.message.startswith(b"--", line.end()):
            self.open[level].boundary = b""
            self._look_for_boundaries()
        elif line_end >= 0 and self.count < MOST:
            self.begin(self.at)

    def close(self, level: int, end: int) -> None:
        """Ends the entities from this level on."""
        closed, self.open[level:] = self.open[level:], []
        for entity in closed:
            entity.end = end
        if any(entity.boundary for entity in closed):
            self._look_for_boundaries()

    def _look_for_boundaries(self) -> None:
        """A line begins with a boundary: what follows on it does not matter, and the longest one counts."""
        longest_first = sorted({entity.boundary for entity in self.open if entity.boundary}, key=len, reverse=True)
        any_of_them = b"^(?:%s)" % b"|".join(map(re.escape, longest_first))
        self.boundaries = re.compile(any_of_them, re.MULTILINE) if longest_first else None


def _content_type(headers: Headers, default: str) -> tuple[str, bytes]:
    """Media type, and the boundary of a multipart; without one it has no parts."""
    raw = headers.raw("content-type")
    if not raw:
        return default, b""
    head, given = parameters.split_field(raw[0])
    media = parameters.media_type(head)
    boundary = given.get("boundary", b"") if media.startswith("multipart/") else b""
    return media, b"--" + boundary[:_LONGEST_BOUNDARY] if boundary else b""
