"""From YAML's events to positioned values, within bounds, so that no file can take much time or memory.

Events, not PyYAML's nodes: a node graph of 1 MB is too big before it can be counted, and is composed recursively.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import yaml

from mailbot.document.problems import Position, Problems
from mailbot.document.quoting import in_place
from mailbot.document.repairs import Repairs
from mailbot.document.values import Kind, Mapping, Scalar, Sequence, Value

DEEPEST = 32        # collections within collections
MOST = 60_000       # values of one file, those that aliases repeat included

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMERIC = frozenset("-0123456789")
_WORDS: dict[str, tuple[Kind, bool | None]] = {
    "": ("null", None), "~": ("null", None), "null": ("null", None), "true": ("bool", True), "false": ("bool", False),
}
_LIST_IN_TEXT = re.compile(r"[\r\n][ \t]*- ")


class BoundError(Exception):
    """The document goes beyond a bound: nothing after this place is read."""

    def __init__(self, position: Position, what: str, hint: str) -> None:
        super().__init__(what)
        self.position, self.what, self.hint = position, what, hint


def too_deep(position: Position) -> BoundError:
    return BoundError(position, f"more than {DEEPEST} levels inside each other", "lay it out flatter")


# PyYAML's types say that a mark may be missing; both of its parsers set one on every event.
Event = Any


class Builder:
    def __init__(self, file: str, text: str, problems: Problems, repairs: Repairs) -> None:
        """`text` is that of `file`, repaired."""
        self._file, self._text, self._problems, self._repairs = file, text, problems, repairs
        # The value, how many values are in it, how deep it is; None: an anchor that is not closed yet.
        self._anchors: dict[str | None, tuple[Value, int, int] | None] = {}
        self._count = 0
        self._deepest = 0

    def document(self, events: Iterator[Event]) -> Value:
        """The first document; a second one is a mistake. Raises BoundError and yaml.MarkedYAMLError."""
        root: Value | None = None
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                root = self._value(event, events, 0)
            elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
                hint = "put everything into one document (without ---), or into several files in one directory"
                raise BoundError(self._position(event), "a second document begins here", hint)
        return root or Scalar("", "null", None, quoted=False, position=Position(self._file, 1, 1))

    def _value(self, event: Event, events: Iterator[Event], depth: int) -> Value:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        self._reach(event, depth)
        before, outer = self._count, self._deepest
        self._spend(event, 1)
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
            self._deepest = depth
        value = self._scalar(event) if isinstance(event, yaml.ScalarEvent) else self._collection(event, events, depth)
        if anchor is not None:
            self._anchors[anchor] = (value, self._count - before, self._deepest - depth)
            self._deepest = max(self._deepest, outer)
        return value

    def _spend(self, event: Event, values: int) -> None:
        self._count += values
        if self._count > MOST:
            hint = "long lists go into files of their own: {file: names.txt}"
            if isinstance(event, yaml.AliasEvent):
                hint = "what an alias stands for counts each time: repeat less"
            raise BoundError(self._position(event), f"more than {MOST:,} values in one file", hint)

    def _reach(self, event: Event, depth: int) -> None:
        if depth > self._deepest:
            self._deepest = depth
        if depth > DEEPEST:
            raise too_deep(self._position(event))

    def _alias(self, event: Event, depth: int) -> Value:
        position, found = self._position(event), self._anchors.get(event.anchor)
        if found is not None:
            value, count, height = found
            self._spend(event, count)
            self._reach(event, depth + height)
            return value
        self._spend(event, 1)
        name = f"*{event.anchor}"
        alias = Scalar(name, "text", name, quoted=True, position=position, width=len(name))
        if event.anchor in self._anchors:
            self._problems.add(alias, f"{name} stands inside what it stands for", "write out what is meant")
        else:
            hint = f"for the text itself, quote it: {in_place(position, name, self._problems)}"
            self._problems.add(alias, f"{name} is an alias in YAML, and no &{event.anchor} stands above it", hint)
        return alias

    def _collection(self, event: Event, events: Iterator[Event], depth: int) -> Value:
        if event.tag is not None:
            self._problems.add(self._position(event), f"{_short(event.tag)} is a tag in YAML", "leave it out")
        flow = bool(event.flow_style)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Value] = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._value(inner, events, depth + 1))
            return Sequence(tuple(items), self._position(event), _width(event, inner), flow=flow)
        entries: dict[str, tuple[Scalar, Value]] = {}
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = self._value(inner, events, depth + 1)
            given = next(events)
            value = self._value(given, events, depth + 1)
            if flow and isinstance(key, Scalar) and given.start_mark.index == given.end_mark.index:
                value = self._behind(key, value)
            if (name := self._key(key, entries)) is not None:
                entries[name.text] = name, value
        first = next(iter(entries.values()), None)
        width = first[0].width if first and not flow else _width(event, inner)
        return Mapping(tuple(entries.values()), self._position(event), width, flow=flow)

    def _behind(self, key: Scalar, value: Value) -> Value:
        """An empty value, placed behind its key: YAML sees it at what comes next, which may be lines below a comment."""
        end = key.position.column + key.width
        if self._problems.line(key.position)[end - 1:end] != ":":
            return value
        return replace(value, position=replace(key.position, column=end + 1))

    def _key(self, key: Value, entries: dict[str, tuple[Scalar, Value]]) -> Scalar | None:
        """The key, if it can be one and is new in its mapping."""
        if not isinstance(key, Scalar):
            hint = 'where braces or brackets belong to the text, quote it: "{list_id}"'
            self._problems.add(key, "a key must be text", hint)
        elif not key.text:
            self._problems.add(key, "a key is missing before the colon", "write it as `key: value`")
        elif key.text == "<<" and not key.quoted:
            hint = "write the keys out, or give a whole value an anchor (&name) and repeat it (*name)"
            self._problems.add(key, "merge keys (<<) are not read", hint)
        elif key.text in entries:
            line = entries[key.text][0].position.line
            hint = f"the first is in line {line}: keep one of them, or join their values in one list"
            self._problems.add(key, f'"{_short(key.text)}" stands twice here', hint)
        else:
            return key
        return None

    def _scalar(self, event: Event) -> Scalar:
        position, text, width = self._position(event), event.value, _width(event, event)
        if event.tag is not None:
            written = text or self._text[event.start_mark.index:event.end_mark.index]
            scalar = Scalar(written, "text", written, quoted=True, position=position, width=width)
            what = f"{_short(event.tag)} is a tag in YAML" + ("" if text else ", and leaves the value empty")
            hint = "leave it out" if text else f"quote it: {in_place(position, written, self._problems)}"
            self._problems.add(scalar, what, hint)
            return scalar
        if event.style:     # "" or None where it is plain
            return Scalar(text, "text", text, quoted=True, position=position, width=width)
        begin, end = event.start_mark, event.end_mark
        if begin.line != end.line and _LIST_IN_TEXT.search(self._text, begin.index, end.index):
            what = "a list cannot follow a text: YAML makes one text of both"
            self._problems.add(position, what, "give the first value a line of its own, with - too")
        kind, value = _read(text)
        return Scalar(text, kind, value, quoted=False, position=position, width=width)

    def _position(self, event: Event) -> Position:
        mark = event.start_mark
        return self._repairs.original(Position(self._file, mark.line + 1, mark.column + 1))


def _read(text: str) -> tuple[Kind, str | bool | int | float | datetime.date | None]:
    """What a plain scalar is. Far less than in YAML 1.1: there `on` is true, `12:30` is 750 and `0123` is 83."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return "text", text
    if _INTEGER.fullmatch(text):
        return "int", int(text)
    if _FLOAT.fullmatch(text):
        return "float", float(text)
    if _DAY.fullmatch(text):
        try:
            return "date", datetime.date.fromisoformat(text)
        except ValueError:      # 2026-02-31: whoever expects a date says so
            pass
    return "text", text


def _width(first: Event, last: Event) -> int:
    begin, end = first.start_mark, last.end_mark
    return max(1, end.column - begin.column) if begin.line == end.line else 1


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
