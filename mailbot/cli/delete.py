"""`mailbot delete`: a folder, and whatever is in it, for good."""

import argparse
import sys

from mailbot.cli.acting import agreed
from mailbot.cli.looking import begin_with_one, folder_of, plainly, select
from mailbot.cli.output import json_document
from mailbot.document.problems import visible
from mailbot.errors import Refused, UsageError
from mailbot.plan.steps import counted
from mailbot.service.connect import connect


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="its name, levels joined by /")
    parser.add_argument("--yes", action="store_true", help="do not ask, even if there is mail in it")


def main(options: argparse.Namespace) -> int:
    account, _ = begin_with_one(options)
    with connect(account) as session:
        name = folder_of(session, options.folder)
        if name not in session.folders():
            select(session, name)       # says that it is not there
        count = session.desk.counts([name]).get(name)
        messages = count.messages if count else 0
        # INBOX cannot be deleted (RFC 3501 6.3.4): the server says so.
        if messages and name != "INBOX" and not options.yes and not _agreed(name, messages):
            print("nothing was changed", file=sys.stderr)
            return 1
        try:
            session.desk.delete(name)
        except Refused as error:
            raise plainly(f"cannot delete {name}", error) from error
    done = {"account": account.name, "deleted": name, "messages": messages}
    print(json_document(done) if options.json else visible(f"deleted {name}"))
    return 0


def _agreed(name: str, messages: int) -> bool:
    what = f"{visible(name)} with its {counted(messages, 'message')}"
    if not sys.stdin.isatty():
        raise UsageError(f"to delete {what}, for good, without a terminal: --yes")
    return agreed(f"Delete {what}? This cannot be undone.")
