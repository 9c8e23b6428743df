"""`mailbot plan`: what the rules would do to the mail that is already there."""

import argparse
import json
import os
from pathlib import Path

from mailbot.cli import planning
from mailbot.cli.session import start
from mailbot.cli.showing import saved, show
from mailbot.cli.state import reading_engine
from mailbot.errors import MailbotError
from mailbot.plan.document import document

CHANGES = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    planning.arguments(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the plan to FILE too, for `mailbot apply FILE`")
    parser.add_argument("--detailed-exitcode", action="store_true", help="end with 2 where there are changes")


def main(options: argparse.Namespace) -> int:
    config = start(options)
    plans, code = planning.plans(options, config, reading_engine())
    if options.json or plans or not code:       # where no server answered there is nothing to show
        show(options, config, plans, "Nothing was changed.")
    if options.out:
        _write(options.out, json.dumps(document(saved(config, plans)), ensure_ascii=False))
    return code or (CHANGES if options.detailed_exitcode and any(plan.steps for plan in plans) else 0)


def _write(path: Path, text: str) -> None:
    """Readable by its owner alone: it names senders and subjects."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            os.fchmod(file.fileno(), 0o600)     # it may have been there
            file.write(text + "\n")
    except OSError as error:
        raise MailbotError(f"{path}: {error.strerror}") from error
