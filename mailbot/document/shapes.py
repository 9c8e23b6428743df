"""Readers of mappings and lists, shared by all rooms."""

import re
from collections.abc import Iterable
from collections.abc import Mapping as Table
from types import MappingProxyType

from mailbot.document.problems import Problems, nearest
from mailbot.document.values import Mapping, Scalar, Sequence, Value, described

_NO_SPACE = re.compile(r"[\w-]+:\S.*")


def mapping(value: Value, problems: Problems, known: Iterable[str] | None = None, thing: str = "key",
            elsewhere: Table[str, str] = MappingProxyType({})) -> Mapping | None:
    """A mapping; with `known`, whose other keys are mistakes ("unknown {thing} …"). Empty where nothing stands.

    `elsewhere`: what a key is called in other programs -> the way out.
    """
    if isinstance(value, Scalar) and value.kind == "null":
        return Mapping((), value.position)
    if not isinstance(value, Mapping):
        hint = "a space is missing behind the colon" if colon_glued(value) else "lines of `key: value`, without a dash"
        problems.add(value, f"a mapping was expected, not {described(value)}", hint)
        return None
    if known is not None:
        names = tuple(known)
        for key, _ in value.entries:
            if key.text not in names:
                unknown(key, problems, names, thing, elsewhere.get(key.text.lower(), ""))
    return value


def colon_glued(value: Value) -> bool:
    """`from:ada`, which YAML reads as one text."""
    return isinstance(value, Scalar) and not value.quoted and _NO_SPACE.fullmatch(value.text) is not None


def unknown(key: Scalar, problems: Problems, known: Iterable[str], thing: str = "key", hint: str = "") -> None:
    """Adds the problem of a name that is not among the known ones, with `hint`, else the nearest, else all of them."""
    names = tuple(known)
    hint = "" if problems.full else hint or nearest(key.text, names) or f"known are: {' '.join(names)}"
    problems.add(key, f'unknown {thing} "{key.text}"', hint)


def sequence(value: Value, problems: Problems) -> tuple[Value, ...] | None:
    """The items of a list; none where nothing stands."""
    if isinstance(value, Scalar) and value.kind == "null":
        return ()
    if isinstance(value, Sequence):
        return value.items
    problems.add(value, f"a list was expected, not {described(value)}", "begin each item with - on a line of its own")
    return None
