"""`mailbot status`: how one folder stands."""

import argparse
from collections.abc import Iterator

from mailbot.cli.looking import FOLDER, Looking, begin_with_one, folder_of, plainly, select
from mailbot.cli.output import json_document
from mailbot.document.problems import visible
from mailbot.errors import Refused
from mailbot.imap.desk import Standing
from mailbot.plan.columns import wrapped
from mailbot.plan.steps import flags_written
from mailbot.service.connect import connect

NAME = 14       # columns


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help=FOLDER)
    parser.add_argument("-v", "--verbose", action="store_true", help="the server's capabilities too")


def main(options: argparse.Namespace) -> int:
    account, looking = begin_with_one(options)
    with connect(account) as session:
        name = folder_of(session, options.folder)
        try:
            found = session.desk.standing(name)
        except Refused as error:
            select(session, name)       # says what is there instead
            raise plainly(f"cannot look at {name}", error) from error
        capabilities = sorted(session.capabilities)
    if options.json:
        print(json_document({"account": account.name, "folder": name, **_document(found), "capabilities": capabilities}))
        return 0
    print(visible(f"{account.name}/{name}"))
    for what, said in _said(found):
        _print(what, said, looking)
    if options.verbose:
        _print("CAPABILITY", " ".join(capabilities), looking)
    return 0


def _said(found: Standing) -> Iterator[tuple[str, str]]:
    yield "EXISTS", f"{found.messages:,}"
    yield "RECENT", f"{found.recent:,}"
    yield "UNSEEN", f"{found.unseen:,}"
    yield "UIDNEXT", str(found.uidnext)
    yield "UIDVALIDITY", str(found.uidvalidity)
    yield "FLAGS", flags_written(found.flags)
    yield "PERMANENTFLAGS", _permanent(found)
    yield "HIGHESTMODSEQ", str(found.highestmodseq) if found.highestmodseq else "(the server keeps none)"


def _permanent(found: Standing) -> str:
    if found.permanent_flags is None:
        return r"(not told: the folder has recent messages, and was opened so that they stay \Recent)"
    return flags_written(found.permanent_flags) + (" (read-only)" if found.read_only else "")


def _document(found: Standing) -> dict[str, object]:
    return {"exists": found.messages, "recent": found.recent, "unseen": found.unseen, "uidnext": found.uidnext,
            "uidvalidity": found.uidvalidity, "flags": sorted(found.flags),
            "permanent_flags": None if found.permanent_flags is None else sorted(found.permanent_flags),
            "highestmodseq": found.highestmodseq, "read_only": found.read_only}


def _print(what: str, said: str, looking: Looking) -> None:
    first, *more = wrapped(visible(said), looking.width - NAME - 4)
    print(f"  {looking.paint(what, 'dim')}{' ' * (NAME - len(what))}  {first}")
    for text in more:
        print(" " * (NAME + 4) + text)
