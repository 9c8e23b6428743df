"""Intents without an outcome: a crash or a cut came between. We look before anything is repeated (safety.md 2).

Found in the target (from the UIDNEXT that was noted, by fingerprint): it is finished, whatever the rules say now. Not found:
the intent is closed, and the message is judged anew. A doubt may leave a duplicate, never a loss.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mailbot.effects import (
    AddFlags,
    Copy,
    Delete,
    Effect,
    Fields,
    Flags,
    Mailbox,
    Move,
    Order,
    Outcome,
    RemoveFlags,
    SetFlags,
)
from mailbot.engine.copies import Copies, selected
from mailbot.engine.effect_rows import EffectRow, Place
from mailbot.engine.engine import Engine
from mailbot.engine.report import Actions
from mailbot.errors import Cause
from mailbot.mail.fingerprint import fingerprint
from mailbot.mail.message import Message
from mailbot.plan.flags import after

FOUND = "found done after an interruption"
LOST = "not found done after an interruption: judged anew"
DELETED = r"\Deleted"
LATER = {Cause.RETRY, Cause.QUOTA}      # the intent stays open: the next pass asks again


def recover(engine: Engine, mailbox: Mailbox) -> None:
    """Settles every open intent of the account, whose lock the caller holds. Another folder may be selected afterwards."""
    if engine.journal.effects.open(mailbox.account):
        mailbox.folders(refresh=True)       # what was interrupted may have made one
        recovery = Recovery(engine, mailbox)
        recovery.settle_transfers()
        recovery.settle_the_rest()


class Recovery:
    def __init__(self, engine: Engine, mailbox: Mailbox) -> None:
        self._engine, self._mailbox = engine, mailbox
        self._looked: set[tuple[str, int]] = set()      # folders, by name and UIDVALIDITY

    def settle_transfers(self) -> None:
        """Copies and moves first: they tell where a message is that has other intents too."""
        rows = [row for row in self._open() if isinstance(row.effect, Copy | Move)]
        here = self._here(rows)
        put = Copies(self._engine.journal, self._mailbox, here).put(rows)
        removals: list[tuple[EffectRow, Place]] = []
        for row in rows:
            target = put.get(row.id)
            if target is None:
                self._close(row)
            elif isinstance(row.effect, Move) and row.at in here:
                removals.append((row, target))
            else:
                self._done(row, target)
        self._finish_removals(removals)

    def settle_the_rest(self) -> None:
        rows = [row for row in self._open() if not isinstance(row.effect, Copy | Move)]
        here = self._here(rows)
        flagging: dict[Place, list[EffectRow]] = defaultdict(list)
        unfinished: list[EffectRow] = []
        for row in rows:
            message = here.get(row.at)
            match row.effect:
                case AddFlags() | RemoveFlags() | SetFlags() if message is not None:
                    flagging[row.at].append(row)
                case Delete() if message is None and (row.at.folder, row.at.uidvalidity) in self._looked:
                    self._done(row)
                case Delete() if message is not None and DELETED in message.flags - row.flags:
                    unfinished.append(row)
                case _:                                         # a save looks at its file when it is judged anew
                    self._close(row)
        left = [self._settle_flags(those, here[place].flags) for place, those in flagging.items()]
        self._finish(unfinished)
        for position in range(max(map(len, left), default=0)):  # each message's in their order
            self._finish([those[position] for those in left if position < len(those)])

    def _settle_flags(self, rows: Sequence[EffectRow], flags: Flags) -> list[EffectRow]:
        """Of one message, which has these flags now. What is left to do is told only where it was moved: nobody judges it there.

        They are done up to where doing all of them again would change nothing. One alone says little: `set_flags` is not what
        is there once a flag was set behind it, and done again it would take that flag away.
        """
        done = next(count for count in range(len(rows), -1, -1) if _same(_after_all(rows[:count], flags), flags))
        for row in rows[:done]:
            self._done(row)
        moved = [row for row in rows[done:] if row.at.folder != row.found.folder]
        for row in rows[done:]:
            if row not in moved:
                self._close(row)
        return moved

    def _open(self) -> list[EffectRow]:
        return self._engine.journal.effects.open(self._mailbox.account)

    def _here(self, rows: Iterable[EffectRow]) -> dict[Place, Message]:
        """The messages that are still at the places of these rows."""
        by_folder: dict[str, list[EffectRow]] = defaultdict(list)
        for row in rows:
            by_folder[row.at.folder].append(row)
        here: dict[Place, Message] = {}
        for folder, those in by_folder.items():
            if (state := selected(self._mailbox, folder)) is None:
                continue
            self._looked.add((folder, state.uidvalidity))
            uids = {row.at.uid for row in those if row.at.uidvalidity == state.uidvalidity}
            found = self._mailbox.fetch(sorted(uids), Fields()) if uids else {}
            here |= {row.at: message for row in those
                     if (message := found.get(row.at.uid)) and fingerprint(message) == row.fingerprint}
        return here

    def _finish_removals(self, removals: Sequence[tuple[EffectRow, Place]]) -> None:
        """The second half of a move without MOVE: its copy is proved, the original goes."""
        targets = {row.id: target for row, target in removals}
        for row, outcome in self._applied([(row, Delete()) for row, _ in removals]):
            if outcome.done or outcome.cause is Cause.GONE:
                self._done(row, targets[row.id], outcome.why)
            elif outcome.cause not in LATER:
                self._close(row, outcome.why)

    def _finish(self, rows: Sequence[EffectRow]) -> None:
        for row, outcome in self._applied([(row, row.effect) for row in rows]):
            if outcome.done or outcome.cause is Cause.GONE:
                self._done(row, why=outcome.why)
            elif outcome.cause not in LATER:
                self._close(row, outcome.why)

    def _applied(self, wanted: Sequence[tuple[EffectRow, Effect]]) -> list[tuple[EffectRow, Outcome]]:
        by_folder: dict[tuple[str, int], dict[Effect, dict[int, EffectRow]]] = defaultdict(lambda: defaultdict(dict))
        for row, effect in wanted:
            by_folder[row.at.folder, row.at.uidvalidity][effect][row.at.uid] = row
        applied: list[tuple[EffectRow, Outcome]] = []
        for (folder, uidvalidity), effects in by_folder.items():
            state = selected(self._mailbox, folder)
            if state is None or state.uidvalidity != uidvalidity:
                continue        # it has become another since we looked: the intents stay open, and are looked up again
            orders = [Order(effect, tuple(sorted(rows))) for effect, rows in effects.items()]
            applied += [(effects[outcome.effect][outcome.uid], outcome) for outcome in self._mailbox.apply(orders)]
        return applied

    def _done(self, row: EffectRow, target: Place | None = None, why: str = "") -> None:
        _, uidvalidity, uid = target or Place("", 0, 0)
        self._settle(row, Outcome(row.effect, row.at.uid, None, why, uidvalidity, uid), FOUND)

    def _close(self, row: EffectRow, why: str = LOST) -> None:
        self._settle(row, Outcome(row.effect, row.at.uid, Cause.MESSAGE, why), why)

    def _settle(self, row: EffectRow, outcome: Outcome, why: str) -> None:
        self._engine.journal.effects.settle(row.account, [(row.id, outcome)], self._engine.now())
        actions = Actions(row.account, row.found.folder, row.pass_id, tell=self._engine.tell)
        actions.say("action.applied" if outcome.done else "action.skipped", row.rule, row.action, row.effect, row.found.uid, why)
        actions.write()


def _after_all(rows: Sequence[EffectRow], flags: Flags) -> Flags:
    for row in rows:
        if isinstance(row.effect, AddFlags | RemoveFlags | SetFlags):
            flags = after(row.effect, flags)
    return flags


def _same(one: Flags, other: Flags) -> bool:
    return {flag.lower() for flag in one} == {flag.lower() for flag in other}
