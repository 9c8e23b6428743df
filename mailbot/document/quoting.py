"""How a line would have to be quoted to mean what its author meant."""

import re

from mailbot.document.problems import LONGEST, Position, Problems

_KEY = re.compile(r"([\w.$/-]+): *$")
_SWALLOWED = re.compile(r"\s*([#&].*)")


def quoted(text: str) -> str:
    """`text` as a YAML scalar in quotes."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def in_place(at: Position, text: str, problems: Problems) -> str:
    """`subject: "text"`, as the line of the file would read with `text` quoted where `at` points."""
    if problems.full:
        return ""       # nobody will see it, and there may be very many
    return key_before(problems.line(at), at.column - 1) + quoted(text)


def key_before(line: str, begin: int) -> str:
    """`key: `, if one stands before the value that begins there (from 0)."""
    key = _KEY.search(line[max(0, begin - LONGEST):begin])
    return f"{key[1]}: " if key else ""


def swallowed(at: Position, problems: Problems) -> str:
    """What YAML skips where it sees an empty value: `#123` is a comment, `&x` an anchor; else ""."""
    match = _SWALLOWED.match(problems.line(at), at.column - 1)
    return match[1].rstrip() if match else ""
