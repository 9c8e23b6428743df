"""What the service tells of itself, as plain values: called where it logs, read by the metrics and the status page.

Always there, since it costs a few additions a pass; whether anybody reads it is not known here. What it keeps is bounded.
"""

import threading
import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, islice

from mailbot.engine.engine import Acted, Pass
from mailbot.engine.report import ranges
from mailbot.service.clocks import lived
from mailbot.service.wake import Wake

LATEST = 100            # actions that are remembered
MOST_RULES = 1000       # that are told apart; what the others do is counted under OTHER
OTHER = "(other)"
NAMED = 3               # messages of one action whose sender and subject are shown, where that is asked for
BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)    # seconds; one more is without end
RESULTS = {"action.applied": "done", "action.skipped": "skipped", "action.failed": "failed", "action.undone": "undone"}


class Reason(StrEnum):
    """Why a connection has to be made again."""

    UNREACHABLE = "unreachable"     # DNS, TCP, TLS, EOF, BYE, a deadline
    REFUSED = "refused"             # the server said NO or BAD to something without which nothing can be done
    LOGIN = "login"
    SECRET = "secret"               # noqa: S105  no password: the file or command that gives it has failed
    THROTTLED = "throttled"
    STATE = "state"                 # our own journal
    DEFECT = "defect"               # of mailbot: the watcher ended of something unexpected


@dataclass(frozen=True, slots=True)
class Action:
    """One of the latest. `to`, `why` and `messages` hold words of strangers."""

    number: int             # counts up, from 1
    when: float             # seconds since the epoch
    account: str
    folder: str
    rule: str
    action: str
    result: str             # one of RESULTS
    uids: str               # "1:3,7"
    count: int
    to: str = ""
    why: str = ""
    messages: tuple[str, ...] = ()      # sender and subject of the first few; empty unless asked for at start


@dataclass(frozen=True, slots=True)
class Figures:
    """A moment of it all."""

    began: float                                        # seconds since the epoch
    passed: dict[str, float]                            # account -> seconds since its last pass, or since it is known
    looked: dict[str, float]                            # account -> its last pass, seconds since the epoch
    matches: dict[str, int]                             # rule -> messages, in the order of the file
    actions: dict[tuple[str, str, str], int]            # (rule, action, result) -> messages
    reconnects: dict[Reason, int]
    reloads: dict[str, int]                             # "loaded", "rejected"
    waits: tuple[int, ...]                              # wake-ups that were acted upon within each of BUCKETS, then all of them
    waited: float                                       # seconds, of all of them
    problems: tuple[str, ...]                           # of the rules file on disk; empty where it is in force
    loaded_at: float                                    # seconds since the epoch
    latest: tuple[Action, ...]                          # oldest first


@dataclass(slots=True)
class _Rules:
    problems: tuple[str, ...] = ()
    loaded_at: float = 0.0
    reloads: Counter[str] = field(default_factory=lambda: Counter(loaded=0, rejected=0))


class Telemetry:
    """Shared by all threads of a service. `subjects`: keeps sender and subject of what was acted upon."""

    def __init__(self, *, subjects: bool = False) -> None:
        self._subjects, self._began = subjects, time.time()
        self._lock = threading.Lock()
        self._passed: dict[str, float] = {}     # by `lived`
        self._looked: dict[str, float] = {}
        self._matches: dict[str, int] = {}
        self._actions: Counter[tuple[str, str, str]] = Counter()
        self._reconnects: Counter[Reason] = Counter(dict.fromkeys(Reason, 0))
        self._waits, self._waited = [0] * (len(BUCKETS) + 1), 0.0
        self._rules = _Rules()
        self._latest: deque[Action] = deque(maxlen=LATEST)
        self._number = 0
        self._listeners: set[Wake] = set()

    # -- told

    def loaded(self, rules: Iterable[str], accounts: Iterable[str]) -> None:
        """These rules are in force; what is not among them is forgotten."""
        with self._lock:
            if self._rules.loaded_at:
                self._rules.reloads["loaded"] += 1
            self._rules.problems, self._rules.loaded_at = (), time.time()
            self._matches = {rule: self._matches.get(rule, 0) for rule in islice(rules, MOST_RULES)}
            self._actions = Counter({key: count for key, count in self._actions.items() if key[0] in self._matches})
            self._passed = {name: self._passed.get(name, lived()) for name in accounts}
            self._looked = {name: when for name, when in self._looked.items() if name in self._passed}

    def rejected(self, problems: Sequence[str]) -> None:
        with self._lock:
            self._rules.reloads["rejected"] += 1
            self._rules.problems = tuple(problems)

    def lost(self, reason: Reason) -> None:
        with self._lock:
            self._reconnects[reason] += 1

    def passed(self, done: Pass) -> None:
        with self._lock:
            if done.account in self._passed:
                self._passed[done.account], self._looked[done.account] = lived(), time.time()
            for name, count in done.hits.items():
                rule = self._known(name)
                self._matches[rule] = self._matches.get(rule, 0) + count

    def acted_after(self, seconds: float) -> None:
        """Since the server announced the mail."""
        with self._lock:
            self._waits[bisect_left(BUCKETS, seconds)] += 1
            self._waited += seconds

    def acted(self, acted: Acted) -> None:
        with self._lock:
            result = RESULTS[acted.event]
            self._actions[self._known(acted.rule), acted.action, result] += len(acted.uids)
            self._number += 1
            shown = [f"{named.sender}: {named.subject}" for named in acted.messages[:NAMED]] if self._subjects else []
            self._latest.append(Action(
                self._number, time.time(), acted.account, acted.folder, acted.rule, acted.action, result, ranges(acted.uids),
                len(acted.uids), acted.to, acted.why, tuple(shown)))
            for wake in self._listeners:
                wake.set("action")

    # -- asked

    def figures(self) -> Figures:
        now = lived()
        with self._lock:
            return Figures(
                self._began, {name: now - when for name, when in self._passed.items()}, dict(self._looked), dict(self._matches),
                dict(self._actions), dict(self._reconnects), dict(self._rules.reloads), tuple(accumulate(self._waits)), self._waited,
                self._rules.problems, self._rules.loaded_at, tuple(self._latest))

    def since(self, number: int) -> tuple[Action, ...]:
        """The actions after that one, as far as they are remembered."""
        with self._lock:
            return tuple(action for action in self._latest if action.number > number)

    def listen(self, wake: Wake) -> None:
        """`wake` is set at each action, until `leave`."""
        with self._lock:
            self._listeners.add(wake)

    def leave(self, wake: Wake) -> None:
        with self._lock:
            self._listeners.discard(wake)

    def _known(self, rule: str) -> str:
        """Its name as a label: a pass by earlier rules may still be on its way, and names are not to grow for ever."""
        return rule if rule in self._matches or len(self._matches) < MOST_RULES else OTHER
