"""What is left to do to one message of what one rule would do: less what is done, held back or impossible."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mailbot.effects import AddFlags, Copy, Delete, Effect, Flags, FolderState, Move, RemoveFlags, Save, SetFlags
from mailbot.plan.flags import Storable, after
from mailbot.plan.judge import Hit
from mailbot.plan.plan import Done

READ_ONLY = "the folder is read-only"
_NOTHING: Mapping[Effect, Any] = MappingProxyType({})


def _nothing() -> Mapping[Effect, Any]:
    """One for all: most messages of a large plan have no more."""
    return _NOTHING


@dataclass(frozen=True, slots=True)
class Hold:
    """A rule in doubt: no later rule moves, trashes or deletes the message in this pass."""

    by: str
    again: bool


@dataclass(slots=True)
class Standing:
    """Where a message stands after the rules so far; of their steps, only those that will be carried out count."""

    flags: Flags
    done: Mapping[Effect, Done] = field(default_factory=_nothing)
    planned: Mapping[Effect, str] = field(default_factory=_nothing)    # copies and saves, and the rule that does them
    taken_by: str = ""
    over_by: str = ""
    hold: Hold | None = None


@dataclass(slots=True)
class Chain:
    """The steps of one rule for one message."""

    uid: int
    flags: Flags
    steps: list[tuple[int, Effect]] = field(default_factory=list)   # (position of the action in `then`, effect)
    notes: list[str] = field(default_factory=list)                  # why there is no step, or less than the rule says
    kept_back: str = ""                                             # why a step is left out as a doubt
    by: str = ""                                                    # the rule whose doubt that is
    again: bool = False
    ended: bool = False                                             # by a save that found no part


class Chains:
    """Makes the chains of one folder."""

    def __init__(self, state: FolderState) -> None:
        self._folder = state.name
        # We asked for EXAMINE ourselves: nobody knows then what a SELECT would say.
        self._read_only = state.read_only and not state.examined
        self._storable = Storable(state)

    def chain(self, hit: Hit, standing: Standing) -> Chain:
        chain = Chain(hit.uid, standing.flags, ended=hit.ended)
        for position, effect in hit.chain:
            left = self._left(effect, chain, standing)
            if left is not None:
                chain.steps.append((position, left))
        if hit.ended:
            chain.notes.append("it has no part to save")
        return chain

    def _left(self, effect: Effect, chain: Chain, standing: Standing) -> Effect | None:
        """What of `effect` is to be done. None: nothing, and the chain's notes say why."""
        if (done := standing.done.get(effect)) is not None:
            chain.notes.append(_done(done))
            return None
        if self._read_only and not isinstance(effect, Copy | Save):
            chain.kept_back = READ_ONLY
            return None
        match effect:
            case AddFlags() | RemoveFlags() | SetFlags():
                return self._flags(effect, chain)
            case Copy(to) | Move(to) if to == self._folder:
                chain.notes.append(f"it is in {to} already")
                return None
            case Move() | Delete() if standing.hold is not None:
                hold = standing.hold
                chain.kept_back, chain.by, chain.again = f"left where it is: {hold.by} is in doubt", hold.by, hold.again
                return None
            case Copy() | Save() if effect in standing.planned:
                chain.notes.append(f"{standing.planned[effect]} does it")
                return None
        return effect

    def _flags(self, effect: AddFlags | RemoveFlags | SetFlags, chain: Chain) -> Effect | None:
        if not isinstance(effect, RemoveFlags) and (lost := self._storable.lost(effect.flags)):
            chain.notes.append(f"the folder cannot keep {' '.join(sorted(lost))}")
            # "Exactly these" is all or nothing: the rest of them alone would wipe the others away.
            if isinstance(effect, SetFlags) or lost == effect.flags:
                return None
            effect = AddFlags(effect.flags - lost)
        flags = after(effect, chain.flags)
        if flags is chain.flags:
            chain.notes.append("its flags are so already")
            return None
        chain.flags = flags
        return effect


def _done(done: Done) -> str:
    return f"{'undone after it was done' if done.undone else 'done'} {done.when:%Y-%m-%d} by pass {done.pass_id}"
