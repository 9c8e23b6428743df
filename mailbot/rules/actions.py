"""The one table of actions. A new action is one class here, its row at the end, and its test."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar, Protocol, Self

from mailbot.document.problems import Problems
from mailbot.document.shapes import mapping as known
from mailbot.document.values import Scalar, Sequence, Value
from mailbot.effects import (
    AddFlags,
    Copy,
    Effect,
    Fields,
    Move,
    RemoveFlags,
    Save,
    SavedPart,
    SetFlags,
)
from mailbot.effects import Delete as DeleteEffect
from mailbot.mail.names import file_name
from mailbot.rules.context import Context, Missing, Scope
from mailbot.rules.kinds import Bare, Filing, Flagging
from mailbot.rules.parts import EVERY_ATTACHMENT, Parts, parts
from mailbot.rules.template_reader import template
from mailbot.rules.templates import Template
from mailbot.rules.value_schemas import SAVE, Shape


class Action(Protocol):
    name: ClassVar[str]
    doc: ClassVar[str]                  # one line for the reference and the schema
    example: ClassVar[str]              # as it stands in `then`, without the dash
    takes: ClassVar[bool]               # later rules find the message gone: must be last in `then`
    schema: ClassVar[Shape | None]      # JSON Schema of its value; None for one that is written bare

    @property
    def fields(self) -> Fields: ...     # what must have been fetched

    def effects(self, context: Context) -> tuple[Effect, ...] | Missing:
        """What it does to this message; () where there is nothing to do it with."""

    @classmethod
    def read(cls, value: Value, problems: Problems, scope: Scope) -> Self | None:
        """From the file. One that is written bare is given its own name."""


class Flag(Flagging):
    name = "flag"
    doc = "sets flags and keywords"
    example = "flag: [seen, $invoice]"
    effect = AddFlags


class Unflag(Flagging):
    name = "unflag"
    doc = "clears flags and keywords"
    example = "unflag: flagged"
    effect = RemoveFlags


class SetFlagsTo(Flagging):
    name = "set_flags"
    doc = r"exactly these flags and keywords afterwards, no others (\Recent and \Deleted stay)"
    example = "set_flags: [seen]"
    effect = SetFlags
    none_at_all = True


class CopyTo(Filing):
    name = "copy"
    doc = "copies to a folder, which is created and subscribed unless `create: false`"
    example = "copy: {to: Reference, create: false}"
    takes = False

    def effects(self, context: Context) -> tuple[Effect, ...] | Missing:
        folder = self.to.render(context)
        return folder if isinstance(folder, Missing) else (Copy(folder, self.create),)


class MoveTo(Filing):
    name = "move"
    doc = "moves to a folder, which is created and subscribed unless `create: false`"
    example = 'move: "Archive/{received:%Y}"'
    takes = True

    def effects(self, context: Context) -> tuple[Effect, ...] | Missing:
        folder = self.to.render(context)
        return folder if isinstance(folder, Missing) else _moved(folder, context, create=self.create)


class Trash(Bare):
    name = "trash"
    doc = r"moves to the folder that carries \Trash"
    example = "trash"

    def effects(self, context: Context) -> tuple[Effect, ...] | Missing:
        folder = context.folders.special.get(r"\Trash")
        if folder is None:
            return Missing(r"no folder carries \Trash: say `move: NAME` instead")
        return _moved(folder, context, create=False)


class Delete(Bare):
    name = "delete"
    doc = r"removes for good: \Deleted and UID EXPUNGE of exactly these UIDs"
    example = "delete"

    def effects(self, _context: Context) -> tuple[Effect, ...] | Missing:
        return (DeleteEffect(),)


@dataclass(frozen=True, slots=True)
class SaveParts:
    name: ClassVar[str] = "save"
    doc: ClassVar[str] = "saves attachments as files, or with `parts: message` the whole message"
    example: ClassVar[str] = 'save: {parts: {name: "*.pdf"}, to: "invoices/{received:%Y}/"}'
    takes: ClassVar[bool] = False
    schema: ClassVar[Shape | None] = SAVE

    to: Template
    parts: Parts = EVERY_ATTACHMENT

    @property
    def fields(self) -> Fields:
        subject = frozenset({"subject"}) if self.parts.message else frozenset()
        return Fields(self.to.headers | subject, structure=not self.parts.message)

    def under(self, files: str) -> str:
        """The literal directory that must hold everything; absolute, `files` being MAILBOT_FILES."""
        return os.path.normpath(PurePath(files) / self.to.literal_directory)

    def effects(self, context: Context) -> tuple[Effect, ...] | Missing:
        saves: list[Effect] = []
        for part in self.parts.of(context.message):
            path = self.to.render(context, part)
            if isinstance(path, Missing):
                return path
            saved = SavedPart(part.number, file_name(part), part.type, part.decoded_size)
            # No field holds a "..": those that normpath resolves are the author's, before the first field.
            wanted = os.path.normpath(PurePath(context.files) / path)
            saves.append(Save(saved, self.under(context.files), wanted))
        return tuple(saves)

    @classmethod
    def read(cls, value: Value, problems: Problems, scope: Scope) -> Self | None:
        if isinstance(value, Sequence):
            problems.add(value, "save takes a directory or a mapping, not a list", 'for example {to: "invoices/"}')
            return None
        if isinstance(value, Scalar):
            to = template(value, problems, scope.groups, for_file=True)
            return None if to is None else cls._kept_out(cls(to), value, problems, scope)
        known(value, problems, ("to", "parts"))
        path, selected = value.get("to"), value.get("parts")
        chosen = EVERY_ATTACHMENT if selected is None else parts(selected, problems)
        if path is None:
            problems.add(value, "save needs `to`", 'a directory or a path, for example to: "invoices/{received:%Y}/"')
            return None
        to = template(path, problems, scope.groups, for_file=True)
        if to is None or chosen is None:
            return None
        if chosen.message and "part" in to.fields:
            problems.add(path, "a whole message has no part number", "leave {part} out")
            return None
        return cls._kept_out(cls(to, chosen), path, problems, scope)

    @classmethod
    def _kept_out(cls, action: Self, value: Value, problems: Problems, scope: Scope) -> Self | None:
        under = action.under(scope.files)
        for guarded in scope.guarded:
            if os.path.commonpath((under, guarded)) in {under, guarded}:
                what = f"save would write to {under}, which is, holds or lies in {guarded}"
                problems.add(value, what, "the state and the rules are no place for a stranger's files")
                return None
        return action


def _moved(folder: str, context: Context, *, create: bool) -> tuple[Effect, ...]:
    # A message that is there already has nothing to gain from a new UID.
    return () if folder == context.folder else (Move(folder, create),)


ACTIONS: Mapping[str, type[Action]] = {
    action.name: action for action in (Flag, Unflag, SetFlagsTo, CopyTo, MoveTo, Trash, Delete, SaveParts)
}
