"""`attachment`: what the message carries, told from its structure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mailbot.document import scalars
from mailbot.document.values import Scalar, Value, described
from mailbot.mail.names import file_name
from mailbot.mail.structure import Part
from mailbot.search.facts import Facts
from mailbot.search.fold import fold
from mailbot.search.nodes import Key, Node
from mailbot.search.reading import SIZE_SCHEMA, TEXTS_SCHEMA, items, named, shortened
from mailbot.search.spec import Parsing, Predicate, Spec

_TYPE = re.compile(r"[a-z0-9!#$&^_.+*?-]+/[a-z0-9!#$&^_.+*?-]+")


@dataclass(frozen=True, slots=True)
class PartFilter:
    """Which parts are meant; what is left out does not matter. Case never matters."""

    names: tuple[str, ...] = ()     # globs of the decoded file name; of the `{name}` of templates where the part has none
    types: tuple[str, ...] = ()     # globs of "application/pdf"
    larger: int | None = None       # decoded octets
    smaller: int | None = None

    def takes(self, part: Part) -> bool:
        return ((not self.names or any(glob(one, part.name or file_name(part)) for one in self.names))
                and (not self.types or any(glob(one, part.type) for one in self.types))
                and (self.larger is None or part.decoded_size > self.larger)
                and (self.smaller is None or part.decoded_size < self.smaller))


@dataclass(frozen=True, slots=True)
class Attached:
    """At least `count` attachments that the filter takes."""

    parts: PartFilter = PartFilter()
    count: int = 1

    def __str__(self) -> str:
        told = [f"{name}: {value}" for name, value in (
            ("name", ", ".join(self.parts.names)), ("type", ", ".join(self.parts.types)), ("larger", self.parts.larger),
            ("smaller", self.parts.smaller), ("count", self.count if self.count != 1 else "")) if value not in ("", None)]
        return "{" + ", ".join(told) + "}" if told else "true"


def glob(pattern: str, text: str) -> bool:
    """`*` and `?`, case disregarded; the whole text must fit."""
    return _expression(pattern).fullmatch(fold(text)) is not None


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    # `.*?` between literals is quadratic at worst; a file name has 255 letters.
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in fold(pattern)), re.DOTALL)


FILTER_SCHEMA: dict[str, object] = {"name": TEXTS_SCHEMA, "type": TEXTS_SCHEMA, "larger": SIZE_SCHEMA, "smaller": SIZE_SCHEMA}


def part_filter(entries: Iterable[tuple[Scalar, Value]], parsing: Parsing) -> PartFilter | None:
    """From the entries `name type larger smaller`; others are the caller's."""
    read: dict[str, object] = {}
    for key, value in entries:
        match key.text:
            case "name":
                read["names"] = scalars.texts(value, parsing.problems)
            case "type":
                read["types"] = _types(value, parsing)
            case "larger" | "smaller" as bound:
                read[bound] = scalars.size(value, parsing.problems)
    return None if None in read.values() else PartFilter(**read)  # type: ignore[arg-type]  # each reader gives its field's type


def _types(value: Value, parsing: Parsing) -> tuple[str, ...] | None:
    found = scalars.texts(value, parsing.problems)
    if found is None:
        return None
    good = True
    for text, item in zip(found, items(value), strict=True):
        if not _TYPE.fullmatch(text.lower()):
            parsing.problems.add(item, f'"{text}" is no MIME type', "as in application/pdf, image/*; for a file name use `name`")
            good = False
    return tuple(text.lower() for text in found) if good else None


def _read(value: Value, parsing: Parsing) -> Node | None:
    if isinstance(value, Scalar) and (value.quoted or value.kind == "text"):
        parsing.problems.add(value, f"true, false or a mapping was expected, not {described(value)}",
                             'by name or type: {name: "*.pdf"}, {type: application/pdf}')
        return None
    if isinstance(value, Scalar):
        wanted = scalars.boolean(value, parsing.problems)
        return None if wanted is None else Key("attachment", Attached() if wanted else False)
    entries = named(value, parsing, "true, false or {name: …, type: …, larger: …, smaller: …, count: …}",
                    ("name", "type", "larger", "smaller", "count"))
    if entries is None:
        return None
    parts = part_filter(entries, parsing)
    counted = next((given for key, given in entries if key.text == "count"), None)
    count = 1 if counted is None else scalars.integer(counted, parsing.problems, least=1)
    return None if parts is None or count is None else Key("attachment", Attached(parts, count))


def _holds(value: Attached | bool) -> Predicate:  # noqa: FBT001  # a row's function takes its value
    wanted = Attached() if isinstance(value, bool) else value

    def held(facts: Facts) -> bool | None:
        parts = facts.attached()
        if parts is None:
            return None
        enough = sum(map(wanted.parts.takes, parts)) >= wanted.count
        return enough is not (value is False)
    return held


def _shown(_value: object, facts: Facts) -> str:
    parts = facts.attached()
    if parts is None:
        return "the structure was not read"
    told = ", ".join(f"{part.name or part.number} ({part.type}, {part.decoded_size} octets)" for part in parts)
    return shortened(told) or "no attachment"


ROWS: tuple[Spec, ...] = (
    Spec("attachment", "has an attachment (true), none (false), or at least `count` (1) with such a name, type and size",
         'attachment: {type: application/pdf, name: "*.pdf"}',
         {"anyOf": [{"type": "boolean"}, {"type": "object", "additionalProperties": False, "minProperties": 1,
                                         "properties": {**FILTER_SCHEMA, "count": {"type": "integer", "minimum": 1}}}]},
         _read, _holds, _shown, structure=True,
         written=lambda value: str(value).lower() if isinstance(value, bool) else str(value),
         canonical=lambda key: (Key("attachment", Attached()), False) if key.value is False else (key, True)),
)
