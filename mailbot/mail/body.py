"""A whole message at hand (an .eml file): what SEARCH's BODY and TEXT look into."""

from collections.abc import Iterator

from mailbot.mail import charsets, parameters
from mailbot.mail.headers import Headers
from mailbot.mail.mime import entities
from mailbot.mail.transfer import decoded


def text_of(message: bytes, *, headers: bool = False) -> Iterator[str]:
    """The content of each text part, decoded, at any depth; with `headers` (for TEXT) each field too, as "name: text".

    RFC 3501 6.4.4 leaves to the server what BODY is: this is what Dovecot looks into, markup of HTML included.
    """
    root, octets = entities(message)
    for entity in root.walk():
        if headers:
            yield from (f"{name}: {text}" for name, text in entity.headers)
        if not entity.parts and entity.type.startswith(("text/", "message/")):
            content = decoded(octets[entity.body:entity.end], entity.headers.first("content-transfer-encoding") or "")
            yield charsets.decode(content, _charset(entity.headers)).replace("\r\n", "\n")


def _charset(headers: Headers) -> str:
    _, of_type = parameters.split_field(b"".join(headers.raw("content-type")[:1]))
    return of_type.get("charset", b"").decode("latin-1")
