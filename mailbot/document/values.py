"""A document as positioned values. Nothing here is interpreted yet: what a scalar means is its reader's decision."""

import datetime
from dataclasses import dataclass
from typing import Literal

from mailbot.document.problems import Position

Kind = Literal["text", "bool", "int", "float", "date", "null"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """`kind` is what the scalar looks like; a quoted one is always "text", and an empty plain one "null"."""

    text: str                   # as the file says it, quotes and escapes resolved: `0123` stays "0123"
    kind: Kind
    value: str | bool | int | float | datetime.date | None
    quoted: bool
    position: Position
    width: int = 1


@dataclass(frozen=True, slots=True)
class Sequence:
    items: "tuple[Value, ...]"
    position: Position
    width: int = 1
    flow: bool = False          # written as [a, b]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys are scalars, each text once."""

    entries: "tuple[tuple[Scalar, Value], ...]"
    position: Position
    width: int = 1
    flow: bool = False          # written as {a: b}

    def get(self, name: str) -> "Value | None":
        return next((value for key, value in self.entries if key.text == name), None)


Value = Scalar | Sequence | Mapping


def described(value: Value) -> str:
    """What stands there, for a sentence: `a list`, `the number 5`, `"abc"`."""
    match value:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(kind="null"):
            return "nothing"
        case Scalar(kind="bool"):
            return value.text
        case Scalar(kind="int" | "float"):
            return f"the number {value.text}"
    return f'"{value.text}"'
