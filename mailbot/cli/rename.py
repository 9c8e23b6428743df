"""`mailbot rename`: a folder, with those below it and their subscriptions."""

import argparse

from mailbot.cli.looking import begin_with_one, folder_of, plainly, select
from mailbot.cli.output import json_document
from mailbot.document.problems import visible
from mailbot.errors import Refused, UsageError
from mailbot.service.connect import connect


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="its name as it is, levels joined by /")
    parser.add_argument("to", metavar="NEW", help="its new name, whole: a/b moves it below a")


def main(options: argparse.Namespace) -> int:
    account, _ = begin_with_one(options)
    with connect(account) as session:
        name, to = (folder_of(session, given) for given in (options.folder, options.to))
        if name == "INBOX":
            # RFC 3501 6.3.5: INBOX stays, and all its messages move.
            raise UsageError("INBOX cannot be renamed; a server would move all its mail away: that is a rule's business")
        there = session.folders()
        if name not in there:
            select(session, name)       # says that it is not there
        try:
            session.desk.rename(name, to, [row for row in there.rows if row.startswith(f"{name}/")])
        except Refused as error:
            raise plainly(f"cannot rename {name} to {to}", error) from error
    done = {"account": account.name, "renamed": name, "to": to}
    print(json_document(done) if options.json else visible(f"renamed {name} to {to}"))
    return 0
