"""The one table of keys. A new SEARCH key is one row in the file of its family; everything else follows from the row."""

from collections.abc import Mapping

from mailbot.search import asked, attachments, dates, flags, patterns, people, text
from mailbot.search.spec import Spec

_FAMILIES = (text, flags, dates, people, patterns, attachments, asked)

KEYS: Mapping[str, Spec] = {row.name: row for family in _FAMILIES for row in family.ROWS}
SPOKEN: Mapping[str, Spec] = {row.spoken: row for row in KEYS.values() if row.spoken}     # by its name in raw SEARCH
