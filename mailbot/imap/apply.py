"""Orders carried out: everything that may share a write in one, and an outcome with its proof for each message.

A tagged OK is no proof: COPY, MOVE and STORE of a UID that is gone are OK too, so is a UID EXPUNGE of one that is not marked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mailbot.effects import Copy, Delete, Effect, Move, Order, Outcome, SetFlags
from mailbot.errors import Cause
from mailbot.imap.command import Answer, Command
from mailbot.imap.names import Names
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.proof import Before, Proving
from mailbot.imap.selected import Selected
from mailbot.imap.settings import Large
from mailbot.imap.tasks import DELETED, GONE, STAYS, End, Placed, Task, Writing, failure, placed, removed, seen, stored

_NO_SUCH_FOLDER = frozenset({"TRYCREATE", "NONEXISTENT"})
_NO_RIGHT = "the folder does not let its mail be deleted"


@dataclass(frozen=True, slots=True)
class Applying:
    pipeline: Pipeline
    capabilities: frozenset[str]
    names: Names
    selected: Selected
    most: int
    large: Large
    server: str                                 # the name that it gives itself (RFC 2971), lower case; "" for none
    idles: bool                                 # IDLE may ride along with the last write
    is_there: Callable[[str], bool]             # whether there is a folder of that name, as far as is known
    created: Callable[[str], None]              # told of each folder that was made

    def outcomes(self, orders: Sequence[Order], *, last: bool) -> list[Outcome]:
        """One for each effect and UID, in the order of `orders`."""
        found: list[Outcome] = []
        ended: dict[int, Outcome] = {}          # messages whose chain has ended here
        rounds = list(_rounds(orders))
        for orders_now in rounds:
            held = [_held(order.effect, ended[uid]) for order in orders_now for uid in order.uids if uid in ended]
            going = [Order(order.effect, tuple(uid for uid in order.uids if uid not in ended)) for order in orders_now]
            outcomes = self._round(going, last=last and orders_now is rounds[-1])
            ended |= {outcome.uid: outcome for outcome in outcomes if not outcome.done and _ends(outcome.effect)}
            found += _in_order(orders_now, [*outcomes, *held])
        return found

    def _round(self, orders: Sequence[Order], *, last: bool) -> list[Outcome]:
        by_copy = "MOVE" not in self.capabilities or self._copies_are_cheaper(orders)
        writing = Writing(self.capabilities, self.names, self.most, by_copy, self._marked(orders))
        orders, refused = self._permitted(orders, writing)
        copying = [order for order in orders if isinstance(order.effect, Copy | Move)]
        proving = Proving(self.pipeline, self.capabilities, self.names, self.selected, self.most)
        before = None
        if copying and not self._uidplus:
            targets = {_target(order.effect) for order in copying}
            before = proving.before({uid for order in copying for uid in order.uids}, targets)
        tasks = [task for order in orders for task in writing.tasks(order)]
        simple = before is None and not any(_is_two_steps(task.effect, writing) for task in tasks)
        self._run(tasks, then_idle=last and simple)
        self._run_again_in_new_folders(tasks, then_idle=last and simple)
        if by_copy and "MOVE" in self.capabilities:
            self._run_again_as_moves(tasks)
        where = self._placed(tasks, proving, before)
        ends = self._ends(tasks, writing, where, last=last)
        return refused + [outcome for task in tasks for outcome in _outcomes(task, where, ends)]

    def _placed(self, tasks: Sequence[Task], proving: Proving, before: Before | None) -> dict[int, Placed]:
        """Where the copies are. (A round copies or moves a message once: a UID names one copy.)"""
        copies = [task for task in tasks if isinstance(task.effect, Copy | Move)]
        where = placed([answer for task in tasks for answer in task.answers], sum(len(task.uids) for task in copies) + 1)
        for task in copies:
            if before and task.answers[0].ok and where.keys().isdisjoint(task.uids):
                where |= proving.placed(before, _target(task.effect), task.uids)
        return where

    def _ends(self, tasks: Sequence[Task], writing: Writing, where: Mapping[int, Placed], *, last: bool) -> dict[int, End]:
        """What became of the originals: removed after a copy that is proved; looked for where nothing is."""
        removals = [task for task in tasks if isinstance(task.effect, Delete)]
        ends = self._removed(removals, seen(answer for task in tasks for answer in task.answers))
        copied = sorted(uid for task in tasks if isinstance(task.effect, Move) and task.commands[0].name == "UID COPY"
                        for uid in task.uids if uid in where)
        behind = list(writing.removals(Delete(), copied))
        copies = [task for task in tasks if isinstance(task.effect, Copy | Move)]
        # Dovecot copies none of a set of which one is gone, and says NO [EXPUNGEISSUED].
        unsure = [task for task in copies if task.answers[0].ok or task.answers[0].code == "EXPUNGEISSUED"]
        lost = {uid for task in unsure for uid in task.uids if uid not in where}
        # Dovecot 2.3 says OK and leaves the message where a STORE in the same write made a new keyword, and now and then one
        # line of several; a second time it goes.
        behind += writing.removals(Delete(), sorted(uid for uid, end in ends.items() if end is STAYS))
        looks = writing.looks(sorted(lost))
        if behind or looks:
            commands = [command for task in behind for command in task.commands]
            answers = self.pipeline.run([*commands, *looks], then_idle=last and self.idles)
            _hand_out(behind, answers)
            there = seen(answers)
            ends |= self._removed(behind, there)
            ends |= self._removed_once_more(writing, [uid for uid in copied if ends.get(uid) is STAYS])
            ends |= {uid: STAYS if uid in there else GONE for uid in lost}
        return ends

    def _removed_once_more(self, writing: Writing, uids: Sequence[int]) -> dict[int, End]:
        tasks = list(writing.removals(Delete(), uids))
        answers = self.pipeline.run([command for task in tasks for command in task.commands])
        _hand_out(tasks, answers)
        return self._removed(tasks, seen(answers))

    def _removed(self, tasks: Sequence[Task], there: Mapping[int, frozenset[bytes]]) -> dict[int, End]:
        """`there`: as was seen in the write."""
        return {uid: end for task in tasks for uid, end in removed(task, there, uidplus=self._uidplus).items()}

    # -- before

    def _marked(self, orders: Sequence[Order]) -> frozenset[int]:
        r"""SetFlags leaves \Deleted as it is, so it must be known; the one effect that costs a round trip more."""
        uids = sorted({uid for order in orders if isinstance(order.effect, SetFlags) for uid in order.uids})
        if not uids:
            return frozenset()
        answers = self.pipeline.run(Writing(self.capabilities, self.names, self.most).looks(uids))
        return frozenset(uid for uid, flags in seen(answers).items() if DELETED.lower().encode() in flags)

    def _copies_are_cheaper(self, orders: Sequence[Order]) -> bool:
        """Where many messages go many ways, Dovecot is done sooner with copies and one removal: each MOVE takes something out
        of a Maildir, whose file names are then read anew before the next. 45 of them out of 100,000 messages take 13 s; the
        same copies, one STORE and one UID EXPUNGE take 3 s (docs/performance.md). Nothing is removed but what COPYUID proves.
        """
        moves = [order for order in orders if isinstance(order.effect, Move)]
        return (self.server == "dovecot" and self._uidplus and DELETED in self.selected.state.permanent_flags
                and len(moves) * self.selected.exists >= self.large.names
                and sum(len(order.uids) for order in moves) >= self.large.messages)

    def _permitted(self, orders: Sequence[Order], writing: Writing) -> tuple[list[Order], list[Outcome]]:
        """Nothing is copied that could not be removed: each further try would make one copy more."""
        if DELETED in self.selected.state.permanent_flags:
            return list(orders), []
        refused = [order for order in orders if _is_two_steps(order.effect, writing)]
        return ([order for order in orders if order not in refused],
                [Outcome(order.effect, uid, Cause.FOLDER, _NO_RIGHT) for order in refused for uid in order.uids])

    # -- writing

    def _run(self, tasks: Sequence[Task], *, then_idle: bool) -> None:
        commands = [command for task in tasks for command in task.commands]
        _hand_out(tasks, self.pipeline.run(commands, then_idle=then_idle and self.idles))

    def _run_again_in_new_folders(self, tasks: Sequence[Task], *, then_idle: bool) -> None:
        missing = [task for task in tasks if self._lacks_folder(task)]
        if not missing:
            return
        folders = sorted({_target(task.effect) for task in missing})
        making = [Command(verb, (self.names.wire(folder),)) for folder in folders for verb in ("CREATE", "SUBSCRIBE")]
        answers = self.pipeline.run([*making, *(command for task in missing for command in task.commands)],
                                    then_idle=then_idle and self.idles)
        made = dict(zip(folders, answers[:len(making):2], strict=True))
        for folder, answer in made.items():
            if answer.ok:
                self.created(folder)
        _hand_out(missing, answers[len(making):])
        for task in missing:
            made_it = made[_target(task.effect)]
            if not task.answers[0].ok and not made_it.ok and made_it.code != "ALREADYEXISTS":
                task.answers = [made_it]        # why it could not be made says more

    def _run_again_as_moves(self, tasks: Sequence[Task]) -> None:
        """A full mailbox has no room for a copy beside its original; a MOVE needs none (docs/servers.md)."""
        full = [task for task in tasks if isinstance(task.effect, Move) and task.answers[0].code == "OVERQUOTA"]
        for task in full:
            task.commands = tuple(replace(command, name="UID MOVE") for command in task.commands)
        if full:
            self._run(full, then_idle=False)

    def _lacks_folder(self, task: Task) -> bool:
        if not isinstance(task.effect, Copy | Move) or not task.effect.create or task.answers[0].status != "NO":
            return False
        code = task.answers[0].code
        return code in _NO_SUCH_FOLDER or (not code and not self.is_there(task.effect.to))

    @property
    def _uidplus(self) -> bool:
        return "UIDPLUS" in self.capabilities


def _is_two_steps(effect: Effect, writing: Writing) -> bool:
    return isinstance(effect, Move) and writing.by_copy


def _outcomes(task: Task, where: Mapping[int, Placed], ends: Mapping[int, End]) -> list[Outcome]:
    if isinstance(task.effect, Copy | Move):
        return [_copied(task, uid, where.get(uid), ends.get(uid)) for uid in task.uids]
    if isinstance(task.effect, Delete):
        return [_deleted(task, uid, ends[uid]) for uid in task.uids]
    return stored(task)


def _copied(task: Task, uid: int, where: Placed | None, end: End | None) -> Outcome:
    if where:       # a copy that is proved is not made again for the sake of an original that stays
        why = "" if end is None else f"the original stays: {end.why}" if end.cause else end.why
        return Outcome(task.effect, uid, None, why, where.uidvalidity, where.uid)
    if end is GONE:
        return Outcome(task.effect, uid, Cause.GONE, "it is not in the folder any more")
    if said := failure(task.answers, into_folder=True):
        cause, why = said
        return Outcome(task.effect, uid, Cause.RETRY if cause is Cause.GONE else cause, why)
    return Outcome(task.effect, uid, Cause.MESSAGE, "the server said OK, but there is no proof of a copy")


def _deleted(task: Task, uid: int, end: End) -> Outcome:
    return Outcome(task.effect, uid, None if end is GONE else end.cause, end.why if end is not GONE else "")


def _target(effect: Effect) -> str:
    return effect.to if isinstance(effect, Copy | Move) else ""


def _ends(effect: Effect) -> bool:
    return isinstance(effect, Copy | Move | Delete)


def _held(effect: Effect, by: Outcome) -> Outcome:
    return replace(by, effect=effect, why=f"waits for what failed before: {by.why}")


def _rounds(orders: Sequence[Order]) -> Iterator[list[Order]]:
    """What follows a copy, move or delete of the same message waits for its outcome (architecture.md, "Waves")."""
    now: list[Order] = []
    ended: set[int] = set()
    for order in orders:
        if not ended.isdisjoint(order.uids):
            yield now
            now, ended = [], set()
        now.append(order)
        if _ends(order.effect):
            ended.update(order.uids)
    if now:
        yield now


def _hand_out(tasks: Sequence[Task], answers: Sequence[Answer]) -> None:
    left = iter(answers)
    for task in tasks:
        task.answers = [next(left) for _ in task.commands]


def _in_order(orders: Sequence[Order], outcomes: Sequence[Outcome]) -> list[Outcome]:
    of = {(outcome.effect, outcome.uid): outcome for outcome in outcomes}
    return [of[order.effect, uid] for order in orders for uid in order.uids]
