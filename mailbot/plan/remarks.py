"""What a plan's verdicts say beside its steps: who took a message, what is in doubt, why nothing is done."""

from collections.abc import Iterator, Sequence

from mailbot.document.problems import visible
from mailbot.plan.plan import Judgement, Plan, Verdict

MOST = 8        # UIDs and ranges of UIDs in one remark


def remarks(plan: Plan) -> Iterator[tuple[str, str]]:
    """(mark, sentence): "!" for what was left alone, "·" for what needs nothing. Those of a rule stand together, and many
    messages can share one."""
    acted = {(step.rule, uid) for steps in (plan.steps, plan.trial) for step in steps for uid in step.order.uids}
    rules: dict[str, dict[tuple[str, str], list[int]]] = {}
    for verdict in plan.verdicts:
        mark = "·" if verdict.judgement is Judgement.MATCHED else "!"
        if said := _said(verdict, acted=(verdict.rule, verdict.uid) in acted):
            rules.setdefault(verdict.rule, {}).setdefault((mark, said), []).append(verdict.uid)
    for rule, groups in rules.items():
        for (mark, said), uids in groups.items():
            yield mark, visible(f"{rule}: {ranges(uids)} {said}" if rule else f"{ranges(uids)} {said}")


def ranges(uids: Sequence[int]) -> str:
    """`#4201`, `#4201 #4205-4210`; a long list is cut, with the count of all."""
    found: list[tuple[int, int]] = []
    for uid in sorted(uids):
        if found and uid == found[-1][1] + 1:
            found[-1] = (found[-1][0], uid)
        else:
            found.append((uid, uid))
    words = [f"#{first}" if first == last else f"#{first}-{last}" for first, last in found[:MOST]]
    return " ".join(words) + (f" … ({len(uids):,} messages)" if len(found) > MOST else "")


def _said(verdict: Verdict, *, acted: bool) -> str:
    match verdict.judgement:
        case Judgement.TAKEN:
            return f"taken by {verdict.by}"
        case Judgement.DOUBT:
            if verdict.by:
                return verdict.why
            return f"in doubt: {verdict.why}" if verdict.rule else f"cannot be read: {verdict.why}"
        case Judgement.OVER_LIMIT:
            if verdict.by:
                return f"left alone: {verdict.by} is over its limit"
            return f"over the limit: {verdict.why} (see apply --over-limit)"
        case Judgement.MATCHED:
            return verdict.why or ("" if acted else "matched, nothing to do")
