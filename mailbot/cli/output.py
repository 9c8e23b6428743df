"""What goes to stdout, whatever a stranger wrote into it: nothing in it moves a cursor or turns a line around."""

import json
from collections.abc import Mapping

from mailbot.document.problems import visible


def json_document(fields: Mapping[str, object]) -> str:
    """One line. JSON escapes C0 by itself; DEL, C1, bidi marks and line separators are escaped here."""
    text = json.dumps({"version": 1, **fields}, ensure_ascii=False)
    return text if text.isprintable() else "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def text_lines(text: str) -> list[str]:
    """Somebody's text for a terminal, line by line."""
    return [visible(line.expandtabs()) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
