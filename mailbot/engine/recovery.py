"""Intents without an outcome: a crash or a cut came between. We look before anything is repeated (safety.md 2).

Found in the target (from the UIDNEXT that was noted, by fingerprint): it is finished, whatever the rules say now. Not found:
the intent is closed, and the message is judged anew. A doubt may leave a duplicate, never a loss.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from mailbot.effects import (
    AddFlags,
    Copy,
    Delete,
    Effect,
    Fields,
    Flags,
    FolderState,
    Mailbox,
    Move,
    Order,
    Outcome,
    RemoveFlags,
    SetFlags,
    Wanted,
)
from mailbot.engine.contents import contents
from mailbot.engine.effect_rows import EffectRow, Place
from mailbot.engine.engine import Engine
from mailbot.engine.report import Actions
from mailbot.errors import Cause, Refused
from mailbot.mail.fingerprint import fingerprint
from mailbot.mail.message import Message
from mailbot.plan.flags import after

FOUND = "found done after an interruption"
LOST = "not found done after an interruption: judged anew"
DELETED = r"\Deleted"
LATER = {Cause.RETRY, Cause.QUOTA}      # the intent stays open: the next pass asks again

Here = Mapping[Place, Message]


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
        put = self._put(rows, here)
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
            if (state := self._selected(folder)) is None:
                continue
            self._looked.add((folder, state.uidvalidity))
            uids = {row.at.uid for row in those if row.at.uidvalidity == state.uidvalidity}
            found = self._mailbox.fetch(sorted(uids), Fields()) if uids else {}
            here |= {row.at: message for row in those
                     if (message := found.get(row.at.uid)) and fingerprint(message) == row.fingerprint}
        return here

    def _put(self, rows: Sequence[EffectRow], here: Here) -> dict[int, Place]:
        """By row: where its copy is. What another row says it put there is that one's."""
        by_target: dict[str, list[EffectRow]] = defaultdict(list)
        # Of equal messages, some may have gone and some not: the copies are those of the ones that have.
        for row in sorted(rows, key=lambda row: (row.at in here, row.id)):
            by_target[row.target.folder].append(row)
        put: dict[int, Place] = {}
        for folder, those in by_target.items():
            if (state := self._selected(folder)) is not None:
                put |= self._found_in(state, those, here)
            seen = {0} if state is None else {0, state.uidvalidity}
            for uidvalidity in {row.target.uidvalidity for row in those} - seen:
                astray = [row for row in those if row.target.uidvalidity == uidvalidity and row.id not in put]
                if astray and (state := self._renamed(uidvalidity, by_target)) is not None:
                    put |= self._found_in(state, astray, here)
        return put

    def _renamed(self, uidvalidity: int, targets: Collection[str]) -> FolderState | None:
        """The target of this UIDVALIDITY under another name: it outlives a RENAME, but on Courier (docs/servers.md).

        None where folders share it, as those of one second may: what lies there may be another row's.
        """
        names = [name for name, row in self._mailbox.folders().rows.items() if row.selectable and row.own and name not in targets]
        found = [name for name, state in self._mailbox.status(names).items() if state.uidvalidity == uidvalidity]
        return self._selected(found[0]) if len(found) == 1 else None

    def _found_in(self, state: FolderState, rows: Sequence[EffectRow], here: Here) -> dict[int, Place]:
        # Under another UIDVALIDITY, or in a folder never seen, the noted UIDNEXT says nothing: all of it is looked at.
        bounds = {row.id: row.target_uidnext if row.target.uidvalidity == state.uidvalidity else 1 for row in rows}
        copies: dict[str, list[int]] = defaultdict(list)
        wanted = {row.fingerprint for row in rows}
        for block in self._mailbox.gather(Wanted(Fields(), since=min(bounds.values()), aside=True)):
            for message in block.messages:
                if (mark := fingerprint(message)) in wanted:
                    copies[mark].append(message.uid)
        every = [uid for uids in copies.values() for uid in uids]
        # By the name of the rows: the folder may have another one by now.
        taken = self._engine.journal.effects.put(self._mailbox.account, rows[0].target.folder, state.uidvalidity, every)
        alike = {row.id: [uid for uid in copies[row.fingerprint] if uid >= bounds[row.id] and uid not in taken] for row in rows}
        differ = self._differing(state, {row: alike[row.id] for row in rows if row.at in here and not here[row.at].identity})
        theirs = {uid for row in rows if row.at in here for uid in alike[row.id] if (row.id, uid) not in differ}
        gone = Counter(row.fingerprint for row in rows if row.at not in here)
        put: dict[int, Place] = {}
        for row in rows:
            free = [uid for uid in alike[row.id] if uid not in taken and (row.id, uid) not in differ]
            if row.at not in here:      # rather a copy of no message that is still there
                ours = [uid for uid in alike[row.id] if uid not in theirs]
                if len(ours) > gone[row.fingerprint]:       # one of them is somebody else's: nothing is done to any
                    put[row.id] = Place(state.name, 0, 0)
                    continue
                free.sort(key=theirs.__contains__)
            if free:
                taken.add(free[0])
                put[row.id] = Place(state.name, state.uidvalidity, free[0])
        return put

    def _differing(self, state: FolderState, rows: Mapping[EffectRow, Sequence[int]]) -> set[tuple[int, int]]:
        """(Row, UID) of what is alike by its fingerprint but not octet by octet: mail that came into the target by another way.

        Asked where the original is still there, and would go for such a copy. An EMAILID says as much by itself (RFC 8474 5.1).
        """
        pairs = [(row, Place(state.name, state.uidvalidity, uid)) for row, uids in rows.items() for uid in uids]
        found = contents(self._mailbox, {place for row, copy in pairs for place in (row.at, copy)})
        return {(row.id, copy.uid) for row, copy in pairs if row.at in found and (not found[row.at] or found[row.at] != found.get(copy))}

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
            state = self._selected(folder)
            if state is None or state.uidvalidity != uidvalidity:
                continue        # it has become another since we looked: the intents stay open, and are looked up again
            orders = [Order(effect, tuple(sorted(rows))) for effect, rows in effects.items()]
            applied += [(effects[outcome.effect][outcome.uid], outcome) for outcome in self._mailbox.apply(orders)]
        return applied

    def _selected(self, folder: str) -> FolderState | None:
        if folder not in self._mailbox.folders():
            return None
        try:
            return self._mailbox.select(folder)
        except Refused:
            return None

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
