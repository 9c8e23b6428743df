"""What was done, as a person asks for it: an ID is one message in one pass (safety.md 7)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mailbot.engine.effect_rows import EffectRow
from mailbot.engine.journal import Journal
from mailbot.errors import UsageError


class DeedId(NamedTuple):
    """Written `12.4213`: pass 12, the message that had UID 4213 in the folder of that pass."""

    pass_id: int
    uid: int

    def __str__(self) -> str:
        return f"{self.pass_id}.{self.uid}"


@dataclass(frozen=True, slots=True)
class Deed:
    """What one pass did to one message; `rows` in the order in which it was done, failures too."""

    id: DeedId
    account: str
    folder: str
    cause: str              # arrival, schedule, apply, undo
    began: datetime
    rows: tuple[EffectRow, ...]


def deed_id(text: str) -> DeedId:
    """UsageError where it is none."""
    if not (found := re.fullmatch(r"(\d{1,18})\.(\d{1,10})", text)):
        raise UsageError(f"{text!r} is no ID: they look like 12.4213, and `mailbot history` shows them")
    return DeedId(int(found[1]), int(found[2]))


def history(journal: Journal, *, account: str | None = None, rule: str | None = None,
            since: datetime | None = None) -> list[Deed]:
    """Newest pass first; within a pass by UID."""
    return _deeds(journal, journal.effects.history(account, rule, since))


def deeds(journal: Journal, ids: Collection[DeedId]) -> list[Deed]:
    """Those of these IDs. UsageError where one stands for nothing."""
    passes = {wanted.pass_id for wanted in ids}
    found = [deed for deed in _deeds(journal, [row for number in passes for row in journal.effects.of_pass(number)])
             if deed.id in ids]
    if unknown := sorted(set(ids) - {deed.id for deed in found}):
        raise UsageError(f"nothing is known of {', '.join(map(str, unknown))}: it was never there, or is too long ago")
    return found


def last(journal: Journal, account: str | None = None) -> list[Deed]:
    """The last pass that did something and was no undo."""
    number = journal.last_pass(account)
    return [] if number is None else _deeds(journal, journal.effects.of_pass(number))


def _deeds(journal: Journal, rows: Sequence[EffectRow]) -> list[Deed]:
    grouped: dict[DeedId, list[EffectRow]] = {}
    for row in sorted(rows, key=lambda row: (-row.pass_id, row.found.uid, row.id)):
        grouped.setdefault(DeedId(row.pass_id, row.found.uid), []).append(row)
    causes = journal.causes({deed.pass_id for deed in grouped})
    return [Deed(deed, rows[0].account, rows[0].found.folder, causes[deed.pass_id], rows[0].began, tuple(rows))
            for deed, rows in grouped.items()]
