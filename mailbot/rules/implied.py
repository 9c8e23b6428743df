"""What one condition says of another, as far as their shapes tell; "no" also means "it cannot be told"."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from mailbot.search.attachments import Attached
from mailbot.search.fold import fold
from mailbot.search.keys import KEYS
from mailbot.search.needs import never_true
from mailbot.search.nodes import ALL, And, Key, Node, Not, Or

_LARGEST, _FIRST_MAIL, _LONG_AGO = 1 << 30, date(1990, 1, 1), timedelta(days=18_250)
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


def wider(node: Node) -> Iterator[Key]:
    """Keys that hold where this one does, though they are others; not the parts of its text."""
    match node:
        case Key("header", (name, str())):
            yield Key("header", (name, True))
        case Key("attachment", Attached() as wanted) if wanted != Attached():
            yield Key("attachment", Attached())
        case Key("address" | "domain", (who, written)):
            labels = written.rpartition("@")[2].split(".")
            first = 0 if node.name == "address" else 1
            yield from (Key("domain", (who, ".".join(labels[place:]))) for place in range(first, len(labels)))


def widened(node: Node) -> Node:
    """With `all: true` for each key that is true of whatever mail there is, though it could be false."""
    match node:
        case Key() if _of_any_mail(node):
            return ALL
        case And(nodes):
            return And(tuple(map(widened, nodes)))
        case Or(nodes):
            return Or(tuple(map(widened, nodes)))
    return node


def _of_any_mail(key: Key) -> bool:
    match key:
        case Key("larger", octets):
            return bool(octets == 0)
        case Key("smaller", octets):
            return bool(octets > _LARGEST)
        case Key("since" | "sentsince", day):
            return bool(day < _FIRST_MAIL)
        case Key("younger", age):
            return bool(age > _LONG_AGO)
        case Key("uid", ((1, None), *_)):
            return True
    return False


def impossible(node: Node) -> str:
    """Why no message can match, "" where one may."""
    if isinstance(node, Key):
        return _empty_range(node)
    if isinstance(node, Or):
        whys = [impossible(inner) for inner in node.nodes]
        return whys[0] if whys and all(whys) else ""
    for inner in demands(node):
        if isinstance(inner, Or | And) and (why := impossible(inner)):
            return why
    demanded = list(_demanded(node))
    wanted = dict(demanded)
    for key, yes in demanded:
        if wanted.get(key) is not yes:
            return f"`{_named(key)}` is asked for and excluded"
        if yes and any(wanted.get(other) is False for other in wider(key)):
            return f"`{_named(key)}` is asked for and excluded"
    if name := _text_within(demanded):
        return f"`{name}` is asked for, and a part of its text excluded"
    return _empty_range(node) or ("it contradicts itself" if never_true(node) else "")


def _demanded(node: Node) -> Iterator[tuple[Key, bool]]:
    for inner in demands(node):
        yes = not isinstance(inner, Not)
        asked = inner.node if isinstance(inner, Not) else inner
        for key in asked.nodes if isinstance(asked, Or) and not yes else (asked,):        # none of them
            if isinstance(key, Key):
                canonical, same = KEYS[key.name].canonical(key)
                yield canonical, yes is same


def _named(key: Key) -> str:
    """As its author probably has it: `header: {From: …}` and `from: …` are the same."""
    return str(key.value[0]) if key.name == "header" else key.name


def _text_within(demanded: Iterable[tuple[Key, bool]]) -> str:
    """The key that looks for a text of which a part must not be there."""
    wanted, excluded = list[tuple[Key, tuple[str, str]]](), list[tuple[str, str]]()
    for key, yes in demanded:
        if (looked_for := text_of(key)) is not None:
            if yes:
                wanted.append((key, looked_for))
            else:
                excluded.append(looked_for)
    return next((_named(key) for key, (header, text) in wanted for other, part in excluded if header == other and part in text), "")


def _empty_range(node: Node) -> str:
    found = {inner.name: inner.value for inner in demands(node) if isinstance(inner, Key)}
    for low, on, high in (("since", "on", "before"), ("sentsince", "senton", "sentbefore")):
        if low in found and high in found and found[low] >= found[high]:
            return f"no day lies between `{low}` and `{high}`"
        if on in found and (found[on] < found.get(low, date.min) or found[on] >= found.get(high, date.max)):
            return f"the day of `{on}` is not among those of `{low if low in found else high}`"
    if found.get("new") is True and (found.get("seen") is True or found.get("old") is True):
        return "what is `new` is recent and not seen"
    if found.get("smaller") == 0:
        return "nothing is smaller than 0 octets"
    if "larger" in found and "smaller" in found and found["larger"] + 1 >= found["smaller"]:
        return "no size lies between `larger` and `smaller`"
    if "older" in found and "younger" in found and found["older"] > found["younger"]:
        return "nothing is both that old and that young"
    return ""
