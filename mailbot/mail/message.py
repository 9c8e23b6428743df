"""A message as far as it was fetched. It knows nothing of rules."""

from dataclasses import dataclass
from datetime import datetime

from mailbot.mail.headers import Headers
from mailbot.mail.structure import Part


@dataclass(frozen=True, slots=True)
class Message:
    uid: int
    flags: frozenset[str]           # system flags capitalised as in RFC 3501 (r"\Seen"), keywords as they come
    received: datetime              # INTERNALDATE, aware, in the zone the server gave
    size: int                       # RFC822.SIZE, octets
    headers: Headers                # those that were asked for; absent and not fetched look alike
    structure: Part | None = None   # None where it was not asked for
    identity: str = ""              # EMAILID (RFC 8474) or X-GM-MSGID, "" where the server has neither
    body: bytes | None = None       # the whole message where it is at hand (an .eml file), for `body` and `text`
