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
        writing = Writing(self.capabilities, self.names, self.most, self._marked(orders))
        orders, refused = self._permitted(orders)
        copying = [order for order in orders if isinstance(order.effect, Copy | Move)]
        proving = Proving(self.pipeline, self.capabilities, self.names, self.selected, self.most)
        before = None
        if copying and not self._uidplus:
            targets = {_target(order.effect) for order in copying}
            before = proving.before({uid for order in copying for uid in order.uids}, targets)
        tasks = [task for order in orders for task in writing.tasks(order)]
        simple = before is None and not any(self._is_two_steps(task.effect) for task in tasks)
        self._run(tasks, then_idle=last and simple)
        self._run_again_in_new_folders(tasks, then_idle=last and simple)
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
        ends = self._removed(removals, [answer for task in tasks for answer in task.answers])
        behind = [removal for task in tasks if self._is_two_steps(task.effect)
                  for removal in writing.removals(task.effect, [uid for uid in task.uids if uid in where])]
        copies = [task for task in tasks if isinstance(task.effect, Copy | Move)]
        # Dovecot copies none of a set of which one is gone, and says NO [EXPUNGEISSUED].
        unsure = [task for task in copies if task.answers[0].ok or task.answers[0].code == "EXPUNGEISSUED"]
        lost = {uid for task in unsure for uid in task.uids if uid not in where}
        # Dovecot 2.3 says OK and leaves the message where a STORE in the same write made a new keyword; a second time it goes.
        behind += writing.removals(Delete(), sorted(uid for uid, end in ends.items() if end is STAYS))
        looks = writing.looks(sorted(lost))
        if behind or looks:
            commands = [command for task in behind for command in task.commands]
            answers = self.pipeline.run([*commands, *looks], then_idle=last and self.idles)
            _hand_out(behind, answers)
            ends |= self._removed(behind, answers)
            there = seen(answers)
            ends |= {uid: STAYS if uid in there else GONE for uid in lost}
        return ends

    def _removed(self, tasks: Sequence[Task], answers: Sequence[Answer]) -> dict[int, End]:
        """`answers`: of everything that was in the write."""
        there = seen(answers)
        return {uid: end for task in tasks for uid, end in removed(task, there, uidplus=self._uidplus).items()}

    # -- before

    def _marked(self, orders: Sequence[Order]) -> frozenset[int]:
        r"""SetFlags leaves \Deleted as it is, so it must be known; the one effect that costs a round trip more."""
        uids = sorted({uid for order in orders if isinstance(order.effect, SetFlags) for uid in order.uids})
        if not uids:
            return frozenset()
        answers = self.pipeline.run(Writing(self.capabilities, self.names, self.most).looks(uids))
        return frozenset(uid for uid, flags in seen(answers).items() if DELETED.lower().encode() in flags)

    def _permitted(self, orders: Sequence[Order]) -> tuple[list[Order], list[Outcome]]:
        """Nothing is copied that could not be removed: each further try would make one copy more."""
        if DELETED in self.selected.state.permanent_flags:
            return list(orders), []
        refused = [order for order in orders if self._is_two_steps(order.effect)]
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

    def _lacks_folder(self, task: Task) -> bool:
        if not isinstance(task.effect, Copy | Move) or not task.effect.create or task.answers[0].status != "NO":
            return False
        code = task.answers[0].code
        return code in _NO_SUCH_FOLDER or (not code and not self.is_there(task.effect.to))

    @property
    def _uidplus(self) -> bool:
        return "UIDPLUS" in self.capabilities

    def _is_two_steps(self, effect: Effect) -> bool:
        return isinstance(effect, Move) and "MOVE" not in self.capabilities


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
