"""The plan on a terminal (operating.md, "Plan on a terminal")."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from mailbot.document.problems import visible
from mailbot.effects import FlagEffect, Save
from mailbot.plan.columns import Paint, Piece, columns, line, padded, plain, wrapped
from mailbot.plan.named import shown
from mailbot.plan.plan import Judgement, Named, Plan, Step
from mailbot.plan.remarks import remarks
from mailbot.plan.steps import counted, in_a_line, on_its_own
from mailbot.search.tokens import MONTHS

MOST = 20                       # messages of one rule
RULE, SENDER = 31, 20           # columns
SUBJECT = range(31, 61)
RECENT = timedelta(days=180)    # what is older is shown with its year instead of its time


@dataclass(frozen=True, slots=True)
class _Section:
    """One rule's part of a folder. `messages` are those that are shown, `count` is of all."""

    rule: str
    steps: tuple[Step, ...]
    messages: tuple[Named, ...]
    count: int
    mark: str


@dataclass(frozen=True, slots=True)
class _Columns:
    uid: int
    sender: int
    subject: int


class Page:
    """How plans are written: `width` in columns, times in `timezone`, of each rule the first `most` messages."""

    def __init__(self, *, width: int, timezone: tzinfo, now: datetime, paint: Paint = plain, most: int = MOST) -> None:
        self._width, self._timezone, self._now, self._paint, self._most = width, timezone, now, paint, most

    def lines(self, plan: Plan) -> list[str]:
        """One folder. Of what a message or a server says, only printable characters reach the terminal."""
        rules = f" · {counted(plan.rules, 'rule')}" if plan.rules else ""
        judged = f"  {counted(plan.judged, 'message')} judged{rules}"
        sections = self._sections(plan)
        wide = _columns(message for section in sections for message in section.messages)
        lines = [self._line((visible(f"{plan.account}/{plan.folder}"), "bold"), (judged, ""))]
        for section in sections:
            lines += self._section(section, wide)
        for mark, said in remarks(plan):
            first, *more = wrapped(said, self._width - 4)
            lines.append(self._line(("  ", ""), (mark, "yellow" if mark == "!" else "dim"), (f" {first}", "")))
            lines += (self._line((f"      {text}", "")) for text in more)
        return lines

    def _sections(self, plan: Plan) -> list[_Section]:
        named = {message.uid: message for message in plan.messages}
        sections = []
        for steps, mark in ((plan.steps, ""), (plan.trial, "  (dry_run: only shown)")):
            for rule in dict.fromkeys(step.rule for step in steps):
                own = tuple(step for step in steps if step.rule == rule)
                uids = sorted(_uids(own))
                messages = tuple(named[uid] for uid in uids[:self._most])
                sections.append(_Section(rule, own, messages, len(uids), mark))
        return sections

    def _section(self, section: _Section, wide: _Columns) -> list[str]:
        rule = visible(section.rule)
        count = f"  {counted(section.count, 'message')}"
        name = padded(rule, max(RULE, columns(rule)))
        lines = [self._line(("  ", ""), (name, "cyan"), (count, ""), (section.mark, "dim"))]
        for message in section.messages:
            lines += self._message(message, [step for step in section.steps if message.uid in step.order.uids], wide)
        if more := section.count - len(section.messages):
            lines.append(self._line((f"    … and {more:,} more (--json has all)", "dim")))
        return lines

    def _message(self, message: Named, steps: Sequence[Step], wide: _Columns) -> list[str]:
        uid = f"#{message.uid}"
        head = f"    {uid:<{wide.uid}}  {when(message.received, self._now, self._timezone)}  {padded(shown(message.sender), wide.sender)}  "
        subject = shown(message.subject)
        if len(steps) == 1 and not isinstance(steps[0].order.effect, Save):
            action = (("  ", ""), *in_a_line(steps[0]))
            room = self._width - columns(head) - sum(columns(text) for text, _ in action)
            if room >= min(columns(subject), SUBJECT.start):
                return [self._line((head, ""), (padded(subject, min(wide.subject, room)), ""), *action)]
        lines = [self._line((head, ""), (subject, ""))]
        return lines + [self._line(("      ", ""), *on_its_own(step, self._width - 6)) for step in steps]

    def _line(self, *pieces: Piece) -> str:
        return line(pieces, self._width, self._paint)


def when(moment: datetime, now: datetime, timezone: tzinfo) -> str:
    """`22 Nov 09:40`, or with the year: 12 columns."""
    local = moment.astimezone(timezone)
    day = f"{local.day:2} {MONTHS[local.month - 1]}"
    return f"{day} {local:%H:%M}" if abs(now - moment) < RECENT else f"{day}  {local.year:04}"


def summary(plans: Iterable[Plan]) -> str:
    """`Plan: 3 to move, 1 to flag, 1 file to save, 0 to delete.` Counts are of messages, for `save` of files."""
    count = dict.fromkeys(("copy", "move", "trash", "flag", "save", "delete", "trial", "doubt", "over"), 0)
    for plan in plans:
        for step in plan.steps:
            if not isinstance(step.order.effect, FlagEffect):
                count[step.action] += len(step.order.uids)
        count["flag"] += len(_uids(step for step in plan.steps if isinstance(step.order.effect, FlagEffect)))
        count["trial"] += len(_uids(plan.trial))
        count["doubt"] += len({verdict.uid for verdict in plan.verdicts if verdict.judgement is Judgement.DOUBT})
        count["over"] += len({verdict.uid for verdict in plan.verdicts if verdict.judgement is Judgement.OVER_LIMIT})
    words = {"copy": "to copy", "move": "to move", "trash": "to trash", "flag": "to flag",
             "save": "file to save" if count["save"] == 1 else "files to save", "delete": "to delete",
             "trial": "only shown (dry_run)", "doubt": "in doubt", "over": "over a limit"}
    always = {"move", "flag", "save", "delete"}
    return f"Plan: {', '.join(f'{count[key]:,} {said}' for key, said in words.items() if count[key] or key in always)}."


def _columns(messages: Iterable[Named]) -> _Columns:
    """Aligned over the whole folder."""
    uid, sender, subject = 0, 0, SUBJECT.start
    for message in messages:
        uid = max(uid, len(f"#{message.uid}"))
        sender = max(sender, columns(shown(message.sender)))
        subject = max(subject, columns(shown(message.subject)))
    return _Columns(uid, min(sender, SENDER), min(subject, SUBJECT.stop - 1))


def _uids(steps: Iterable[Step]) -> set[int]:
    return {uid for step in steps for uid in step.order.uids}
