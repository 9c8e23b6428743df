"""Every event that the code logs is in docs/events.md, and nothing else is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parents[2]
KINDS = "service session idle pass rule rules action file folder message limit uidvalidity schedule state config watcher"
EVENT = re.compile(rf"(?:{KINDS.replace(' ', '|')})\.[a-z]+")
FILES = {"state.db", "message.eml", "rules.yaml"}


def logged() -> Iterator[str]:
    for path in (TOP / "mailbot").rglob("*.py"):
        if path.parent.name != "cli":       # which reads the log, for the demo
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and EVENT.fullmatch(node.value):
                    yield node.value


def test_every_event_is_documented_and_nothing_else() -> None:
    documented = set(re.findall(r"(?m)^\| `([a-z.]+)` \|", (TOP / "docs/events.md").read_text()))
    assert set(logged()) - FILES == documented
