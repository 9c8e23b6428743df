"""A condition, from the document to nodes. Every mistake is told, with its place."""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass

from mailbot.document import scalars
from mailbot.document.problems import Problems, nearest
from mailbot.document.shapes import colon_glued
from mailbot.document.values import Mapping, Scalar, Sequence, Value, described
from mailbot.search.elsewhere import ELSEWHERE
from mailbot.search.grammar import search
from mailbot.search.keys import KEYS
from mailbot.search.nodes import ALL, And, Key, Node, Not, Or
from mailbot.search.patterns import TWICE
from mailbot.search.reading import all_of
from mailbot.search.spec import Lists, Parsing


def condition(value: Value, problems: Problems, *, lists: Lists) -> Node | None:
    """None: problems were added. `lists(path, position)` gives the lines of a `{file: path}`, or None and has said why."""
    node = _condition(value, Parsing(problems, lists))
    if node is not None and not _groups_are_unique(node, value, problems):
        return None
    return node


def _condition(value: Value, parsing: Parsing) -> Node | None:
    """A mapping is AND."""
    if not isinstance(value, Mapping):
        listed = isinstance(value, Sequence)
        hint = ("before the list, write `any:` (one of them) or `all:` (each)" if listed
                else "a space is missing behind the colon" if colon_glued(value) else "as in `from: ada@example.org`")
        parsing.problems.add(value, f"a condition is a mapping, not {described(value)}", hint)
        return None
    if not value.entries:
        parsing.problems.add(value, "the condition is empty", "for every message write `all: true`")
        return None
    return all_of(_entry(key, given, parsing) for key, given in value.entries)


def _entry(key: Scalar, given: Value, parsing: Parsing) -> Node | None:
    if key.text in JOINTS:
        return JOINTS[key.text].read(given, parsing)
    spec = KEYS.get(key.text)
    if spec is None:
        parsing.problems.add(key, f'unknown key "{key.text}"', _hint(key.text))
        return None
    return spec.read(given, parsing)


def _hint(word: str) -> str:
    known = [*KEYS, *JOINTS]
    if word.lower() in known:
        return f'keys are in lower case: "{word.lower()}"'
    if "-" in word.strip("-"):
        return f"a header by its name: `header: {{{word}: …}}`"
    return (ELSEWHERE.get(word.lower()) or nearest(word, known)
            or "the keys are IMAP's, in lower case; any header: `header: {Name: text}`")


def _conditions(value: Value, parsing: Parsing, example: str) -> tuple[Node, ...] | None:
    if not isinstance(value, Sequence):
        parsing.problems.add(value, f"a list of conditions was expected, not {described(value)}", example)
        return None
    if not value.items:
        parsing.problems.add(value, "the list of conditions is empty", example)
        return None
    nodes = [_condition(item, parsing) for item in value.items]
    found = tuple(node for node in nodes if node is not None)
    return found if len(found) == len(nodes) else None


def _any(value: Value, parsing: Parsing) -> Node | None:
    nodes = _conditions(value, parsing, "any: [{from: ada}, {from: bob}]")
    return None if nodes is None else Or(nodes)


def _all(value: Value, parsing: Parsing) -> Node | None:
    if isinstance(value, Scalar):
        wanted = scalars.boolean(value, parsing.problems)
        if wanted is False:
            parsing.problems.add(value, "`all: false` would be no message at all", "to switch a rule off: `enabled: false`")
        return ALL if wanted else None
    nodes = _conditions(value, parsing, "all: [{from: ada}, {subject: report}], or all: true for every message")
    return None if nodes is None else And(nodes)


def _none(value: Value, parsing: Parsing) -> Node | None:
    nodes = _conditions(value, parsing, "none: [{from: ada}, {from: bob}]")
    return None if nodes is None else Not(nodes[0] if len(nodes) == 1 else Or(nodes))


def _not(value: Value, parsing: Parsing) -> Node | None:
    if isinstance(value, Mapping) and len(value.entries) > 1:
        parsing.problems.add(value.entries[1][0], "`not` takes one condition with exactly one key",
                             "neither of them: `none: [{…}, {…}]`; not both together: `not: {all: [{…}, {…}]}`")
        return None
    node = _condition(value, parsing)
    return None if node is None else Not(node)


def _search(value: Value, parsing: Parsing) -> Node | None:
    text = scalars.text(value, parsing.problems)
    return search(value, text, parsing.problems) if text is not None and isinstance(value, Scalar) else None


@dataclass(frozen=True, slots=True)
class Joint:
    """A key that holds conditions."""

    doc: str
    example: str
    schema: Table[str, object]
    read: Callable[[Value, Parsing], Node | None]


CONDITION: Table[str, object] = {"$ref": "#/$defs/condition"}
_CONDITIONS: Table[str, object] = {"type": "array", "items": CONDITION, "minItems": 1}

JOINTS: Table[str, Joint] = {
    "any": Joint("at least one of these conditions", "any: [{from: ada}, {from: bob}]", _CONDITIONS, _any),
    "all": Joint("each of these conditions; `all: true` is every message", "all: [{subject: a}, {subject: b}]",
                 {"anyOf": [_CONDITIONS, {"const": True}]}, _all),
    "none": Joint("none of these conditions", "none: [{from: ada}, {from: bob}]", _CONDITIONS, _none),
    "not": Joint("the contrary of one condition with one key", "not: {from: ada}", {"allOf": [CONDITION], "maxProperties": 1},
                 _not),
    "search": Joint("a raw IMAP SEARCH program (RFC 3501), read when the file is loaded",
                    "search: 'OR FROM ada (SUBJECT \"to do\" UNSEEN)'",
                    {"type": "string", "minLength": 1}, _search),
}


def schema() -> dict[str, object]:
    """JSON Schema of a condition, for `$defs`."""
    keys = {name: {"description": spec.doc, **spec.schema} for name, spec in KEYS.items()}
    joints = {name: {"description": joint.doc, **joint.schema} for name, joint in JOINTS.items()}
    return {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": {**keys, **joints}}


def _groups_are_unique(node: Node, value: Value, problems: Problems) -> bool:
    names = list(_group_names(node))
    twice = sorted({name for name in names if names.count(name) > 1})
    for name in twice:
        problems.add(value, f'two expressions have a group "{name}"', TWICE)
    return not twice


def _group_names(node: Node) -> Iterator[str]:
    match node:
        case Key(name="matches", value=pattern):
            yield from pattern.names
        case And(nodes) | Or(nodes):
            for child in nodes:
                yield from _group_names(child)
        case Not(child):
            yield from _group_names(child)
