"""Taking back what was done. Undo is a plan too: it can be shown, is carried out block by block, and is in the history."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mailbot.effects import (
    AddFlags,
    Copy,
    Delete,
    Effect,
    Fields,
    FlagEffect,
    Flags,
    Mailbox,
    Move,
    Order,
    RemoveFlags,
    Save,
    SetFlags,
    Wanted,
)
from mailbot.engine.effect_rows import EffectRow, Place
from mailbot.engine.engine import UNDO, Engine, Pass, Stopped, never
from mailbot.engine.execute import carry_out
from mailbot.engine.history import Deed, DeedId
from mailbot.errors import Refused
from mailbot.mail.fingerprint import SHOWN_HEADERS, fingerprint
from mailbot.mail.message import Message
from mailbot.plan.flags import after
from mailbot.plan.named import named
from mailbot.plan.plan import Judgement, Plan, Step, Verdict

GONE = "it is not where mailbot left it"


@dataclass(slots=True)
class Undo:
    """For one account. `left`: what stays as it is, and why; known before anything is done."""

    plans: tuple[Plan, ...] = ()
    left: tuple[tuple[DeedId, str], ...] = ()
    undoes: Mapping[Place, tuple[int, ...]] = field(default_factory=dict)   # message -> rows that its steps take back
    undone: tuple[int, ...] = ()                                            # rows that have been taken back by hand


def plan_undo(engine: Engine, mailbox: Mailbox, deeds: Sequence[Deed]) -> Undo:
    """What would take these deeds back, newest first. Nothing is sent or noted."""
    return _Planning(engine, mailbox).undo(deeds)


def undo(engine: Engine, mailbox: Mailbox, planned: Undo, *, stopped: Stopped = never,
         progress: Callable[[int], None] | None = None) -> list[Pass]:
    """Carries it out, as `apply` does: what differs meanwhile stays and is in `skipped`."""
    engine.journal.effects.mark_undone(planned.undone)
    passes = []
    for plan in planned.plans:
        done = carry_out(engine, mailbox, plan, cause=UNDO, reread=True, again=True, stopped=stopped, progress=progress)
        engine.journal.effects.mark_undone(
            row for uid in done.settled for row in planned.undoes[Place(plan.folder, plan.uidvalidity, uid)])
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
        self._found: dict[Place, _Found] = {}
        self._undone: list[int] = []

    def undo(self, deeds: Sequence[Deed]) -> Undo:
        self._look([row for deed in deeds for row in deed.rows if row.state == "done"])
        left = [(deed.id, why) for deed in sorted(deeds, key=lambda deed: deed.id, reverse=True)
                for row in reversed(deed.rows) if row.state == "done" and (why := self._take_back(row))]
        moving = [found for found in {id(found): found for found in self._found.values()}.values() if found.chain]
        resting = [row for found in self._found.values() if not found.chain for row in found.rows]
        return Undo(self._plans(moving), tuple(left), {found.place: tuple(found.rows) for found in moving},
                    tuple(dict.fromkeys([*self._undone, *resting])))

    def _take_back(self, row: EffectRow) -> str:
        """Why it stays; "" where it is taken back, or has been already."""
        match row.effect:
            case Save(path=path):
                return f"the file stays: {row.why or path}"
            case Delete():
                return "it was deleted for good"
            case Copy():
                return self._take_copy_back(row)
        found = self._found.get(row.at)
        if found is None:
            return GONE
        match row.effect:
            case Move() if found.place.folder == row.found.folder:
                self._undone.append(row.id)
                return ""
            case Move():
                found.away = (row.rule, "move", Move(row.found.folder))
            case AddFlags() | RemoveFlags() | SetFlags():
                _take_flags_back(found, row, row.effect)
        found.rows.append(row.id)
        return ""

    def _take_copy_back(self, row: EffectRow) -> str:
        found, trash = self._found.get(row.target), self._mailbox.folders().special.get(r"\Trash")
        if found is None:
            self._undone.append(row.id)     # nothing is left to take back
            return f"its copy is not in {row.target.folder} any more"
        if trash is None:
            return f"its copy stays in {row.target.folder}: no folder is \\Trash"
        if found.place.folder == trash:
            return "its copy is in \\Trash already"
        found.away = (row.rule, "trash", Move(trash))
        found.rows.append(row.id)
        return ""

    def _look(self, rows: Iterable[EffectRow]) -> None:
        """Where the messages of these rows, and their copies, are now: by UID, else by fingerprint in the same folder."""
        by_folder: dict[str, dict[Place, str]] = defaultdict(dict)
        for row in rows:
            by_folder[row.at.folder][row.at] = row.fingerprint
            if isinstance(row.effect, Copy):
                by_folder[row.target.folder][row.target] = row.fingerprint
        for folder, places in by_folder.items():
            if folder in self._mailbox.folders():
                self._look_into(folder, places)

    def _look_into(self, folder: str, places: Mapping[Place, str]) -> None:
        try:
            state = self._mailbox.select(folder)
        except Refused:
            return
        fields = Fields(SHOWN_HEADERS)
        uids = sorted(place.uid for place in places if place.uidvalidity == state.uidvalidity)
        there = self._mailbox.fetch(uids, fields) if uids else {}
        lost: dict[str, list[Place]] = defaultdict(list)
        for place, mark in sorted(places.items()):
            message = there.get(place.uid) if place.uidvalidity == state.uidvalidity else None
            if message is not None and fingerprint(message) == mark:
                self._found[place] = _Found(place, message, message.flags)
            else:
                lost[mark].append(place)
        if not lost:
            return
        known = {found.place.uid for found in self._found.values() if found.place.folder == folder}
        for block in self._mailbox.gather(Wanted(fields, since=1)):
            for message in block.messages:
                mark = fingerprint(message)
                if lost.get(mark) and message.uid not in known:
                    self._found[lost[mark].pop(0)] = _Found(Place(folder, state.uidvalidity, message.uid), message, message.flags)

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


def _take_flags_back(found: _Found, row: EffectRow, effect: FlagEffect) -> None:
    """Only what the bot changed, and only where it is still as the bot left it."""
    left = after(effect, row.flags)
    added, removed = left - row.flags, row.flags - left
    for action, undoing in (("unflag", RemoveFlags(added & found.flags)), ("flag", AddFlags(removed - found.flags))):
        if undoing.flags:
            found.steps.append((row.rule, action, undoing))
            found.flags = after(undoing, found.flags)
