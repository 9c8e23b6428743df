"""A message's parts, with the numbers that IMAP gives them (RFC 3501 6.4.5)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mailbot.mail import parameters
from mailbot.mail.headers import text_of_field
from mailbot.mail.mime import DEEPEST, Entity, entities
from mailbot.mail.transfer import encoding_name


class BadStructure(ValueError):
    """A BODYSTRUCTURE that is none: which of the message's parts there are cannot be told."""


@dataclass(frozen=True, slots=True)
class Part:
    number: str                         # "2", "1.2"; a multipart has the number it stands for: "" that of the message
    type: str                           # "application/pdf", lower case
    name: str = ""                      # from `filename`, else `name`; decoded, not made safe
    disposition: str = ""               # "attachment", "inline" …, lower case
    encoding: str = ""                  # Content-Transfer-Encoding: "base64", "7bit" …
    size: int = 0                       # octets as transferred, encoded; 0 for a multipart
    parts: tuple["Part", ...] = ()      # of a multipart; of an attached message, its one content
    subject: str = ""                   # of an attached message, decoded
    charset: str = field(default="", compare=False)     # of a text, as its sender names it

    @property
    def is_multipart(self) -> bool:
        return self.type.startswith("multipart/")

    @property
    def is_message(self) -> bool:
        return self.type in {"message/rfc822", "message/global"}

    @property
    def decoded_size(self) -> int:
        """Octets when decoded, as well as can be told: base64 mostly has 57 octets in a line of 78."""
        return self.size * 57 // 78 if self.encoding == "base64" else self.size

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in the order of the message."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.parts))


def attachments(part: Part) -> tuple[Part, ...]:
    """Each with disposition `attachment`, with a file name, or a message; at any depth, in attached messages too."""
    return tuple(one for one in part.walk() if not one.is_multipart and
                 (one.disposition == "attachment" or one.name or one.is_message))


def structure(body: object) -> Part:
    """From BODYSTRUCTURE (RFC 3501 7.4.2) as IMAPClient parses it. Raises BadStructure.

    Its multiparts are (list of parts, subtype, …) above and (part, part, …, subtype, …) inside an attached message.
    """
    return _content(body, "", 0)


def _content(body: object, number: str, depth: int) -> Part:
    """What a message holds: a multipart goes by the message's own number, anything else is its part 1."""
    row = _row(body)
    return _multipart(row, number, depth) if _is_multipart(row) else _leaf(row, _below(number, 1), depth)


def _row(body: object) -> Sequence[object]:
    if not isinstance(body, (tuple, list)) or not body:
        raise BadStructure(f"a {type(body).__name__} where a body must be")
    return body


def _is_multipart(row: Sequence[object]) -> bool:
    return isinstance(row[0], (tuple, list))


def _below(number: str, place: int) -> str:
    return f"{number}.{place}" if number else str(place)


def _multipart(row: Sequence[object], number: str, depth: int) -> Part:
    if isinstance(row[0], list):
        children, rest = row[0], list(row[1:])
    else:
        count = next((place for place, item in enumerate(row) if not isinstance(item, tuple)), len(row))
        children, rest = list(row[:count]), list(row[count:])
    # WildDuck 1.51 and hoodiecrow 2.1 write a multipart without parts as `(() "MIXED" …)`, for which RFC 3501 has no form.
    if depth >= DEEPEST or children == [()]:
        children = []
    parts = []
    for place, child in enumerate(children, 1):
        row, below = _row(child), _below(number, place)
        parts.append(_multipart(row, below, depth + 1) if _is_multipart(row) else _leaf(row, below, depth + 1))
    return Part(number, f"multipart/{_text(rest[0] if rest else None).lower() or 'mixed'}", parts=tuple(parts))


def _leaf(row: Sequence[object], number: str, depth: int) -> Part:
    if len(row) < 7:
        raise BadStructure(f"part {number[:100]} has {len(row)} fields, not 7")
    media = parameters.media_type(f"{_text(row[0])}/{_text(row[1])}".encode())
    # RFC 3501 7.4.2: text has its lines next, an attached message its envelope, body and lines.
    nested = media.startswith("message/") and len(row) > 8 and isinstance(row[7], tuple) and isinstance(row[8], tuple)
    extension = 10 if nested else 8 if len(row) > 7 and isinstance(row[7], int) else 7
    disposition = _pair(row[extension + 1]) if len(row) > extension + 1 else ("", {})
    of_type = _pairs(row[2])
    part = Part(
        number, media, parameters.file_name(disposition[1], of_type), disposition[0],
        encoding_name(_text(row[5])), row[6] if isinstance(row[6], int) else 0, charset=_charset(of_type))
    if not nested or depth >= DEEPEST:
        return part
    envelope = _row(row[7])
    subject = text_of_field(_octets(envelope[1])) if len(envelope) > 1 else ""
    return replace(part, subject=subject, parts=(_content(row[8], number, depth + 1),))


def _pair(item: object) -> tuple[str, dict[str, bytes]]:
    """body-fld-dsp: (type, parameters), NIL, or from some servers the bare type."""
    if isinstance(item, tuple):
        return (_text(item[0]).lower() if item else "", _pairs(item[1]) if len(item) > 1 else {})
    return _text(item).lower(), {}


def _pairs(item: object) -> dict[str, bytes]:
    if not isinstance(item, tuple):
        return {}
    names_and_values = zip(item[::2], item[1::2], strict=False)
    return parameters.by_name((_octets(name), _octets(value)) for name, value in names_and_values)


def _octets(item: object) -> bytes:
    """A string of the answer; digits that came without quotes are a number by now."""
    if isinstance(item, int):
        return b"%d" % item
    return item if isinstance(item, bytes) else b""


def _text(item: object) -> str:
    return _octets(item).decode("latin-1").strip()


def _charset(of_type: Mapping[str, bytes]) -> str:
    return of_type.get("charset", b"").decode("latin-1")


def structure_of(message: bytes) -> Part:
    """The same from the message itself. Sizes are those of a message whose lines end in CRLF, as IMAP has it."""
    entity, octets = entities(message)
    return _part(entity, octets)


def _part(entity: Entity, message: bytes) -> Part:
    parts = tuple(_part(one, message) for one in entity.parts)
    if entity.type.startswith("multipart/"):
        return Part(entity.number, entity.type, parts=parts)
    headers = entity.headers
    _, of_type = parameters.split_field(b"".join(headers.raw("content-type")[:1]))
    disposition, of_disposition = parameters.split_field(b"".join(headers.raw("content-disposition")[-1:]))
    bare = message.count(b"\n", entity.body, entity.end) - message.count(b"\r\n", entity.body, entity.end)
    return Part(
        entity.number, entity.type, parameters.file_name(of_disposition, of_type), parameters.token(disposition),
        encoding_name(headers.first("content-transfer-encoding") or "7bit"), entity.end - entity.body + bare, parts,
        (entity.parts[0].headers.first("subject") or "") if entity.parts else "", _charset(of_type))
