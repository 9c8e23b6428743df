"""A plan from its JSON document, which may be old, edited by hand or hostile: what is no plan of ours is refused."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from mailbot.effects import (
    AddFlags,
    Copy,
    Delete,
    Effect,
    FlagEffect,
    Flags,
    Move,
    Order,
    RemoveFlags,
    Save,
    SavedPart,
    SetFlags,
)
from mailbot.errors import UsageError
from mailbot.plan.document import Saved
from mailbot.plan.fields import Field
from mailbot.plan.flags import UNTOUCHED
from mailbot.plan.plan import PLAN_VERSION, Judgement, Named, Plan, Step, Verdict

FLAG_ACTIONS: dict[str, type[FlagEffect]] = {"flag": AddFlags, "unflag": RemoveFlags, "set_flags": SetFlags}
FOLDER_ACTIONS: dict[str, type[Copy | Move]] = {"copy": Copy, "move": Move, "trash": Move}
ACTIONS = (*FLAG_ACTIONS, *FOLDER_ACTIONS, "delete", "save")

# RFC 3501 section 9: flag = "\" atom / atom.
_FLAG = re.compile(r"\\?[!#$&'+-\[^-z|}~]+")
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}|")
_PART = re.compile(r"([1-9][0-9]{0,5}(\.[1-9][0-9]{0,5}){0,99})?")
_LARGEST = 2**63 - 1


def read(text: str | bytes, name: str = "the plan") -> Saved:
    """Raises UsageError: `plan.json: folders[0].steps[2].uids: …`."""
    try:
        return _saved(Field.parse(text))
    except UsageError as wrong:
        raise UsageError(f"{name}: {wrong}") from wrong


def _saved(field: Field) -> Saved:
    top = field.mapping(("version", "created", "rules_sha256", "folders"))
    if (version := top["version"].number(1)) != PLAN_VERSION:
        top["version"].wrong(f"this plan is of version {version}, and this program reads version {PLAN_VERSION}")
    sha256 = top["rules_sha256"].text(empty=True)
    if not _SHA256.fullmatch(sha256):
        top["rules_sha256"].wrong("64 hex digits were expected")
    plans: dict[tuple[str, str], Plan] = {}
    for field in top["folders"].items():
        plan = _plan(field)
        if plans.setdefault((plan.account, plan.folder), plan) is not plan:
            field.wrong(f"{plan.account}/{plan.folder} stands twice in the plan")
    return Saved(top["created"].moment(), sha256, tuple(plans.values()))


def _plan(field: Field) -> Plan:
    row = field.mapping(("account", "folder", "uidvalidity", "judged", "messages", "steps", "trial", "verdicts"))
    messages = tuple(_message(item) for item in row["messages"].items())
    named = [message.uid for message in messages]
    if named != sorted(set(named)):
        row["messages"].wrong("the UIDs are not in ascending order, each once")
    known = frozenset(named)
    return Plan(row["account"].text(), _folder(row["folder"]), row["uidvalidity"].number(1), row["judged"].number(0),
                messages, _steps(row["steps"], known), _steps(row["trial"], known),
                tuple(_verdict(item, known) for item in row["verdicts"].items()))


def _message(field: Field) -> Named:
    row = field.mapping(("uid", "fingerprint", "flags", "received", "from", "subject"))
    fingerprint = row["fingerprint"].text()
    if not _FINGERPRINT.fullmatch(fingerprint):
        row["fingerprint"].wrong("32 hex digits were expected")
    # Servers keep keywords that are no atoms (Cyrus: `bad]kw`); these are only compared, never sent.
    flags = frozenset(item.text() for item in row["flags"].items())
    return Named(row["uid"].number(1), fingerprint, flags, row["received"].moment(),
                 row["from"].text(empty=True), row["subject"].text(empty=True))


def _steps(field: Field, known: frozenset[int]) -> tuple[Step, ...]:
    """In order; every message is named, and nothing follows what takes a message away."""
    steps = []
    gone: set[int] = set()
    for item in field.items():
        step = _step(item, known)
        if gone.intersection(step.order.uids):
            item.wrong("a message has a step behind its move or delete")
        if isinstance(step.order.effect, Move | Delete):
            gone.update(step.order.uids)
        steps.append(step)
    return tuple(steps)


def _step(field: Field, known: frozenset[int]) -> Step:
    row = field.mapping(("rule", "action", "uids"), ("flags", "to", "create", "under", "part"))
    action = row["action"].one_of(ACTIONS)
    uids = tuple(item.number(1) for item in row["uids"].items())
    if not uids or list(uids) != sorted(set(uids)):
        row["uids"].wrong("UIDs were expected, in ascending order, each once")
    if not known.issuperset(uids):
        row["uids"].wrong("a UID is not among the messages")
    return Step(row["rule"].text(), action, Order(_effect(field, action, uids), uids))


def _effect(field: Field, action: str, uids: tuple[int, ...]) -> Effect:
    base = ("rule", "action", "uids")
    if action in FLAG_ACTIONS:
        row = field.mapping((*base, "flags"))
        flags = _flags(row["flags"])
        if not flags and action != "set_flags":
            row["flags"].wrong("no flags are named")
        if any(flag.lower() in UNTOUCHED for flag in flags):
            row["flags"].wrong(r"\Deleted and \Recent are not for a plan to set")
        return FLAG_ACTIONS[action](flags)
    if action in FOLDER_ACTIONS:
        row = field.mapping((*base, "to"), ("create",))
        return FOLDER_ACTIONS[action](_folder(row["to"]), row["create"].boolean() if "create" in row else True)
    if action == "delete":
        field.mapping(base)
        return Delete()
    if len(uids) != 1:
        field.wrong("a save is of one message")
    return _save(field.mapping((*base, "to", "under", "part")))


def _save(row: dict[str, Field]) -> Save:
    part = row["part"].mapping(("number", "name", "type", "size"))
    number = part["number"].text(empty=True)
    if not _PART.fullmatch(number):
        part["number"].wrong('a part number was expected, as "2" or "1.2"')
    under, path = row["under"].text(), row["to"].text()
    for field, written in ((row["under"], under), (row["to"], path)):
        if not written.startswith("/") or any(level in {"", ".", ".."} for level in _levels(written)):
            field.wrong("an absolute path without empty levels, `.` and `..` was expected")
    if PurePosixPath(under) not in PurePosixPath(path).parents:
        row["to"].wrong(f"it does not lie below {under}")
    name, kind = (part[key].text(empty=True) for key in ("name", "type"))
    return Save(SavedPart(number, name, kind, part["size"].number(0, _LARGEST)), under, path)


def _levels(path: str) -> Iterator[str]:
    return iter(path[1:].split("/")) if path != "/" else iter(())


def _verdict(field: Field, known: frozenset[int]) -> Verdict:
    row = field.mapping(("uid", "verdict"), ("rule", "by", "why"))
    uid = row["uid"].number(1)
    rule = row["rule"].text() if "rule" in row else ""
    if rule and uid not in known:
        row["uid"].wrong("the UID is not among the messages")
    by, why = (row[name].text(empty=True) if name in row else "" for name in ("by", "why"))
    return Verdict(rule, uid, Judgement(row["verdict"].one_of(tuple(Judgement))), by, why)


def _folder(field: Field) -> str:
    name = field.text()
    if any(not level for level in name.split("/")):
        field.wrong("a folder was expected, its levels joined by /")
    return name


def _flags(field: Field) -> Flags:
    found = []
    for item in field.items():
        flag = item.text()
        if not _FLAG.fullmatch(flag):
            item.wrong("a flag was expected (RFC 3501, atom)")
        found.append(flag)
    return frozenset(found)
