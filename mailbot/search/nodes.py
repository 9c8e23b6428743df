"""Conditions as values: a tree of keys, hashable, so that the server's answers can be kept beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the table of keys with its value, parsed: `Key("larger", 20000)`, `Key("header", ("list-id", "dev"))`."""

    name: str
    value: Any                  # hashable; its shape is the row's business (keys.py)


@dataclass(frozen=True, slots=True)
class And:
    nodes: tuple["Node", ...]   # none of them: every message


@dataclass(frozen=True, slots=True)
class Or:
    nodes: tuple["Node", ...]   # none of them: no message


@dataclass(frozen=True, slots=True)
class Not:
    node: "Node"


Node = Key | And | Or | Not
ALL = And(())


@dataclass(frozen=True, slots=True)
class Reading:
    """What `evaluate` read. `verdict` is None where it could not be decided (three-valued: Kleene)."""

    node: Node
    verdict: bool | None
    children: tuple["Reading", ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)     # named groups of the `matches` that held
    why: str = ""               # for `explain`: what was read, or why it is unknown
