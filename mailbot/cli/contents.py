"""One part of a message, by the name that IMAP gives it: decoded by its number, raw by HEADER, TEXT, MIME."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.errors import MailbotError, UsageError
from mailbot.imap.desk import SECTION
from mailbot.imap.session import Session
from mailbot.mail import charsets
from mailbot.mail.message import Message
from mailbot.mail.structure import Part

WHOLE = "MESSAGE"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be read. `raw`: as the server has it; else transfer encoding removed."""

    uid: int
    section: str            # as the user names it, capitals put right
    raw: bool
    type: str
    name: str = ""
    charset: str = ""
    first: int | None = None        # octets

    @property
    def is_text(self) -> bool:
        return self.type.startswith(("text/", "message/"))

    def text(self, octets: bytes) -> str:
        return charsets.decode(octets, self.charset) if self.charset else charsets.undeclared(octets)


def wish(message: Message, named: str, first: int | None) -> Wish:
    """Raises UsageError where no part can have that name, MailbotError where this message has none of it."""
    section = named.upper()
    found = SECTION.fullmatch(section)
    if section != WHOLE and (not found or not section):
        raise UsageError(f"{named!r} names no part: a number as in 1.2, HEADER, TEXT, 1.2.MIME, or {WHOLE}")
    number, of = (found["number"], found["of"]) if found else (None, None)
    if number is None:
        return Wish(message.uid, section, raw=True, type="message/rfc822" if section == WHOLE else "text/plain", first=first)
    part = next((part for part in message.structure.walk() if part.number == number), None) if message.structure else None
    if part is None:
        raise MailbotError(f"message {message.uid} has no part {number}: `mailbot show` without a part draws its structure")
    if of in ("HEADER", "TEXT") and not part.is_message:
        raise MailbotError(f"part {number} is {part.type}: only an attached message has its own {of}; "
                           f"{number}.MIME is the part's header")
    if of:
        return Wish(message.uid, section, raw=True, type="text/plain", first=first)
    return _decoded(message, part, first)


def _decoded(message: Message, part: Part, first: int | None) -> Wish:
    if part.is_multipart:
        raise MailbotError(f"part {part.number} is {part.type}: name one of {' '.join(child.number for child in part.parts)}")
    return Wish(message.uid, part.number, raw=False, type=part.type, name=part.name, charset=part.charset, first=first)


def content(session: Session, asked: Wish) -> Iterator[bytes]:
    """In chunks, of the selected folder."""
    if asked.raw:
        yield from session.desk.section(asked.uid, "" if asked.section == WHOLE else asked.section, first=asked.first)
        return
    left = asked.first
    for octets in session.part(asked.uid, asked.section):
        yield octets[:left]
        if left is not None and (left := left - len(octets)) <= 0:
            return


def content_document(session: Session, asked: Wish) -> dict[str, object]:
    """`text` where it is text, else `base64`."""
    octets = b"".join(content(session, asked))
    held = {"text": asked.text(octets)} if asked.is_text else {"base64": base64.b64encode(octets).decode("ascii")}
    return {"part": {"section": asked.section, "type": asked.type, "name": asked.name, "octets": len(octets), **held}}
