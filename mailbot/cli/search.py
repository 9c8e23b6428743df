"""`mailbot search`: the UIDs that match, one a line."""

import argparse
import sys

from mailbot.cli.condition import HELP, condition, joined
from mailbot.cli.looking import FOLDER, begin_with_one, opened
from mailbot.cli.matching import newest
from mailbot.cli.messages import remarks
from mailbot.cli.output import json_document
from mailbot.cli.progress import Progress
from mailbot.effects import Fields


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help=FOLDER)
    parser.add_argument("condition", nargs="+", metavar="CONDITION", help=HELP)


def main(options: argparse.Namespace) -> int:
    node = condition(joined(options.condition))
    account, looking = begin_with_one(options)
    with opened(account, options.folder) as (session, name), Progress(account.name, quiet=options.quiet) as progress:
        found = newest(session, node, Fields(), looking.now, tell=progress.of)
    uids = [message.uid for message in found.messages]
    if options.json:
        print(json_document({"account": account.name, "folder": name, "uidvalidity": found.uidvalidity, "uids": uids,
                             "doubts": found.doubts, "broken": sorted(found.broken)}))
    else:
        print("".join(f"{uid}\n" for uid in uids), end="")
    for remark in remarks(found):
        print(f"mailbot: {remark}", file=sys.stderr)
    return 0
