"""BODYSTRUCTURE and ENVELOPE (RFC 3501 7.4.2), as Dovecot writes them."""

from mailbot.mail import parameters
from mailbot.mail.addresses import addresses
from mailbot.mail.headers import Headers
from mailbot.mail.mime import Entity
from mailbot.sim.syntax import listed, string

NIL = b"NIL"


def bodystructure(entity: Entity, octets: bytes) -> bytes:
    """With extension data. `octets` are those that the entity's places count in."""
    fields = entity.headers
    kind, _, subtype = entity.type.encode().partition(b"/")
    head, of_type = parameters.split_field(b"".join(fields.raw("content-type")[:1]))
    extension = [_disposition(fields), NIL, NIL]        # then language, location
    if entity.parts and kind == b"multipart":
        children = b"".join(bodystructure(part, octets) for part in entity.parts)
        return listed([children, string(subtype), _parameters(of_type), *extension])
    if kind == b"text" and not head:
        of_type = {"charset": b"us-ascii"}      # RFC 2045 5.2
    body = octets[entity.body:entity.end]
    row = [string(kind), string(subtype), _parameters(of_type), *(string(_first(fields, name)) for name in (
        "content-id", "content-description")), string((_first(fields, "content-transfer-encoding") or b"7bit").lower()),
        b"%d" % len(body)]
    if entity.type == "message/rfc822" and entity.parts:
        row += [envelope(entity.parts[0].headers), bodystructure(entity.parts[0], octets), b"%d" % body.count(b"\n")]
    elif kind == b"text":
        row.append(b"%d" % body.count(b"\n"))
    return listed([*row, NIL, *extension])              # MD5 first


def envelope(headers: Headers) -> bytes:
    senders = _people(headers, "from")
    return listed([
        string(_first(headers, "date")), string(_first(headers, "subject")), senders,
        *(_people(headers, name) if name in headers else senders for name in ("sender", "reply-to")),
        *(_people(headers, name) for name in ("to", "cc", "bcc")),
        *(string(_first(headers, name)) for name in ("in-reply-to", "message-id"))])


def _people(headers: Headers, name: str) -> bytes:
    """(name NIL local domain) each; of a group only its members."""
    found = [listed([string(one.name.encode() or None), NIL, string(one.local.encode()), string(one.domain.encode() or None)])
             for one in addresses(headers, name)]
    return b"(%s)" % b"".join(found) if found else NIL


def _disposition(headers: Headers) -> bytes:
    raw = _first(headers, "content-disposition")
    if raw is None:
        return NIL
    head, given = parameters.split_field(raw)
    return listed([string(head.lower()), _parameters(given)])


def _parameters(given: dict[str, bytes]) -> bytes:
    return listed(string(item) for name, value in given.items() for item in (name.encode(), value)) if given else NIL


def _first(headers: Headers, name: str) -> bytes | None:
    raw = headers.raw(name)
    return b" ".join(raw[0].split()) if raw else None
