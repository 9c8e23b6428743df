"""`mailbot create`: a new folder, subscribed."""

import argparse

from mailbot.cli.looking import begin_with_one, folder_of, plainly
from mailbot.cli.output import json_document
from mailbot.document.problems import visible
from mailbot.errors import Refused
from mailbot.service.connect import connect


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="NEW", help="its name; folders above it are made as the server does")


def main(options: argparse.Namespace) -> int:
    account, _ = begin_with_one(options)
    with connect(account) as session:
        name = folder_of(session, options.folder)
        try:
            session.desk.create(name)
        except Refused as error:
            raise plainly(f"cannot create {name}", error) from error
    print(json_document({"account": account.name, "created": name}) if options.json else f"created {visible(name)}")
    return 0
