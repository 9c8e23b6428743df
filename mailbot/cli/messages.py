"""`mailbot messages`: what is in a folder, the newest at the bottom."""

import argparse
import sys
from collections.abc import Mapping, Sequence

from mailbot.cli.condition import HELP, condition, joined
from mailbot.cli.looking import FOLDER, Looking, begin_with_one, opened
from mailbot.cli.matching import Found, newest
from mailbot.cli.output import json_document
from mailbot.cli.progress import Progress
from mailbot.cli.table import Column, table
from mailbot.document.problems import visible
from mailbot.effects import Fields, Flags
from mailbot.imap.session import Session
from mailbot.mail.fingerprint import SHOWN_HEADERS
from mailbot.mail.message import Message
from mailbot.plan.columns import folded
from mailbot.plan.named import named, shown
from mailbot.plan.steps import counted, flags_written, octets_written
from mailbot.plan.text import when
from mailbot.search.nodes import ALL, Node

SHOWN = 50
COLUMNS = (Column("uid", right=True, style="bold"), Column("date", leaves=1), Column("size", leaves=3, right=True),
           Column("flags", least=6, leaves=2, style="dim"), Column("from", least=12, share=2, style="cyan"),
           Column("subject", least=16, share=3))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help=FOLDER)
    parser.add_argument("condition", nargs="*", default=[], metavar="CONDITION", help=HELP)
    parser.add_argument("--last", type=_count, metavar="N",
                        help=f"the newest N; 0: all. Without it the newest {SHOWN}, with --json all")


def main(options: argparse.Namespace) -> int:
    node = condition(joined(options.condition)) if options.condition else ALL
    account, looking = begin_with_one(options)
    most = options.last if options.last is not None else 0 if options.json else SHOWN
    with opened(account, options.folder) as (session, name):
        found = look(session, node, looking, most=most, quiet=options.quiet)
    if options.json:
        print(json_document({"account": account.name, "folder": name, **document(found)}))
        return 0
    print("\n".join(lines(found, looking)))
    for remark in remarks(found):
        print(f"mailbot: {remark}", file=sys.stderr)
    return 0


def look(session: Session, node: Node, looking: Looking, *, most: int, quiet: bool) -> Found:
    """Of the selected folder."""
    with Progress(session.account, quiet=quiet) as progress:
        return newest(session, node, Fields(SHOWN_HEADERS), looking.now, most=most,
                      tell=lambda looked_at, _of: progress.advance(looked_at))


def lines(found: Found, looking: Looking, *, further: str = "--last 0: all") -> list[str]:
    """`further` is the way to those that are left out."""
    rows = [_row(message, looking) for message in found.messages]
    rows += [(str(uid), "", "", "", "", f"(cannot be read: {shown(why)})") for uid, why in found.broken.items()]
    lines = table(COLUMNS, sorted(rows, key=lambda row: int(row[0])), width=looking.width, paint=looking.paint)
    if found.left:
        older = f"… {counted(found.left, 'older one')} not shown ({further})"
        return [lines[0], *(looking.paint(text, "dim") for text in folded(older, looking.width)), *lines[1:]]
    return lines if len(lines) > 1 else ["no messages"]


def document(found: Found) -> Mapping[str, object]:
    return {"uidvalidity": found.uidvalidity, "messages": [message_document(message) for message in found.messages],
            "doubts": found.doubts, "broken": [{"uid": uid, "why": why} for uid, why in sorted(found.broken.items())],
            "left": found.left}


def message_document(message: Message) -> dict[str, object]:
    about = named(message)
    return {"uid": message.uid, "received": message.received.isoformat(), "size": message.size, "flags": sorted(message.flags),
            "from": about.sender, "subject": about.subject}


def remarks(found: Found) -> Sequence[str]:
    if not found.doubts:
        return ()
    return (f"{counted(len(found.doubts), 'message')} in doubt, and left out: the server did not answer what only it knows",)


def flags_shown(flags: Flags) -> str:
    r"""Without \Recent, which says only who looked first."""
    flags -= {r"\Recent"}
    return visible(flags_written(flags)) if flags else ""


def _row(message: Message, looking: Looking) -> tuple[str, ...]:
    about = named(message)
    return (str(message.uid), when(message.received, looking.now, looking.timezone), octets_written(message.size),
            flags_shown(message.flags), about.sender, about.subject)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of messages")
    return int(text)
