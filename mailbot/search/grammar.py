"""A raw SEARCH program as a condition: the grammar of RFC 3501 9, OLDER and YOUNGER (RFC 5032), X-GM-RAW and X-GM-LABELS."""

import re

from mailbot.document.problems import Position, Problems, nearest
from mailbot.document.values import Scalar
from mailbot.search.arguments import Arguments, Wrong
from mailbot.search.elsewhere import GMAIL, IN_GMAIL, IN_SEARCH
from mailbot.search.keys import SPOKEN
from mailbot.search.nodes import ALL, And, Node, Not, Or

_DEEPEST = 50
_SEQUENCE = re.compile(r"[\d*][\d:,*]*")


def program(text: str) -> Node:
    """Raises Wrong."""
    arguments = Arguments(text)
    node = _all_of(arguments, 0)
    if not arguments.ended:
        raise Wrong(arguments.at, '")" without "("', "take it out, or put a ( before the first of the keys")
    return node


def search(value: Scalar, text: str, problems: Problems) -> Node | None:
    """The condition of the key `search`; a mistake is told at its place in the line of the file."""
    try:
        return program(text)
    except Wrong as wrong:
        at = value.position
        on_this_line = problems.line(at)[at.column - 1 + value.quoted:].startswith(text)
        place = Position(at.file, at.line, at.column + value.quoted + wrong.at) if on_this_line else at
        problems.add(place, f"{wrong.what} (at {wrong.at + 1} of the program)", wrong.hint)
    return None


def _all_of(arguments: Arguments, depth: int) -> Node:
    """Keys with spaces between them, up to a closing parenthesis or the end."""
    nodes = [_key(arguments, depth)]
    while not arguments.ended and arguments.peek() != ")":
        nodes.append(_key(arguments, depth))
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def _key(arguments: Arguments, depth: int) -> Node:
    start = arguments.at
    if depth > _DEEPEST:
        raise Wrong(start, f"more than {_DEEPEST} levels", "lay it out flatter")
    if arguments.take("("):
        node = _all_of(arguments, depth + 1)
        if not arguments.take(")"):
            raise Wrong(start, '"(" is not closed', "put a ) behind the last of its keys, or the text in quotes")
        return node
    start, word = arguments.word("a SEARCH key")
    match word.upper():
        case "ALL":
            return ALL
        case "NOT":
            return Not(_key(arguments, depth + 1))
        case "OR":
            return Or((_key(arguments, depth + 1), _key(arguments, depth + 1)))
    spec = SPOKEN.get(word.upper())
    if spec is None or spec.arguments is None:
        raise Wrong(start, f'unknown SEARCH key "{word}"', _hint(word), len(word))
    return spec.arguments(arguments)


def _hint(word: str) -> str:
    if _SEQUENCE.fullmatch(word):
        return f"message numbers change with every expunge: UID {word} names UIDs"
    if word.startswith("{"):
        return "literals have no place here: put the text in quotes"
    key, colon, value = word.partition(":")
    if colon and key.upper() in SPOKEN:
        return f"a space stands behind the key: {key.upper()} …"
    if colon and key.lower() in GMAIL:
        return GMAIL[key.lower()].get(value.lower(), IN_GMAIL)
    return (IN_SEARCH.get(word.upper(), "") or nearest(word, [*SPOKEN, "ALL", "NOT", "OR"], likeness=0.7)
            or f"a text stands behind its key, several words in double quotes: SUBJECT {word}")
