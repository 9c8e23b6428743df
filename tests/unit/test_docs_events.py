"""Every event that the code logs is in docs/events.md with its level, its fields and whether it is an alert; and nothing else is."""

import ast
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mailbot.engine import report
from tests.docs import TOP

KINDS = "service session idle pass rule rules action file folder message limit uidvalidity schedule state config watcher clock http"
EVENT = re.compile(rf"(?:{KINDS.replace(' ', '|')})\.[a-z]+")
FILES = {"state.db", "message.eml", "rules.yaml"}
METHODS = {"debug", "info", "warning", "error", "exception"}


@dataclass(slots=True)
class Logged:
    levels: set[str] = field(default_factory=set)       # "alert" among them
    fields: set[str] = field(default_factory=set)


def modules() -> Iterator[ast.Module]:
    for path in sorted((TOP / "mailbot").rglob("*.py")):
        if path.parent.name != "cli":       # which reads the log, for the demo
            yield ast.parse(path.read_text())


def named(node: ast.AST) -> str:
    """`fields` of `fields` and of `self.fields`, `fields["to"]` too."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return named(value)
    return ""


def texts(node: ast.AST) -> Iterator[str]:
    return (found.value for found in ast.walk(node) if isinstance(found, ast.Constant) and isinstance(found.value, str))


def events_in(node: ast.AST) -> set[str]:
    return {text for text in texts(node) if EVENT.fullmatch(text)} - FILES


def keys(module: ast.Module, scope: ast.AST, name: str) -> set[str]:
    """Of the dictionary that is called so in this function, and of what is put into it; `**self.more` is found in the module."""
    found = set[str]()
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and name in map(named, node.targets):
            found |= {text for target in node.targets if isinstance(target, ast.Subscript) for text in texts(target.slice)}
            if isinstance(node.value, ast.Dict):
                for key, value in zip(node.value.keys, node.value.values, strict=True):
                    found |= keys(module, module, named(value)) if key is None else set(texts(key))
    return found


def calls(module: ast.Module, scope: ast.AST) -> Iterator[tuple[Iterable[str], set[str], list[ast.keyword]]]:
    """(events, levels, keywords) of each line that this function logs."""
    tells = {node.targets[0].id: {word for word in map(named, ast.walk(node.value)) if word in METHODS}
             for node in ast.walk(scope) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
             and isinstance(node.value, ast.IfExp) and named(node.value.body) in METHODS}
    for node in ast.walk(scope):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if isinstance(node.func, ast.Attribute) and named(node.func.value) == "log":
            if node.func.attr in METHODS:
                yield events_in(node.args[0]), {node.func.attr}, node.keywords
            elif node.func.attr == "log":   # Actions.write: the event comes from elsewhere in the module
                for event in {text for text in events_in(module) if text.startswith("action.")}:
                    yield [event], {logging.getLevelName(report._LEVELS.get(event, logging.INFO)).lower()}, node.keywords
        elif named(node.func) in tells:
            yield events_in(node.args[0]), tells[named(node.func)], node.keywords


def logged() -> dict[str, Logged]:
    found = defaultdict[str, Logged](Logged)
    functions = [(module, node) for module in modules() for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    for module, scope in functions:
        for events, levels, keywords in calls(module, scope):
            for event in events:
                found[event].levels |= {"error" if level == "exception" else level for level in levels}
                for keyword in keywords:
                    found[event].fields |= {keyword.arg} if keyword.arg else keys(module, scope, named(keyword.value))
    for one in found.values():
        if "alert" in one.fields:
            one.fields.remove("alert")
            one.levels.add("alert")
    return found


def documented() -> dict[str, Logged]:
    rows = re.findall(r"(?m)^\| `([a-z.]+)` \| ([a-z, ]+) \| .* \|(?: `([a-z0-9_ ]+)`)? \|$", (TOP / "docs/events.md").read_text())
    return {event: Logged(set(levels.split(", ")), set(fields.split())) for event, levels, fields in rows}


def strays(rows: Iterable[Mapping[str, object]]) -> list[str]:
    """Lines of a log that are not as docs/events.md says: used wherever the tests run the program."""
    known, found = documented(), []
    for row in rows:
        said = known.get(str(row["event"]))
        more = set(row) - {"event", "level", "timestamp", "alert", "exception"} - (said.fields if said else set())
        if said is None or more or row["level"] not in said.levels or row.get("alert", False) is not ("alert" in said.levels):
            found.append(f"{row} is not as docs/events.md says")
    return found


def test_every_event_is_documented_with_its_level_and_fields_and_nothing_else_is() -> None:
    assert logged() == documented()


def test_no_event_is_overlooked() -> None:
    assert set().union(*map(events_in, modules())) == set(logged())


def test_every_field_says_what_it_is() -> None:
    told = set(re.findall(r"(?m)^\| `([a-z0-9_]+)` \| ", (TOP / "docs/events.md").read_text()))
    assert {name for one in documented().values() for name in one.fields} <= told
