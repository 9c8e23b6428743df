"""`mailbot show`: one message: its structure as a tree, or one part of it."""

import argparse
import sys
from collections.abc import Iterable
from itertools import pairwise

from mailbot.cli.contents import Wish, content, content_document, wish
from mailbot.cli.looking import FOLDER, Looking, begin_with_one, opened, plainly
from mailbot.cli.messages import flags_shown
from mailbot.cli.output import json_document, text_lines
from mailbot.cli.table import Column, table
from mailbot.effects import Fields
from mailbot.errors import MailbotError, Refused, UsageError
from mailbot.imap.session import Session
from mailbot.mail.message import Message
from mailbot.mail.structure import Part
from mailbot.plan.columns import line
from mailbot.plan.named import shown
from mailbot.plan.steps import octets_written
from mailbot.plan.text import when

HEADERS = ("from", "reply-to", "to", "cc", "date", "subject")
COLUMNS = (Column("part", least=6, style="bold"), Column("type", least=16, share=2), Column("size", leaves=1, right=True),
           Column("", least=6, leaves=2, style="dim"), Column("name", least=12, share=2))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help=FOLDER)
    parser.add_argument("uid", metavar="UID", type=_uid, help="the message's, as `messages` and `search` show it")
    parser.add_argument("part", nargs="?", metavar="PART",
                        help="a number (1.2): that part, decoded; HEADER, TEXT, 1.2.MIME, 1.2.HEADER, 1.2.TEXT: as the server "
                             "has it; MESSAGE: all of it, an .eml file. Without: the structure")
    parser.add_argument("--bytes", type=_octets, metavar="N", help="the first N octets of it")


def main(options: argparse.Namespace) -> int:
    if options.bytes is not None and options.part is None:
        raise UsageError("--bytes is for a PART")
    account, looking = begin_with_one(options)
    with opened(account, options.folder) as (session, name):
        message = message_of(session, options.uid)
        asked = None if options.part is None else wish(message, options.part, options.bytes)
        try:
            if options.json:
                fields = {"account": account.name, "folder": name, "message": _document(message)}
                print(json_document(fields | (content_document(session, asked) if asked else {})))
            elif asked is None:
                print("\n".join(lines(message, f"{account.name}/{name}", looking)))
            else:
                _write(session, asked)
        except Refused as error:
            raise plainly(f"cannot read message {options.uid}", error) from error
    return 0


def message_of(session: Session, uid: int) -> Message:
    """Of the selected folder, with its structure."""
    found = session.fetch([uid], Fields(frozenset(HEADERS), structure=True)).get(uid)
    if found is None:
        raise MailbotError(f"there is no message {uid} here, or the server cannot read it")
    return found


def lines(message: Message, place: str, looking: Looking) -> list[str]:
    """Head and tree."""
    about = (f"  {when(message.received, looking.now, looking.timezone).strip()}  {octets_written(message.size)}"
             f"  {flags_shown(message.flags)}")
    found = [line(((shown(f"{place} #{message.uid}"), "bold"), (about, "")), looking.width, looking.paint)]
    for name in HEADERS:
        found += [line(((f"  {name.capitalize():<8}  ", "dim"), (shown(value), "")), looking.width, looking.paint)
                  for value in message.headers.all(name)]
    rows = [_row(part, trunk) for part, trunk in _tree(message.structure)]
    for above, row in pairwise(rows):
        if above[0] == row[0]:      # what an attached message holds goes by the number of the message: told once
            row[0] = ""
    return [*found, "", *("  " + row for row in table(COLUMNS, rows, width=looking.width - 2, paint=looking.paint))]


def _tree(root: Part | None) -> Iterable[tuple[Part, str]]:
    """Each part, and what is drawn before it."""
    waiting = [(root, "", "")] if root else []
    while waiting:
        part, before, below = waiting.pop()
        yield part, before
        last = len(part.parts) - 1
        waiting += [(child, below + ("└─ " if at == last else "├─ "), below + ("   " if at == last else "│  "))
                    for at, child in reversed(list(enumerate(part.parts)))]


def _row(part: Part, trunk: str) -> list[str]:
    size = "" if part.is_multipart else octets_written(part.decoded_size)
    return [part.number, trunk + shown(part.type), size, shown(part.disposition), shown(part.name or part.subject)]


def _write(session: Session, asked: Wish) -> None:
    """As it is, where it goes into a file; a terminal gets text alone, and nothing that it would obey."""
    if sys.stdout.isatty():
        if not asked.is_text:
            raise UsageError(f"{asked.section} is {shown(asked.type)}, nothing for a terminal: write it into a file "
                             "(mailbot show … > FILE)")
        print("\n".join(text_lines(asked.text(b"".join(content(session, asked))))))
        return
    for octets in content(session, asked):
        sys.stdout.buffer.write(octets)


def _document(message: Message) -> dict[str, object]:
    headers = {name: list(message.headers.all(name)) for name in HEADERS if name in message.headers}
    return {"uid": message.uid, "received": message.received.isoformat(), "size": message.size, "flags": sorted(message.flags),
            "headers": headers, "structure": part_document(message.structure) if message.structure else None}


def part_document(part: Part) -> dict[str, object]:
    """`size` is in octets as transferred; fields that do not apply are absent."""
    said: dict[str, object] = {"number": part.number, "type": part.type, "name": part.name, "disposition": part.disposition,
                               "encoding": part.encoding, "charset": part.charset, "subject": part.subject}
    said = {name: value for name, value in said.items() if value or name in ("number", "type")}
    if not part.is_multipart:
        said["size"] = part.size
    if part.parts:
        said["parts"] = [part_document(child) for child in part.parts]
    return said


def _uid(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is no UID")
    return int(text)


def _octets(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of octets")
    return int(text)
