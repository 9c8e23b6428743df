"""How a line would have to be quoted to mean what its author meant."""

import re

from mailbot.document.problems import LONGEST, Position, Problems

_SWALLOWED = re.compile(r"\s*([#&].*)")


def quoted(text: str) -> str:
    """`text` as a YAML scalar in quotes."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def in_place(at: Position, text: str, problems: Problems) -> str:
    """`subject: "text"`, as the line of the file would read with `text` quoted where `at` points."""
    before = problems.line(at)[max(0, at.column - LONGEST):at.column - 1].rstrip().lstrip("- ")
    key = before if before.endswith(":") and "{" not in before and "[" not in before else ""
    return f"{key} {quoted(text)}".lstrip()


def swallowed(at: Position, problems: Problems) -> str:
    """What YAML skips where it sees an empty value: `#123` is a comment, `&x` an anchor; else ""."""
    match = _SWALLOWED.match(problems.line(at), at.column - 1)
    return match[1].rstrip() if match else ""
