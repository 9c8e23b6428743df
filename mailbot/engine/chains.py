"""A plan cut into what may share a write: for each message its steps in order, in segments that end at a barrier."""

from dataclasses import dataclass, field

from mailbot.effects import AddFlags, Copy, Delete, Effect, Flags, Move, RemoveFlags, Save, SetFlags
from mailbot.plan.plan import Named, Plan


@dataclass(frozen=True, slots=True)
class Job:
    """A step, as it concerns one message."""

    rule: str
    action: str
    effect: Effect


@dataclass(slots=True)
class Chain:
    """What is to be done to one message. `flags` are those it has now, as far as we know."""

    named: Named
    jobs: list[Job] = field(default_factory=list)
    flags: Flags = frozenset()
    saved: int = 0          # octets, in this pass

    @property
    def uid(self) -> int:
        return self.named.uid

    @property
    def end(self) -> Effect | None:
        """Where its first segment ends, on the server."""
        return next((job.effect for job in self.jobs if isinstance(job.effect, Copy | Move | Delete)), None)


@dataclass(frozen=True, slots=True)
class Segment:
    """Flags, then what ends it: one copy, move or delete for the server (`end`), or saves, which are ours to do.

    A flag is no barrier: STORE and the MOVE behind it share a write (architecture.md, "Waves").
    """

    flags: tuple[Job, ...] = ()
    end: Job | None = None
    saves: tuple[Job, ...] = ()


def chains(plan: Plan) -> dict[int, Chain]:
    """By UID, ascending; messages without a step have none."""
    jobs: dict[int, list[Job]] = {}
    for step in plan.steps:
        job = Job(step.rule, step.action, step.order.effect)
        for uid in step.order.uids:
            jobs.setdefault(uid, []).append(job)
    return {named.uid: Chain(named, jobs[named.uid], named.flags) for named in plan.messages if named.uid in jobs}


def segments(jobs: list[Job]) -> list[Segment]:
    made: list[Segment] = []
    flags: list[Job] = []
    saves: list[Job] = []

    def cut(end: Job | None = None) -> None:
        if flags or saves or end:
            made.append(Segment(tuple(flags), end, tuple(saves)))
            flags.clear()
            saves.clear()

    for job in jobs:
        match job.effect:
            case Save():
                saves.append(job)
            case AddFlags() | RemoveFlags() | SetFlags():
                if saves:
                    cut()
                flags.append(job)
            case _:
                if saves:
                    cut()
                cut(job)
    cut()
    return made
