"""Which parts of a message a `save` takes (rules.md, "Actions")."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.document.problems import Position, Problems
from mailbot.document.scalars import text
from mailbot.document.shapes import mapping
from mailbot.document.values import Scalar, Sequence, Value
from mailbot.mail.message import Message
from mailbot.mail.structure import Part, attachments
from mailbot.search.attachments import PartFilter, part_filter
from mailbot.search.spec import Parsing

_NUMBER = re.compile(r"[1-9]\d{0,3}(\.[1-9]\d{0,3}){0,31}")
_KEYS = ("name", "type", "number", "larger", "smaller")

ANY = PartFilter()


@dataclass(frozen=True, slots=True)
class Parts:
    """Every attachment that the filter takes. `number` names any part that is no multipart."""

    filter: PartFilter = ANY
    number: tuple[str, ...] = ()
    message: bool = False           # the whole message instead

    def of(self, message: Message) -> tuple[Part, ...]:
        """The whole message is a Part with the number ""."""
        if self.message:
            subject = message.headers.first("subject") or ""
            return (Part("", "message/rfc822", size=message.size, subject=subject),)
        if message.structure is None:
            return ()
        return tuple(part for part in self._candidates(message.structure) if self.filter.takes(part))

    def _candidates(self, root: Part) -> Iterator[Part]:
        if not self.number:
            yield from attachments(root)
            return
        yield from (part for part in root.walk() if part.number in self.number and not part.is_multipart)


EVERY_ATTACHMENT = Parts()


def parts(value: Value, problems: Problems) -> Parts | None:
    if isinstance(value, Scalar):
        if value.text == "message":
            return Parts(message=True)
        problems.add(value, f'"{value.text}" selects no parts', 'message, or a mapping such as {name: "*.pdf"}')
        return None
    found = mapping(value, problems, _KEYS)
    if found is None:
        return None
    if not found.entries:
        problems.add(value, "`parts` selects nothing", "leave it out for every attachment")
        return None
    number = found.get("number")
    numbers = () if number is None else _numbers(number, problems)
    filtered = part_filter(found.entries, Parsing(problems, _no_lists))
    return None if numbers is None or filtered is None else Parts(filtered, numbers)


def _numbers(value: Value, problems: Problems) -> tuple[str, ...] | None:
    items = value.items if isinstance(value, Sequence) else (value,)
    found = []
    for item in items:
        number = text(item, problems)
        if number is not None and not _NUMBER.fullmatch(number):
            problems.add(item, f'"{number}" is no part number', 'as IMAP counts them (RFC 3501 6.4.5): "2", "1.2"')
            number = None
        found.append(number)
    return None if None in found or not found else tuple(number for number in found if number)


def _no_lists(_path: str, _position: Position) -> None:
    return None
