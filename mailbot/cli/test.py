"""`mailbot test`: the tests in the rules file, offline."""

import argparse
import os
from dataclasses import replace

from mailbot.cli.output import json_document
from mailbot.cli.session import start
from mailbot.cli.style import coloured, paint, width
from mailbot.config.self_test import results
from mailbot.engine.database import utc_now
from mailbot.errors import UsageError
from mailbot.plan.columns import plain
from mailbot.plan.outcomes import documents_of, lines


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="instead of --config")
    parser.add_argument("-k", metavar="NAME", dest="named", help="only tests that have NAME in their name")


def main(options: argparse.Namespace) -> int:
    options.config = options.file or options.config
    config = start(options)
    if options.named is not None:
        chosen = tuple(case for case in config.tests if options.named.lower() in case.name.lower())
        if not chosen:
            raise UsageError(f"no test has {options.named!r} in its name")
        config = replace(config, tests=chosen)
    found = results(config, os.environ, utc_now())
    if options.json:
        print(json_document({"passed": all(one.passed for one in found), "tests": documents_of(found)}))
    else:
        print("\n".join(lines(found, width=width(), paint=paint if coloured(options) else plain)))
    return 0 if all(one.passed for one in found) else 1
