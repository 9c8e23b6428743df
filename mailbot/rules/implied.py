"""What one condition says of another, as far as their shapes tell; "no" also means "it cannot be told"."""

from collections.abc import Iterator

from mailbot.search.fold import fold
from mailbot.search.keys import KEYS
from mailbot.search.nodes import And, Key, Node, Not, Or

TEXT_KEYS = frozenset({"from", "to", "cc", "bcc", "subject", "header"})


def alternatives(node: Node) -> tuple[Node, ...]:
    """One of these holds where `node` does."""
    return node.nodes if isinstance(node, Or) else (node,)


def demands(node: Node) -> tuple[Node, ...]:
    """All of these hold where `node` does."""
    return tuple(inner for one in node.nodes for inner in demands(one)) if isinstance(node, And) else (node,)


def text_of(node: Node) -> tuple[str, str] | None:
    """(header, folded text) of a key that looks for text in a header."""
    if not isinstance(node, Key) or node.name not in TEXT_KEYS:
        return None
    header, wanted = node.value if node.name == "header" else (node.name, node.value)
    return (header, fold(wanted)) if isinstance(wanted, str) else None


def impossible(node: Node) -> str:
    """Why no message can match, "" where one may."""
    if isinstance(node, Or):
        whys = [impossible(inner) for inner in node.nodes]
        return whys[0] if whys and all(whys) else ""
    wanted = dict(_demanded(node))
    for inner in demands(node):
        if isinstance(inner, Or | And) and (why := impossible(inner)):
            return why
    for key, yes in _demanded(node):
        if wanted.get(key) is not yes:
            return f"`{key.name}` is asked for and excluded"
    return _empty_range(node)


def _demanded(node: Node) -> Iterator[tuple[Key, bool]]:
    for inner in demands(node):
        yes = not isinstance(inner, Not)
        key = inner.node if isinstance(inner, Not) else inner
        if isinstance(key, Key):
            canonical, same = KEYS[key.name].canonical(key)
            yield canonical, yes is same


def _empty_range(node: Node) -> str:
    found = {inner.name: inner.value for inner in demands(node) if isinstance(inner, Key)}
    for low, high in (("since", "before"), ("sentsince", "sentbefore")):
        if low in found and high in found and found[low] >= found[high]:
            return f"no day lies between `{low}` and `{high}`"
    if "larger" in found and "smaller" in found and found["larger"] + 1 >= found["smaller"]:
        return "no size lies between `larger` and `smaller`"
    if "older" in found and "younger" in found and found["older"] > found["younger"]:
        return "nothing is both that old and that young"
    return ""
