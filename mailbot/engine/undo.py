"""Taking back what was done. Undo is a plan too: it can be shown, is carried out block by block, and is in the history."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mailbot.effects import (
    ONLY_MARKED,
    AddFlags,
    Copy,
    Delete,
    Effect,
    FlagEffect,
    Flags,
    Mailbox,
    Move,
    Order,
    RemoveFlags,
    Save,
    SetFlags,
)
from mailbot.engine.database import UNFINISHED
from mailbot.engine.effect_rows import NOWHERE, EffectRow, Place
from mailbot.engine.engine import UNDO, Engine, Pass, Stopped, never
from mailbot.engine.execute import carry_out
from mailbot.engine.history import Deed, DeedId
from mailbot.engine.sightings import Sightings
from mailbot.mail.fingerprint import fingerprint
from mailbot.mail.message import Message
from mailbot.plan.flags import after
from mailbot.plan.named import named
from mailbot.plan.plan import Judgement, Plan, Step, Verdict

AGAIN = "it was taken back already (an undo of that has an ID of its own)"


@dataclass(frozen=True, slots=True)
class Stay:
    """A step that is not taken back. `amiss`: it could be, were its message where it was left."""

    deed: DeedId
    rule: str
    action: str
    why: str
    amiss: bool


@dataclass(slots=True)
class Undo:
    """For one account. `left`: what stays as it is, and why; known before anything is done."""

    plans: tuple[Plan, ...] = ()
    left: tuple[Stay, ...] = ()
    undoes: Mapping[Place, tuple[int, ...]] = field(default_factory=dict)   # message -> rows that its steps take back
    moved: tuple[tuple[Place, str, Place], ...] = ()    # where the journal has a message, its fingerprint, and where it was found
    undone: tuple[int, ...] = ()                                            # rows that have been taken back by hand


def plan_undo(engine: Engine, mailbox: Mailbox, deeds: Sequence[Deed]) -> Undo:
    """What would take these deeds back, newest first. Nothing is sent or noted."""
    return _Planning(engine, mailbox).undo(deeds)


def undo(engine: Engine, mailbox: Mailbox, planned: Undo, *, stopped: Stopped = never,
         progress: Callable[[int], None] | None = None) -> list[Pass]:
    """Carries it out, as `apply` does: what differs meanwhile stays and is in `skipped`."""
    effects = engine.journal.effects
    for (folder, uidvalidity, uid), mark, now in planned.moved:
        # Else what is noted from now on would stand for it alone, and what was done before be forgotten.
        rows = effects.standing(mailbox.account, folder, uidvalidity, [uid])
        effects.relocate((row.id for row in rows if row.fingerprint == mark), now)
    effects.mark_undone(planned.undone)
    passes = []
    for plan in planned.plans:
        done = carry_out(engine, mailbox, plan, cause=UNDO, reread=True, again=True, stopped=stopped, progress=progress)
        effects.mark_undone(
            row for uid in done.settled - done.skipped.keys() for row in planned.undoes[Place(plan.folder, plan.uidvalidity, uid)])
        passes.append(done)
    return passes


@dataclass(slots=True)
class _Found:
    """A message where it is now, with what takes back what was done to it."""

    place: Place
    message: Message
    flags: Flags                            # as they will be
    steps: list[tuple[str, str, Effect]] = field(default_factory=list)      # (rule, action, effect)
    away: tuple[str, str, Effect] | None = None     # the move at the end: only the last one counts
    rows: list[int] = field(default_factory=list)

    @property
    def chain(self) -> list[tuple[str, str, Effect]]:
        return [*self.steps, self.away] if self.away else self.steps


class _Planning:
    def __init__(self, engine: Engine, mailbox: Mailbox) -> None:
        self._engine, self._mailbox = engine, mailbox
        self._sightings = Sightings(engine.journal, mailbox)
        self._found: dict[Place, _Found] = {}       # by where the journal has it
        self._undone: list[int] = []
        self._missed: set[int] = set()              # rows whose message, or copy, is not to be found

    def undo(self, deeds: Sequence[Deed]) -> Undo:
        seen = self._sightings.look([row for deed in deeds for row in deed.rows if row.state == "done"])
        self._found = {place: _Found(now, message, message.flags) for place, (now, message) in seen.items()}
        left = [Stay(deed.id, row.rule, row.action, why, amiss=row.id in self._missed or row.why == UNFINISHED)
                for deed in sorted(deeds, key=lambda deed: deed.id, reverse=True)
                for row in reversed(deed.rows) if (why := _needless(deed, row) if row.state != "done" else self._take_back(row))]
        moving = [found for found in {id(found): found for found in self._found.values()}.values() if found.chain]
        resting = [row for found in self._found.values() if not found.chain for row in found.rows]
        return Undo(self._plans(moving), tuple(left), {found.place: tuple(found.rows) for found in moving},
                    tuple((place, fingerprint(message), now) for place, (now, message) in seen.items() if now != place),
                    tuple(dict.fromkeys([*self._undone, *resting])))

    def _take_back(self, row: EffectRow) -> str:
        """Why it stays; "" where it is taken back, or needs not to be."""
        match row.effect:
            case Save(path=path):
                return f"the file stays: {row.why or path}"
            case Delete():
                return r"it was marked \Deleted: take that mark away by hand" if row.why == ONLY_MARKED else "it was deleted for good"
            case Copy():
                return self._take_copy_back(row)
        found = self._found.get(row.at)
        if found is None:
            return self._missing(row, "it", row.at.folder)
        match row.effect:
            case Move() if found.place.folder == row.found.folder:
                found.away = None
            case Move():
                found.away = (row.rule, "move", Move(row.found.folder))
            case AddFlags() | RemoveFlags() | SetFlags():
                _take_flags_back(found, row, row.effect)
        found.rows.append(row.id)
        return ""

    def _take_copy_back(self, row: EffectRow) -> str:
        place = self._sightings.copies[row.id]
        found, trash = self._found.get(place), self._mailbox.folders().special.get(r"\Trash")
        if found is None:
            if place.folder in self._mailbox.folders() and place.folder not in self._sightings.closed:
                self._undone.append(row.id)     # nothing is left to take back
            return self._missing(row, "its copy", place.folder)
        if trash is None:
            return f"its copy stays in {found.place.folder}: no folder is \\Trash"
        if found.place.folder == trash:
            self._undone.append(row.id)
            return r"its copy is in \Trash already"
        found.away = (row.rule, "trash", Move(trash))
        found.rows.append(row.id)
        return ""

    def _missing(self, row: EffectRow, what: str, folder: str) -> str:
        if folder == NOWHERE:
            return f"{what} was deleted since by a rule"
        self._missed.add(row.id)
        if why := self._sightings.closed.get(folder):
            return f"{what} is in {folder}, which cannot be opened: {why}"
        return f"{what} is not in {folder} any more, where mailbot left it"

    def _plans(self, moving: Sequence[_Found]) -> tuple[Plan, ...]:
        by_folder: dict[tuple[str, int], list[_Found]] = defaultdict(list)
        for found in sorted(moving, key=lambda found: found.place):
            by_folder[found.place.folder, found.place.uidvalidity].append(found)
        return tuple(self._plan(folder, uidvalidity, those) for (folder, uidvalidity), those in by_folder.items())

    def _plan(self, folder: str, uidvalidity: int, those: Sequence[_Found]) -> Plan:
        steps: list[Step] = []
        for position in range(max(len(found.chain) for found in those)):
            uids: dict[tuple[str, str, Effect], list[int]] = defaultdict(list)
            for found in those:
                if position < len(found.chain):
                    uids[found.chain[position]].append(found.place.uid)
            steps += [Step(rule, action, Order(effect, tuple(those))) for (rule, action, effect), those in uids.items()]
        verdicts = {Verdict(rule, found.place.uid, Judgement.MATCHED) for found in those for rule, _, _ in found.chain}
        return Plan(self._mailbox.account, folder, uidvalidity, len(those), tuple(named(found.message) for found in those),
                    tuple(steps), verdicts=tuple(sorted(verdicts, key=lambda verdict: (verdict.uid, verdict.rule))))


def _needless(deed: Deed, row: EffectRow) -> str:
    """Why, where nothing is left of the deed to take back. Where something is, what was taken back or failed needs no word."""
    if any(row.state == "done" and not isinstance(row.effect, Save | Delete) for row in deed.rows):
        return ""
    if row.why == UNFINISHED:
        return f"it is {row.why}"
    return AGAIN if row.state == "undone" else f"it was not done: {row.why}"


def _take_flags_back(found: _Found, row: EffectRow, effect: FlagEffect) -> None:
    """Only what the bot changed, and only where it is still as the bot left it."""
    left = after(effect, row.flags)
    added, removed = _less(left, row.flags), _less(row.flags, left)
    still = found.flags - _less(found.flags, added)
    for action, undoing in (("unflag", RemoveFlags(still)), ("flag", AddFlags(_less(removed, found.flags)))):
        if undoing.flags:
            found.steps.append((row.rule, action, undoing))
            found.flags = after(undoing, found.flags)


def _less(flags: Flags, others: Flags) -> Flags:
    """Servers keep a keyword in the case in which they first saw it."""
    return after(RemoveFlags(others), flags)
