"""The content of a part, as a server gives it for BODY[number]; transfer encoding removed."""

from mailbot.mail.mime import entities
from mailbot.mail.transfer import decoded


def part_of(message: bytes, number: str) -> bytes | None:
    """None where there is no such part."""
    root, octets = entities(message)
    found = next((part for part in root.walk() if part.number == number and not part.type.startswith("multipart/")), None)
    return None if found is None else decoded(octets[found.body:found.end], found.headers.first("content-transfer-encoding") or "")
