"""What the log says of a pass. Names of events and fields are those of operating.md, "Log"."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from mailbot.effects import AddFlags, Copy, Delete, Effect, Move, Outcome, RemoveFlags, Save, SetFlags
from mailbot.engine.engine import Acted, nobody
from mailbot.errors import Cause
from mailbot.log import get_logger
from mailbot.plan.plan import Judgement, Named, Plan

log = get_logger(__name__)


def ranges(uids: Iterable[int]) -> str:
    """`1:3,7`: as in a sequence set of RFC 3501."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(f"{first}" if first == last else f"{first}:{last}" for first, last in runs)


def to(effect: Effect) -> str:
    """Where or what to, in a word."""
    match effect:
        case AddFlags(flags) | RemoveFlags(flags) | SetFlags(flags):
            return " ".join(sorted(flags))
        case Copy(folder) | Move(folder):
            return folder
        case Save(path=path):
            return path
        case Delete():
            return ""


def report_plan(plan: Plan) -> None:
    """What was judged, before anything is done."""
    groups: dict[tuple[Judgement, str, str], list[int]] = defaultdict(list)
    for verdict in plan.verdicts:
        why = verdict.why if verdict.judgement is Judgement.DOUBT else ""
        groups[verdict.judgement, verdict.rule, why].append(verdict.uid)
    for (judgement, rule, why), uids in groups.items():
        fields = {"account": plan.account, "folder": plan.folder, "rule": rule, "uids": ranges(uids)}
        match judgement:
            case Judgement.MATCHED:
                log.info("rule.matched", **fields)
            case Judgement.DOUBT:
                log.warning("rule.doubted", **fields, why=why)
            case Judgement.OVER_LIMIT:
                log.error("limit.reached", **fields, messages=len(uids), alert=True)
            case Judgement.TAKEN:
                pass        # told by what took it


class Actions:
    """One line an action: equal ones of a wave are counted together."""

    def __init__(self, account: str, folder: str, pass_id: int, *, undoing: bool = False,
                 tell: Callable[[Acted], None] = nobody) -> None:
        self._account, self._folder = account, folder
        self._fields = {"account": account, "folder": folder, "pass_id": pass_id}
        self._done = "action.undone" if undoing else "action.applied"
        self._groups: dict[tuple[str, str, str, str, str], list[int]] = defaultdict(list)
        self._tell = tell
        self._named: dict[int, Named] = {}

    def add(self, rule: str, action: str, effect: Effect, outcome: Outcome, named: Named | None = None) -> None:
        match outcome.cause:
            case None:
                event, why = self._done, "" if isinstance(effect, Save) else outcome.why
            case Cause.GONE:
                event, why = "action.skipped", "it is gone"
            case _:
                event, why = "action.failed", outcome.why
        if named:
            self._named[outcome.uid] = named
        self.say(event, rule, action, effect, outcome.uid, why)

    def say(self, event: str, rule: str, action: str, effect: Effect, uid: int, why: str) -> None:
        self._groups[event, rule, action, to(effect), why].append(uid)

    def write(self) -> None:
        for (event, rule, action, target, why), uids in self._groups.items():
            fields = {**self._fields, "rule": rule, "action": action, "uids": ranges(uids)}
            if target:
                fields["to"] = target
            if why:
                fields["why"] = why
            log.log(_LEVELS.get(event, logging.INFO), event, **fields)
            self._tell(Acted(event, self._account, self._folder, rule, action, target, tuple(uids), why,
                             tuple(self._named[uid] for uid in uids if uid in self._named)))
        self._groups.clear()
        self._named.clear()


_LEVELS = {"action.failed": logging.WARNING}


def report_skipped(plan: Plan, whys: Sequence[tuple[int, str]]) -> None:
    groups: dict[str, list[int]] = defaultdict(list)
    for uid, why in whys:
        groups[why].append(uid)
    for why, uids in groups.items():
        log.warning("action.skipped", account=plan.account, folder=plan.folder, uids=ranges(uids), why=why)
