"""`matches`: regular expressions in linear time, whatever a stranger sends (google-re2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import re2

from mailbot.document import scalars
from mailbot.document.values import Scalar, Value
from mailbot.search.facts import Facts
from mailbot.search.nodes import Key, Node
from mailbot.search.reading import TEXT_SCHEMA, all_of, listed, named
from mailbot.search.spec import Parsing, Predicate, Spec
from mailbot.search.text import header_name

_MEMORY = 1 << 20           # octets one expression may compile to
TWICE = "a template could not tell them apart: give each its own name"
_GROUP = re.compile(r"\(\?P?<(\w+)>")
# What other engines have and this one has not, on purpose: they cost exponential time.
_REFUSED = re.compile(r"\\[1-9]|\\k<|\(\?P=|\(\?<?[=!]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A header (lower case) and the expression that is looked for in it."""

    header: str
    source: str
    compiled: Any = field(compare=False, repr=False)    # re2 has no types

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.compiled.groupindex)

    def __str__(self) -> str:
        return f"{{{self.header}: {self.source}}}"


def compiled(source: str) -> Any:
    """Raises re2.error, whose text is re2's own."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(source, options)


def _twice(source: str) -> str:
    """A group name used twice, which re2 lets pass; "" if there is none."""
    groups = list(_GROUP.finditer(source))
    names = [group[1] for group in groups]
    for group in groups:
        if names.index(group[1]) < groups.index(group):
            # It may be only text, in [] or behind a backslash: under another name it shows.
            other = "_" + max(names, key=len)
            if other in compiled(source[:group.start(1)] + other + source[group.end(1):]).groupindex:
                return group[1]
    return ""


def _read(value: Value, parsing: Parsing) -> Node | None:
    entries = named(value, parsing, r"header names with regular expressions: {subject: '^\[(?P<tag>\w+)\]'}")
    return None if entries is None else all_of(_one(key, given, parsing) for key, given in entries)


def _one(key: Scalar, given: Value, parsing: Parsing) -> Node | None:
    header = header_name(key.text, key.position, parsing)
    if header is None:
        return None
    source = scalars.text(given, parsing.problems, empty="an empty expression is found in every header")
    if source is None:
        return None
    try:
        expression = compiled(source)
        if name := _twice(source):
            parsing.problems.add(given, f'the expression has two groups "{name}"', TWICE)
            return None
        return Key("matches", Pattern(header, source, expression))
    except re2.error as error:
        why = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        hint = "back references and look-around are not to be had: they take exponential time" if _REFUSED.search(source) else \
            "the syntax is that of github.com/google/re2/wiki/Syntax"
        parsing.problems.add(given, f"the regular expression is wrong: {why}", hint)
    return None


def _first_match(pattern: Pattern, facts: Facts) -> Any:
    """In the first of repeated headers that has one."""
    return next((match for text in facts.message.headers.all(pattern.header) if (match := pattern.compiled.search(text))), None)


def _holds(pattern: Pattern) -> Predicate:
    return lambda facts: _first_match(pattern, facts) is not None


def _groups(pattern: Pattern, facts: Facts) -> Mapping[str, str]:
    """Those that took part in the match."""
    match = _first_match(pattern, facts)
    return {} if match is None else {name: text for name, text in match.groupdict().items() if text is not None}


ROWS: tuple[Spec, ...] = (
    Spec("matches",
         "a regular expression (google-re2) found in the decoded header; case-sensitive unless (?i); its groups go to templates",
         r"matches: {subject: '^\[(?P<list>[\w-]+)\]'}",
         {"type": "object", "minProperties": 1, "additionalProperties": TEXT_SCHEMA}, _read, _holds,
         lambda pattern, facts: listed(facts.message.headers.all(pattern.header), f"there is no {pattern.header}"),
         headers=lambda pattern: frozenset({pattern.header}), groups=_groups),
)
