"""Flags as rules name them (RFC 3501 2.3.2)."""

import re

from mailbot.document.problems import Problems, nearest
from mailbot.document.scalars import text
from mailbot.document.values import Scalar, Sequence, Value

SYSTEM = {"seen": r"\Seen", "answered": r"\Answered", "flagged": r"\Flagged", "draft": r"\Draft"}

# RFC 3501 section 9, flag-keyword = atom: no atom-specials, 7-bit.
_NOT_ATOM = re.compile(r'[^\x21-\x7e]|[(){%*"\\\]]')


def flags(value: Value, problems: Problems, *, empty: bool = False) -> frozenset[str] | None:
    """One name or a list of them; `empty` allows the empty list."""
    items = value.items if isinstance(value, Sequence) else (value,)
    if not items and not empty:
        problems.add(value, "no flags are named", "for example [seen, $todo]")
        return None
    found = [flag(item, problems) for item in items]
    return None if None in found else frozenset(name for name in found if name)


def flag(value: Value, problems: Problems) -> str | None:
    r"""`seen` and `\seen` give r"\Seen"; anything else is a keyword and stays as it is written."""
    name = text(value, problems)
    if name is None:
        return None
    known = name.removeprefix("\\").lower()
    if known in SYSTEM:
        return SYSTEM[known]
    if known in {"deleted", "recent"}:
        hint = "use delete" if known == "deleted" else r"\Recent is the server's own (RFC 3501 2.3.2)"
        problems.add(value, f"a rule cannot set or clear \\{known.capitalize()}", hint)
        return None
    if name.startswith("\\"):
        near = nearest(known, SYSTEM)
        problems.add(value, f"unknown system flag {name}", near or "there are seen, answered, flagged and draft")
        return None
    if bad := _NOT_ATOM.search(name):
        written = bad[0] if bad[0].isprintable() and bad[0] != " " else "a space" if bad[0] == " " else ascii(bad[0])
        hint = "keywords are 7-bit letters, digits and signs such as $ - _ . (RFC 3501, atom)"
        problems.add(value, f"the keyword {_shown(value)} holds {written}", hint)
        return None
    return name


def _shown(value: Value) -> str:
    return f'"{value.text}"' if isinstance(value, Scalar) else ""
