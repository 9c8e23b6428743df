"""Plans as a JSON document (operating.md, "Plan on a terminal"): for `--json`, `--out` and `apply`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailbot.effects import Copy, Delete, Move, Save
from mailbot.plan.plan import PLAN_VERSION, Named, Plan, Step, Verdict

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Saved:
    """Plans with what they were made from."""

    created: datetime
    rules_sha256: str
    plans: tuple[Plan, ...]


def document(saved: Saved) -> Json:
    """Fields that do not apply are absent."""
    return {"version": PLAN_VERSION, "created": saved.created.isoformat(), "rules_sha256": saved.rules_sha256,
            "folders": [_folder(plan) for plan in saved.plans]}


def _folder(plan: Plan) -> Json:
    return {"account": plan.account, "folder": plan.folder, "uidvalidity": plan.uidvalidity, "judged": plan.judged,
            "messages": [_message(message) for message in plan.messages],
            "steps": [step_document(step) for step in plan.steps],
            "trial": [step_document(step) for step in plan.trial],
            "verdicts": [_verdict(verdict) for verdict in plan.verdicts]}


def _message(message: Named) -> Json:
    return {"uid": message.uid, "fingerprint": message.fingerprint, "flags": sorted(message.flags),
            "received": message.received.isoformat(), "from": message.sender, "subject": message.subject}


def step_document(step: Step) -> Json:
    """An entry of `steps` and `trial`."""
    written: Json = {"rule": step.rule, "action": step.action, "uids": list(step.order.uids)}
    match step.order.effect:
        case Copy(to, create) | Move(to, create):
            written["to"] = to
            if not create:
                written["create"] = False
        case Save(part, under, path):
            written |= {"to": path, "under": under,
                        "part": {"number": part.number, "name": part.name, "type": part.type, "size": part.size}}
        case Delete():
            pass
        case effect:
            written["flags"] = sorted(effect.flags)
    return written


def _verdict(verdict: Verdict) -> Json:
    written = {"rule": verdict.rule, "uid": verdict.uid, "verdict": str(verdict.judgement),
               "by": verdict.by, "why": verdict.why}
    return {key: value for key, value in written.items() if value != ""}
