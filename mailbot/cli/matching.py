"""The messages of a folder that match a condition: decided here, as rules are (architecture.md, "A match")."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from mailbot.effects import Fields, Wanted
from mailbot.imap.session import Session
from mailbot.mail.message import Message
from mailbot.search.evaluate import decide
from mailbot.search.facts import Facts
from mailbot.search.needs import always_true, headers, server_keys, structure
from mailbot.search.nodes import Node

PAGE = 2_000        # messages that are read at once


@dataclass(slots=True)
class Found:
    """Ascending by UID. `left`: messages older than these were not looked at."""

    uidvalidity: int = 0
    messages: list[Message] = field(default_factory=list)
    doubts: list[int] = field(default_factory=list)             # the server did not answer what only it knows
    broken: dict[int, str] = field(default_factory=dict)        # UID -> why it cannot be read
    left: int = 0


def newest(session: Session, node: Node, fields: Fields, now: datetime, *, most: int = 0,
           tell: Callable[[int, int], None] = lambda _looked_at, _of: None) -> Found:
    """The `most` newest that match (0: all of them) in the selected folder, each with `fields`.

    `tell`: so many more were looked at, of so many.
    """
    candidates = session.candidates(None if always_true(node) else node)
    fields |= Fields(headers(node), structure(node))
    held = decide(node)
    found = Found()
    tell(0, len(candidates))
    for page, left in _pages(candidates, most):
        read = list[Message]()
        for block in session.gather(Wanted(fields, uids=tuple(page), ask=server_keys(node))):
            found.uidvalidity = block.state.uidvalidity
            found.broken |= block.broken
            for message in block.messages:
                verdict = held(Facts(message, block.answers, now))
                if verdict:
                    read.append(message)
                elif verdict is None:
                    found.doubts.append(message.uid)
        found.messages[:0] = read
        found.left = left
        tell(len(page), len(candidates))
        if most and len(found.messages) >= most:
            break
    if most and (over := len(found.messages) - most) > 0:
        del found.messages[:over]
        found.left += over
    found.doubts.sort()
    return found


def _pages(candidates: list[int], most: int) -> Iterator[tuple[list[int], int]]:
    """From the end, with how many stand before each. The first is what is wanted; where few match, they grow."""
    size, end = most or PAGE, len(candidates)
    if not candidates:
        yield [], 0
    while end:
        begin = max(0, end - min(size, PAGE))
        yield candidates[begin:end], begin
        end, size = begin, size * 2
