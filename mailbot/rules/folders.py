"""Where a rule works: accounts and folders, by name, glob or special use."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import re2

from mailbot.document.problems import Problems, nearest
from mailbot.document.scalars import text
from mailbot.document.values import Value
from mailbot.effects import Folder, Folders

# RFC 6154, as far as a rule may name them.
SPECIAL = (r"\All", r"\Archive", r"\Drafts", r"\Junk", r"\Sent", r"\Trash")
# A glob never includes these: whoever means them names them (rules.md, "A rule").
_NAMED_ONLY = frozenset({r"\All", r"\Trash", r"\Junk", r"\Sent", r"\Drafts"})
# In linear time, however many stars a glob has.
_WILD = {"*": ".*", "%": "[^/]*"}


def special_use(name: str) -> str | None:
    r"""r"\junk" -> r"\Junk"; None where no such folder can be named."""
    return next((known for known in SPECIAL if known.lower() == name.lower()), None)


def canonical(name: str) -> str:
    """INBOX in capitals, as its first level too (RFC 3501 5.1)."""
    first, slash, rest = name.partition("/")
    return f"INBOX{slash}{rest}" if first.upper() == "INBOX" else name


def pattern(value: Value, problems: Problems) -> str | None:
    """A folder name, a glob or a special-use name, as a rule's `folders` takes it."""
    written = text(value, problems)
    if written is None:
        return None
    if written.startswith("\\"):
        known = special_use(written)
        if known is None:
            near = nearest(written, SPECIAL)
            problems.add(value, f"unknown special-use folder {written}", near or f"there are {' '.join(SPECIAL)}")
        return known
    if any(not level for level in written.split("/")):
        problems.add(value, f'the folder "{written}" has an empty level', "write it without the extra /")
        return None
    return canonical(written)


def is_glob(name: str) -> bool:
    return "*" in name or "%" in name


def fits(glob: str, name: str) -> bool:
    """LIST's own semantics (RFC 3501 6.3.8): `*` is anything, `%` anything within a level."""
    return _compiled(glob).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> Any:    # re2 has no types
    pieces = (_WILD.get(char) or re2.escape(char) for char in canonical(glob))
    return re2.compile("(?s)" + "".join(pieces))


def expand(patterns: Sequence[str], folders: Folders) -> tuple[str, ...]:
    """The folders that are there and can be selected, in the order of the patterns, each once."""
    found: dict[str, None] = {}
    for wanted in patterns:
        if is_glob(wanted):
            rows = sorted(folders.rows.items())
            found.update((name, None) for name, row in rows if fits(wanted, name) and _for_globs(row, folders))
        elif (name := _named(wanted, folders)) is not None:
            found[name] = None
    return tuple(found)


def absent(patterns: Sequence[str], folders: Folders) -> tuple[str, ...]:
    """The names among the patterns (no globs) that stand for no selectable folder."""
    return tuple(wanted for wanted in patterns if not is_glob(wanted) and _named(wanted, folders) is None)


def within(narrow: str, wide: str) -> bool:
    """Whether all that the one pattern names is named by the other, as far as that can be told without the folders."""
    return narrow == wide or (is_glob(wide) and not is_glob(narrow) and narrow[:1] != "\\" and fits(wide, narrow))


def meets(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two lists of patterns name something in common, as far as that can be told without the folders."""
    return any(within(one, other) or within(other, one) for one in some for other in others)


def _named(wanted: str, folders: Folders) -> str | None:
    name = folders.special.get(wanted, wanted) if wanted.startswith("\\") else wanted
    return name if name in folders and folders.rows[name].selectable else None


def _for_globs(row: Folder, folders: Folders) -> bool:
    hidden = {folders.special.get(use) for use in _NAMED_ONLY}
    return row.selectable and row.own and row.name not in hidden and not row.attributes & _NAMED_ONLY
