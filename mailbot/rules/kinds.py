"""What several actions share: those that set flags, those that name a folder, those that are written bare."""

from dataclasses import dataclass
from typing import ClassVar, Self

from mailbot.document.problems import Problems
from mailbot.document.scalars import boolean, braces
from mailbot.document.shapes import mapping as known
from mailbot.document.values import Mapping, Sequence, Value, described
from mailbot.effects import Effect, Fields, FlagEffect, Flags
from mailbot.rules.context import Context, Missing, Scope
from mailbot.rules.flags import flags
from mailbot.rules.template_reader import template
from mailbot.rules.templates import Template
from mailbot.rules.value_schemas import FLAGS, FOLDER, Shape


@dataclass(frozen=True, slots=True)
class Flagging:
    name: ClassVar[str]
    doc: ClassVar[str]
    example: ClassVar[str]
    takes: ClassVar[bool] = False
    schema: ClassVar[Shape | None] = FLAGS
    effect: ClassVar[type[FlagEffect]]
    none_at_all: ClassVar[bool] = False         # the empty list means something

    flags: Flags

    @property
    def fields(self) -> Fields:
        return Fields()

    def effects(self, _context: Context) -> tuple[Effect, ...] | Missing:
        return (self.effect(self.flags),)

    @classmethod
    def read(cls, value: Value, problems: Problems, _scope: Scope) -> Self | None:
        found = flags(value, problems, empty=cls.none_at_all)
        return None if found is None else cls(found)


@dataclass(frozen=True, slots=True)
class Filing:
    name: ClassVar[str]
    doc: ClassVar[str]
    example: ClassVar[str]
    takes: ClassVar[bool]
    schema: ClassVar[Shape | None] = FOLDER

    to: Template
    create: bool = True

    @property
    def fields(self) -> Fields:
        return Fields(self.to.headers)

    @classmethod
    def read(cls, value: Value, problems: Problems, scope: Scope) -> Self | None:
        found = _destination(value, problems, scope, cls.name)
        return None if found is None else cls(*found)


@dataclass(frozen=True, slots=True)
class Bare:
    name: ClassVar[str]
    doc: ClassVar[str]
    example: ClassVar[str]
    takes: ClassVar[bool] = True
    schema: ClassVar[Shape | None] = None

    @property
    def fields(self) -> Fields:
        return Fields()

    @classmethod
    def read(cls, _value: Value, _problems: Problems, _scope: Scope) -> Self | None:
        return cls()


def _destination(value: Value, problems: Problems, scope: Scope, action: str) -> tuple[Template, bool] | None:
    """`Folder` or `{to: Folder, create: false}`."""
    if isinstance(value, Sequence):
        problems.add(value, f"{action} takes one folder, not {described(value)}", f"an action for each: - {action}: …")
        return None
    create: bool | None = True
    if isinstance(value, Mapping) and not braces(value, problems):
        known(value, problems, ("to", "create"))
        if (told := value.get("create")) is not None:
            create = boolean(told, problems)
        if (folder := value.get("to")) is None:
            if all(key.text == "create" for key, _ in value.entries):       # an unknown key may be the one that is missing
                problems.add(value, f"{action} needs `to`", f"for example {action}: {{to: Archive, create: false}}")
            return None
        value = folder
    to = template(value, problems, scope.groups)
    return None if to is None or create is None else (to, create)
