"""Messages that a SEARCH by header text may overlook, found by reading those headers alone (mailbot/mail/plain.py)."""

from collections.abc import Iterable, Sequence

from mailbot.imap.command import Answer, Command
from mailbot.imap.lexer import Response
from mailbot.imap.rows import rows, section
from mailbot.imap.uidset import bounds
from mailbot.mail.plain import is_plain


def looks(uid_sets: Iterable[bytes], headers: frozenset[str]) -> list[Command]:
    """`headers`: those that are searched, lower case."""
    asked = b"(UID %s)" % section(headers)
    # Slow: what the server has not in its cache yet it reads from every message, as for the search.
    return [Command("UID FETCH", (uid_set, asked), uids=bounds(uid_set), slow=True) for uid_set in uid_sets]


def told(answers: Iterable[Answer]) -> dict[int, bool]:
    """Of each UID whose headers were told, whether a search of them can be trusted."""
    found: dict[int, bool] = {}
    for answer in answers:
        for response in answer.said:
            if response.kind == b"FETCH":
                for uid, octets in _headers(response):
                    found[uid] = isinstance(octets, bytes) and is_plain(octets)
    return found


def _headers(response: Response) -> Sequence[tuple[int, object]]:
    parts = response.parts
    if len(parts) == 3 and parts[2] == b")\r\n" and response.uid and b" BODY[HEADER" in parts[0]:
        return ((response.uid, parts[1]),)      # as Dovecot has it; the other way takes five times as long
    read = rows([response])
    return [(uid, b"" if uid in read.unreadable else items[b"HEADERS"]) for uid, items in read.items.items() if b"HEADERS" in items]
