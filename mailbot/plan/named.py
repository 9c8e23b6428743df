"""A message as a plan names it: enough to recognise it and to show it."""

import unicodedata

from mailbot.mail.addresses import addresses
from mailbot.mail.fingerprint import fingerprint
from mailbot.mail.message import Message
from mailbot.plan.plan import Named

LONGEST = 200       # characters of a sender or subject; a plan holds one of each for every message it names

# Controls, bidi and other format characters, surrogates, line and paragraph separators: nothing that a terminal obeys.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def shown(text: str) -> str:
    """Text from a stranger as it may be shown: one line, no control or bidi characters, white space joined."""
    if not text.isascii() or not text.isprintable():
        text = "".join(" " if char.isspace() else char for char in text
                       if char.isspace() or unicodedata.category(char) not in _UNSHOWN)
    return " ".join(text.split())


def sentence(text: str) -> str:
    """A reason as a verdict holds it: words of the server's and of the mail's stand in it."""
    return shown(text)[:LONGEST]


def named(message: Message) -> Named:
    headers = message.headers
    senders = addresses(headers, "from")
    sender = (senders[0].name or senders[0].address) if senders else headers.first("from") or ""
    return Named(message.uid, fingerprint(message), message.flags, message.received,
                 shown(sender)[:LONGEST], shown(headers.first("subject") or "")[:LONGEST])
