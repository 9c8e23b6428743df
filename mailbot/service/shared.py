"""What the watchers of a service have in common."""

from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from mailbot.rules.rule import Ruleset
from mailbot.service import backoff
from mailbot.service.arrivals import Arrivals
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.work import Work


@dataclass(slots=True)
class Shared:
    """What all watchers of a service see. `ruleset` is replaced by a reload, never changed."""

    ruleset: Ruleset
    work: Work
    heartbeat: Heartbeat
    rng: Random
    patience: backoff.Patience = field(default_factory=backoff.Patience)
    arrivals: Arrivals = field(default_factory=Arrivals)


class Assign(Protocol):
    def __call__(self, folders: tuple[str, ...], *, together: bool) -> None:
        """The folders there are to watch, busiest first; `together`: on the connection of the one that tells."""
