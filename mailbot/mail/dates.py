"""The Date header (RFC 5322 3.3 and 4.3)."""

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_tz

from mailbot.mail.headers import Headers

_LONGEST = 200      # longer ones are nobody's date
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")


def parse_date(text: str) -> datetime | None:
    """Aware, in the zone it names; RFC 5322 4.3: a zone that is unknown, or missing, or -0000 is taken as UTC."""
    if len(text) > _LONGEST:
        return None
    found = 1
    while found:        # the innermost comments go first, so nested ones do too
        text, found = _COMMENT.subn(" ", text)
    try:
        fields = parsedate_tz(text)
        if fields is None:
            return None
        # RFC 5322 3.3: the second may be 60; datetime has none.
        zone = timezone(timedelta(seconds=fields[9] or 0))
        return datetime(*fields[:5], min(fields[5], 59), tzinfo=zone)
    except (ValueError, TypeError, IndexError, OverflowError):     # the standard library on what it did not expect
        return None


def date(headers: Headers) -> datetime | None:
    """The first Date header; None where there is none or it is unreadable."""
    text = headers.first("date")
    return None if text is None else parse_date(text)
