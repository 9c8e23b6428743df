"""What a condition asks for before it can be decided, and what can be said of it without any message."""

from collections.abc import Iterator, Mapping
from itertools import product

from mailbot.search.keys import KEYS
from mailbot.search.nodes import And, Key, Node, Not, Or

_MOST_ATOMS = 12        # 4,096 assignments


def keys(node: Node) -> Iterator[Key]:
    """The leaves, from left to right."""
    match node:
        case Key():
            yield node
        case Not(child):
            yield from keys(child)
        case And(nodes) | Or(nodes):
            for child in nodes:
                yield from keys(child)


def headers(node: Node) -> frozenset[str]:
    """The headers it reads, lower case."""
    return frozenset(name for key in keys(node) for name in KEYS[key.name].headers(key.value))


def structure(node: Node) -> bool:
    return any(KEYS[key.name].structure for key in keys(node))


def server_keys(node: Node) -> tuple[Key, ...]:
    """Those that only the server can answer, each once."""
    return tuple(dict.fromkeys(key for key in keys(node) if KEYS[key.name].asked(key.value)))


def mentions(node: Node, *names: str) -> bool:
    return any(key.name in names for key in keys(node))


def names_deleted(node: Node) -> bool:
    r"""Mail marked \Deleted is judged only by conditions that do."""
    return mentions(node, "deleted", "undeleted")


def warnings(node: Node) -> Mapping[str, str]:
    """Key -> what `check` says of it in a rule."""
    return {key.name: KEYS[key.name].warning for key in keys(node) if KEYS[key.name].warning}


def always_true(node: Node) -> bool:
    """True of every message: told by form alone, as `any: [{seen: true}, {seen: false}]` is; not every one is found out."""
    leaves = [KEYS[key.name].canonical(key)[0] for key in keys(node)]
    atoms = list(dict.fromkeys(leaves))
    # Where each question is asked once, the answers can be chosen so that it holds, and so that it does not.
    if len(atoms) > _MOST_ATOMS or (len(atoms) == len(leaves) and not _has_empty(node)):
        return False
    return all(_true(node, dict(zip(atoms, values, strict=True))) for values in product((True, False), repeat=len(atoms)))


def _has_empty(node: Node) -> bool:
    """Whether `all: true`, or an empty list, stands in it: that is true, or false, by itself."""
    match node:
        case Key():
            return False
        case Not(child):
            return _has_empty(child)
        case And(nodes) | Or(nodes):
            return not nodes or any(map(_has_empty, nodes))


def never_true(node: Node) -> bool:
    """Of no message, told in the same way."""
    return always_true(Not(node))


def _true(node: Node, values: Mapping[Key, bool]) -> bool:
    match node:
        case Key():
            atom, same = KEYS[node.name].canonical(node)
            return values[atom] is same
        case Not(child):
            return not _true(child, values)
        case And(nodes):
            return all(_true(child, values) for child in nodes)
        case Or(nodes):
            return any(_true(child, values) for child in nodes)
