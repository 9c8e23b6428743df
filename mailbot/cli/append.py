"""`mailbot append`: messages from files into a folder."""

import argparse
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from mailbot.cli.looking import FOLDER, begin_with_one, folder_of, plainly
from mailbot.cli.output import json_document
from mailbot.cli.progress import Progress
from mailbot.document.problems import Position, Problems, visible
from mailbot.document.values import Scalar
from mailbot.errors import MailbotError, Refused
from mailbot.imap.desk import Message
from mailbot.mail.mbox import NotMail, messages
from mailbot.plan.steps import counted
from mailbot.rules.flags import flag
from mailbot.service.connect import connect


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help=FOLDER)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a message (.eml) or an mbox; any line ending")
    parser.add_argument("--flag", action="append", default=[], type=_flag, metavar="FLAG",
                        help="seen, answered, flagged, draft, or a keyword such as $todo; may be given again")
    parser.add_argument("--date", type=_moment, metavar="DATE",
                        help="the day it arrived (INTERNALDATE): 2026-01-05, 2026-01-05T10:00, with a zone or in the local one; "
                             "without it what an mbox says, else now")


def main(options: argparse.Namespace) -> int:
    account, _ = begin_with_one(options)
    count = sum(1 for file in options.files for _ in _messages(file, options))      # each is looked through before any is sent
    sent: list[Path] = []
    done: list[dict[str, object]] = []
    refusal = None
    with connect(account) as session, Progress(account.name, count, quiet=options.quiet) as progress:
        name = folder_of(session, options.folder)
        try:
            for told in session.desk.append(name, _noted(options, sent)):
                done.append({"file": str(sent[len(done)]), "uid": told.uid or None, "uidvalidity": told.uidvalidity or None})
                progress.advance(1)
        except Refused as error:
            refusal = plainly(f"cannot append {sent[len(done)]} to {name}", error)
    if options.json:
        print(json_document({"account": account.name, "folder": name, "appended": done}))
    elif done:
        print(visible(f"appended {counted(len(done), 'message')} to {name}{_uids(done)}"))
    if refusal:
        raise refusal
    return 0


def _noted(options: argparse.Namespace, sent: list[Path]) -> Iterator[Message]:
    """One file after the other in memory; `sent` gets the file of each message."""
    for file in options.files:
        for message in _messages(file, options):
            sent.append(file)
            yield message


def _messages(file: Path, options: argparse.Namespace) -> Iterator[Message]:
    try:
        for octets, received in messages(file.read_bytes()):
            yield Message(octets, tuple(dict.fromkeys(options.flag)), options.date or received)
    except OSError as error:
        raise MailbotError(f"{file}: {error.strerror}") from error
    except NotMail as error:
        raise MailbotError(f"{file}: {error}") from error


def _uids(done: list[dict[str, object]]) -> str:
    uids = [str(row["uid"]) for row in done if row["uid"]]
    return "" if not uids else f": UID {uids[0]}" if len(uids) == 1 else f": UID {uids[0]} to {uids[-1]}"


def _flag(text: str) -> str:
    problems = Problems()
    found = flag(Scalar(text, "text", text, quoted=True, position=Position()), problems)
    if found is None:
        raise argparse.ArgumentTypeError(": ".join(filter(None, (problems.items[0].what, problems.items[0].hint))))
    return found


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: 2026-01-05 or 2026-01-05T10:00") from None
    return found.astimezone() if found.tzinfo is None else found
