"""Who gets what: the rules judged on every message of a folder, merged in rule order (rules.md, "Meaning")."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo

from mailbot.effects import Folders, FolderState, Gathered
from mailbot.plan.judge import Hit, Judge
from mailbot.plan.merge import Merge
from mailbot.plan.named import named
from mailbot.plan.plan import Known, Named, Plan
from mailbot.rules.rule import Rule


def nothing_known(messages: Sequence[Named]) -> Known:
    """An empty journal: for the tests in the rules file and for `apply --again`."""
    del messages
    return Known()


def plan(rules: Sequence[Rule], blocks: Iterable[Gathered], *, account: str, state: FolderState, folders: Folders,
         known: Callable[[Sequence[Named]], Known], timezone: tzinfo, files: str, now: datetime,
         only: str | None = None) -> Plan:
    """The plan of one folder. `rules` are those that judge it in this pass (scope.py), in order.

    `known` is asked once a block, about the messages that some rule matched or doubted. `only`: every rule is judged,
    but the plan holds the steps and verdicts of this one alone. Kept from block to block: some hundred octets for each
    message with a match or doubt.
    """
    judge = Judge(rules, account=account, folder=state.name, folders=folders, timezone=timezone, files=files, now=now)
    merge = Merge(state, only)
    hits: list[list[Hit]] = [[] for _ in rules]
    messages: dict[int, Named] = {}
    judged = 0
    for block in blocks:
        judged += block.judged
        for uid, why in block.broken.items():
            merge.unread(uid, why)
        found = list(judge.hits(block))
        names = {message.uid: named(message) for message, _ in found}
        messages |= names
        done = known(list(names.values())).done if found else {}
        for message, of_rules in found:
            merge.stand(message.uid, message.flags, done.get(message.uid, ()))
            for position, hit in of_rules:
                hits[position].append(hit)
    for rule, of_rule in zip(rules, hits, strict=True):
        merge.rule(rule, of_rule)
        of_rule.clear()
    verdicts = merge.verdicts
    told = sorted({verdict.uid for verdict in verdicts} & messages.keys())
    return Plan(account, state.name, state.uidvalidity, judged, tuple(messages[uid] for uid in told),
                tuple(merge.steps), tuple(merge.trial), verdicts, modseq=state.highestmodseq, rules=len(rules))
