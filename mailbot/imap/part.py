"""The octets of one part, transfer encoding removed, as they stream (RFC 3501 6.4.5)."""

import re
from collections.abc import Iterator
from typing import Any

from mailbot.errors import Cause, Refused
from mailbot.imap.command import Command
from mailbot.imap.fetching import refused
from mailbot.imap.lexer import Malformed
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.rows import Items, rows
from mailbot.mail.structure import BadStructure, structure
from mailbot.mail.transfer import decoder

_NUMBER = re.compile(r"(?:[1-9][0-9]{0,8}(?:\.[1-9][0-9]{0,8}){0,99})?")
CHUNK = 1_000_000       # octets a FETCH: memory stays flat, and small parts come in one


def part(pipeline: Pipeline, uid: int, number: str) -> Iterator[bytes]:
    """`number` as in BODYSTRUCTURE; "" is the whole message, as it is. Raises Refused with Cause.GONE where it is not there."""
    if not _NUMBER.fullmatch(number):       # from a plan that somebody wrote
        raise _gone(uid, number)
    section = b"BODY.PEEK[%s]" % number.encode("ascii")
    told = _fetch(pipeline, uid, section, 0, structure=bool(number))
    decode = decoder(_encoding(told, uid, number)) if number else decoder("")
    offset = 0
    while True:
        octets = _octets(told, uid, number)
        if decoded := decode.feed(octets):
            yield decoded
        if len(octets) < CHUNK:
            break
        offset += len(octets)
        told = _fetch(pipeline, uid, section, offset, structure=False)
    if rest := decode.end():
        yield rest


def _fetch(pipeline: Pipeline, uid: int, section: bytes, offset: int, *, structure: bool) -> Items:
    items = b"(UID %s%s<%d.%d>)" % (b"BODYSTRUCTURE " if structure else b"", section, offset, CHUNK)
    answer, = pipeline.run([Command("UID FETCH", (b"%d" % uid, items), uids=(uid, uid))])
    if not answer.ok and answer.code != "EXPUNGEISSUED":
        raise refused(answer)
    found = rows(answer.said)
    if uid in found.unreadable:
        raise Refused("UID FETCH", "OK", found.unreadable[uid])
    return found.items.get(uid, {})


def _octets(told: Items, uid: int, number: str) -> bytes:
    for name, value in told.items():
        if name.startswith(b"BODY[") and isinstance(value, bytes):
            return value
    raise _gone(uid, number)        # no answer, or NIL: there is no such part


def _encoding(told: Items, uid: int, number: str) -> str:
    body: Any = told.get(b"BODYSTRUCTURE")
    if body is None:
        raise _gone(uid, number)
    try:
        found = {one.number: one for one in structure(body).walk() if not one.is_multipart}
    except (BadStructure, Malformed) as error:
        raise Refused("UID FETCH", "OK", f"its BODYSTRUCTURE cannot be read: {error}") from error
    if number not in found:
        raise _gone(uid, number)
    return found[number].encoding


def _gone(uid: int, number: str) -> Refused:
    what = f"part {number} of message {uid}" if number else f"message {uid}"
    return Refused("UID FETCH", "OK", f"{what} is not there", cause=Cause.GONE)
