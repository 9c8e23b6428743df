"""Plans of the mail that is there: what `plan` and `apply` have in common."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta

from mailbot.accounts.account import Account
from mailbot.cli.progress import Progress
from mailbot.cli.session import accounts, each
from mailbot.config.load import Config
from mailbot.document.problems import Position, Problems, visible
from mailbot.document.scalars import duration
from mailbot.document.values import Scalar
from mailbot.engine.engine import Engine
from mailbot.engine.passes import plan_folder
from mailbot.errors import Refused, UsageError
from mailbot.imap.session import Session
from mailbot.plan.plan import Plan
from mailbot.plan.scope import folders_of
from mailbot.service.connect import connect


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rule", metavar="R", help="all rules judge, and this one's steps are shown and done")
    parser.add_argument("--folder", metavar="F", help="this folder only")
    parser.add_argument("--since", metavar="AGE", type=age, help="mail of this age at most: 30d, 6h")


class Kept(ExitStack):
    """Connections that may act on what was planned over them: one login less, where nobody is asked in between."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, Session] = {}


def plans(options: argparse.Namespace, config: Config, engine: Engine, *, again: bool = False, over_limit: bool = False,
          kept: Kept | None = None) -> tuple[list[Plan], int]:
    """The plan of each folder of each account that answers, and the exit code that the others leave."""
    if options.rule is not None and options.rule not in {rule.name for rule in config.ruleset.rules}:
        raise UsageError(f"no rule is called {options.rule!r}")
    found: list[Plan] = []
    refused: list[str] = []

    def look(account: Account) -> None:
        with ExitStack() as stack:
            session = (stack if kept is None else kept).enter_context(connect(account, read_only=kept is None))
            progress = stack.enter_context(Progress(f"planning {account.name}", quiet=options.quiet))
            there = session.folders()
            names = folders_of(config.ruleset.rules, account=account.name, folders=there)
            for name in _chosen(options.folder, names):
                progress.label = f"planning {account.name}/{name}"
                try:
                    found.append(plan_folder(engine, session, name, config.ruleset, only=options.rule, since=options.since,
                                             again=again, over_limit=over_limit, progress=progress.of))
                except Refused as error:
                    refused.append(name)
                    print(visible(f"mailbot: {account.name}/{name}: {error}"), file=sys.stderr)
            if kept is not None:
                kept.sessions[account.name] = session

    code = each(accounts(config, options.account), look)
    return found, code or (1 if refused else 0)


def _chosen(folder: str | None, names: Sequence[str]) -> Sequence[str]:
    if folder is None:
        return names
    if folder not in names:
        raise UsageError(f"no rule looks at the folder {folder!r}: rules look at {', '.join(names) or 'none that is there'}")
    return (folder,)


def age(text: str) -> timedelta:
    found = duration(Scalar(text, "text", text, quoted=True, position=Position()), Problems())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: 90s 30m 6h 30d 8w")
    return found
