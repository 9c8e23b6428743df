"""A case: rules and mail in NN.yaml, the plan they give in NN.txt."""

from datetime import UTC, datetime
from pathlib import Path

import yaml

from mailbot.document.load import load
from mailbot.document.problems import Problems
from mailbot.effects import AddFlags, Copy, Folder, Folders, FolderState, Gathered, Move
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.mail.structure import structure_of
from mailbot.plan.plan import Done, Known
from mailbot.plan.planner import plan
from mailbot.plan.text import Page, summary
from mailbot.rules.load import rules
from mailbot.search.parse import condition

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DONE = {"copy": Copy, "move": Move, "flag": lambda flags: AddFlags(frozenset(flags))}
FLAGS = [r"\Seen", r"\Answered", r"\Flagged", r"\Draft", r"\Deleted", r"\*"]


def text(path: Path) -> str:
    """The plan of a case, as a terminal shows it."""
    case = yaml.safe_load(path.read_text())
    problems = Problems()
    document = load(path.read_text(), path.name, problems)
    problems.raise_if_any()
    ruleset = rules(document.get("rules"), problems, defaults=document.get("defaults"), lists=lambda file, at: None,
                    files="/files")
    problems.raise_if_any()
    folder = FolderState(case.get("folder", "INBOX"), 7, 10_000, 0, frozenset(case.get("permanent_flags", FLAGS)),
                         read_only=case.get("read_only", False))
    messages = tuple(sorted(map(_message, case["mail"]), key=lambda message: message.uid))
    answers = {condition(given.get("when"), problems, lists=lambda file, at: None): _uids(row["uids"])
               for given, row in zip(document.get("answers").items, case["answers"], strict=True)} if "answers" in case else {}
    made = plan(ruleset.rules, [Gathered(folder, messages, answers, case.get("judged", len(messages)), case.get("broken", {}))],
                account="home", state=folder, folders=_folders(), known=_journal(case.get("journal", {})),
                timezone=ruleset.timezone, files="/files", now=NOW, only=case.get("only"))
    page = Page(width=case.get("width", 100), timezone=ruleset.timezone, now=NOW, most=case.get("most", 20))
    return "\n".join([*page.lines(made), summary([made])]) + "\n"


def _message(row: dict) -> Message:
    raw = row["raw"].replace("\n", "\r\n").encode() if "raw" in row else b""
    headers = Headers.parse(raw or "".join(f"{name}: {text}\n" for name, text in row["headers"].items()).encode())
    received = row.get("received", NOW)
    return Message(row["uid"], frozenset(row.get("flags", ())), received.replace(tzinfo=received.tzinfo or UTC),
                   row.get("size", len(raw) or 1000), headers, structure_of(raw) if raw else None)


def _uids(uids: list[int] | None) -> frozenset[int] | None:
    return None if uids is None else frozenset(uids)


def _journal(rows: dict) -> object:
    done = {uid: tuple(Done(DONE[action](what), NOW.replace(day=20), 12) for action, what in of_uid.items())
            for uid, of_uid in rows.items()}
    return lambda messages: Known({message.uid: done[message.uid] for message in messages if message.uid in done})


def _folders() -> Folders:
    rows = {name: Folder(name, frozenset()) for name in ("INBOX", "Archive", "Bin")}
    return Folders(rows, {r"\Trash": "Bin", r"\Archive": "Archive"})
