"""Effects as the journal keeps them: canonical JSON, so that equal effects are equal text."""

import json
from functools import lru_cache
from typing import Any

from mailbot.effects import AddFlags, Copy, Delete, Effect, FlagEffect, Flags, Move, RemoveFlags, Save, SavedPart, SetFlags

KEPT = 4096     # texts remembered: the messages of a folder have few different effects and flags

FLAG_EFFECTS: dict[str, type[FlagEffect]] = {"add_flags": AddFlags, "remove_flags": RemoveFlags, "set_flags": SetFlags}


def effect_text(effect: Effect) -> str:
    # Equal saves are not equal to a reader: name, type and size are no part of what they are.
    return _text(effect) if isinstance(effect, Save) else _kept_text(effect)


@lru_cache(KEPT)
def _kept_text(effect: Effect) -> str:
    return _text(effect)


def _text(effect: Effect) -> str:
    match effect:
        case AddFlags(flags) | RemoveFlags(flags) | SetFlags(flags):
            kind = next(name for name, made in FLAG_EFFECTS.items() if isinstance(effect, made))
            return _json({"do": kind, "flags": sorted(flags)})
        case Copy(to, create):
            return _json({"do": "copy", "to": to, "create": create})
        case Move(to, create):
            return _json({"do": "move", "to": to, "create": create})
        case Delete():
            return _json({"do": "delete"})
        case Save(part, under, path):
            return _json({"do": "save", "under": under, "path": path, "part": {
                "number": part.number, "name": part.name, "type": part.type, "size": part.size}})


@lru_cache(KEPT)
def effect_of(text: str) -> Effect:
    fields: dict[str, Any] = json.loads(text)
    kind = fields["do"]
    if kind in FLAG_EFFECTS:
        return FLAG_EFFECTS[kind](frozenset(fields["flags"]))
    match kind:
        case "copy":
            return Copy(fields["to"], fields["create"])
        case "move":
            return Move(fields["to"], fields["create"])
        case "delete":
            return Delete()
        case "save":
            return Save(SavedPart(**fields["part"]), fields["under"], fields["path"])
        case _:
            raise ValueError(f"no effect is called {kind!r}")


@lru_cache(KEPT)
def flags_text(flags: Flags) -> str:
    return _json(sorted(flags))


@lru_cache(KEPT)
def flags_of(text: str) -> Flags:
    return frozenset(json.loads(text))


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
