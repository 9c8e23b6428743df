"""A condition on the command line: YAML in one line (`from: ada, unseen: true`), or raw SEARCH (`FROM ada UNSEEN`)."""

import re
from collections.abc import Sequence

from mailbot.config.lists import Lists
from mailbot.document.load import load
from mailbot.document.problems import Position, Problems
from mailbot.document.values import Scalar
from mailbot.errors import UsageError
from mailbot.search.grammar import search
from mailbot.search.nodes import Node
from mailbot.search.parse import condition as parse

HELP = ("a condition as in the rules, in one line ('from: ada, unseen: true'), or raw IMAP SEARCH ('FROM ada UNSEEN'); "
        "in one pair of quotes, or word by word")
_FILE = "condition"     # as mistakes name it
# No SEARCH key of RFC 3501 has a colon; a set of message numbers has, but no letters before it.
_YAML = re.compile(r"\s*(?:\{|[A-Za-z_]+\s*:(?:\s|$))")


def joined(words: Sequence[str]) -> str:
    """As it was meant: of several words, one with a space in it was one text to the shell, and so was one beyond ASCII."""
    if len(words) == 1:
        return words[0]
    return " ".join(_quoted(word) if _is_text(word) else word for word in words)


def _is_text(word: str) -> bool:
    return not word or (word[0] not in "({[\"'" and (" " in word or not word.isascii()))


def condition(text: str) -> Node:
    """Raises UsageError with every mistake. A list's file is found from the current folder."""
    problems = Problems()
    node = _yaml(text, problems) if _YAML.match(text) else _raw(text, problems)
    if node is None or problems.count:
        raise UsageError("\n".join(map(str, problems.items)))
    return node


def _yaml(text: str, problems: Problems) -> Node | None:
    value = load(text if text.lstrip().startswith("{") else f"{{{text}}}", _FILE, problems)
    return None if value is None else parse(value, problems, lists=Lists(problems))


def _raw(text: str, problems: Problems) -> Node | None:
    problems.source(_FILE, text)
    return search(Scalar(text, "text", text, quoted=False, position=Position(_FILE, 1, 1)), text, problems)


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
