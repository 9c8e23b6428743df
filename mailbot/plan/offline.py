"""Rules judged on one message that is at hand, without a server: the tests in the rules file, and `explain --eml`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from mailbot.effects import Folder, Folders, FolderState, Gathered
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.mail.structure import structure_of
from mailbot.plan import scope
from mailbot.plan.plan import Plan
from mailbot.plan.planner import nothing_known, plan
from mailbot.plan.wanted import deletes
from mailbot.rules.folders import SPECIAL
from mailbot.rules.rule import Rule
from mailbot.search.evaluate import verdict
from mailbot.search.facts import Answers
from mailbot.search.nodes import Node

# A folder that keeps whatever flags a rule sets.
_ALL_FLAGS = frozenset({r"\Seen", r"\Answered", r"\Flagged", r"\Draft", r"\Deleted", r"\*"})


@dataclass(frozen=True, slots=True)
class Offline:
    rules: tuple[Rule, ...]     # those that judge the message's folder, in order
    plan: Plan


def message_of(raw: bytes, *, received: datetime, uid: int = 1, flags: frozenset[str] = frozenset()) -> Message:
    """A message as a server would show it, from its octets with any line endings."""
    octets = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Message(uid, flags, received, len(octets), Headers.parse(octets), structure_of(octets), body=octets)


def offline(rules: Sequence[Rule], message: Message, *, account: str, folder: str, timezone: tzinfo, files: str,
            now: datetime) -> Offline:
    r"""As `apply` judges with an empty journal. Folders of special use are called by it: `trash` moves to `\Trash`."""
    folders = Folders({folder: Folder(folder, frozenset())}, {use: use for use in SPECIAL})
    judging = scope.applicable(rules, account=account, folder=folder, folders=folders)
    answers = _answers(judging, message, now)
    state = FolderState(folder, 1, message.uid + 1, 1, _ALL_FLAGS, read_only=False)
    made = plan(judging, [Gathered(state, (message,), answers, 1)], account=account, state=state, folders=folders,
                known=nothing_known, timezone=timezone, files=files, now=now)
    return Offline(judging, made)


def _answers(rules: Sequence[Rule], message: Message, now: datetime) -> Answers:
    """`delete` needs the server's word beside ours: here there is ours alone."""
    answers: dict[Node, frozenset[int] | None] = {}
    for rule in rules:
        if deletes(rule) and (held := verdict(rule.when, message, {}, now)) is not None:
            answers[rule.when] = frozenset({message.uid} if held else ())
    return answers
