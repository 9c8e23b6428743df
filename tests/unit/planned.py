"""Rules written as in the file, and mail in a few words: what the tests of the planner begin with."""

from datetime import UTC, datetime

from mailbot.document.load import load
from mailbot.document.problems import Problems
from mailbot.effects import Folder, Folders, FolderState, Gathered
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.plan.plan import Known
from mailbot.plan.planner import nothing_known, plan
from mailbot.rules.load import rules

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL_FLAGS = frozenset({r"\Seen", r"\Answered", r"\Flagged", r"\Draft", r"\Deleted", r"\*"})
NAMES = ("INBOX", "Archive", "A", "B", "Trash")
FOLDERS = Folders({name: Folder(name, frozenset()) for name in NAMES}, {r"\Trash": "Trash", r"\Archive": "Archive"})


def ruleset(text):
    problems = Problems()
    value = load(text, "rules.yaml", problems)
    read = rules(value, problems, defaults=None, lists=lambda path, at: None, files="/files")
    problems.raise_if_any()
    return read.rules


def mail(uid, subject="", *flags, sender="Ada <ada@example.org>", structure=None, size=1000, received=NOW, **headers):
    fields = {"From": sender, "Subject": subject, "Message-ID": f"<{uid}@example.org>",
              **{name.replace("_", "-"): text for name, text in headers.items()}}
    block = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
    return Message(uid, frozenset(flags), received, size, Headers.parse(block.encode()), structure)


def state(permanent=ALL_FLAGS, *, name="INBOX", read_only=False, examined=False):
    return FolderState(name, 7, 1000, 10, frozenset(permanent), read_only=read_only, examined=examined)


def known(**done):
    """known(_4=[Done(…)]): what the journal says of UID 4."""
    rows = {int(uid[1:]): tuple(of_uid) for uid, of_uid in done.items()}
    return lambda messages: Known({message.uid: rows[message.uid] for message in messages if message.uid in rows})


def blocks(*messages, answers=None, of=2000, folder=None, broken=None):
    for first in range(0, max(1, len(messages)), of):
        some = messages[first:first + of]
        yield Gathered(folder or state(), tuple(some), answers or {}, len(some), broken or {})


def planned(text, *messages, answers=None, of=2000, folder=None, broken=None, journal=nothing_known, only=None):
    """The plan of rules, as text or as read already, for these messages of an INBOX."""
    read = ruleset(text) if isinstance(text, str) else text
    folder = folder or state()
    gathered = blocks(*messages, answers=answers, of=of, folder=folder, broken=broken)
    return plan(read, gathered, account="home", state=folder, folders=FOLDERS, known=journal,
                timezone=UTC, files="/files", now=NOW, only=only)


def steps(of):
    """Steps as short text: `rule action what #1 #2`."""
    return [f"{step.rule} {step.action}{what(step.order.effect)} {' '.join(f'#{uid}' for uid in step.order.uids)}"
            for step in of]


def what(effect):
    if hasattr(effect, "flags"):
        return " " + " ".join(sorted(effect.flags))
    return " " + (getattr(effect, "to", "") or getattr(effect, "path", "")) if effect.__slots__ else ""


def verdicts(of):
    """Verdicts as short text: `#1 rule taken by other: why`."""
    return [f"#{v.uid} {v.rule} {v.judgement}{f' by {v.by}' if v.by else ''}{f': {v.why}' if v.why else ''}"
            for v in of.verdicts]
