"""`mailbot apply`: plans all folders, shows, asks, then carries out exactly those plans."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from mailbot.accounts.account import Account
from mailbot.cli import planning
from mailbot.cli.acting import Interruptible, agreed, report
from mailbot.cli.progress import Progress
from mailbot.cli.session import accounts, each, start
from mailbot.cli.showing import show
from mailbot.cli.state import PATIENCE, acting_engine, locks, reading_engine
from mailbot.config.load import Config
from mailbot.config.paths import files_folder
from mailbot.effects import Save
from mailbot.engine.engine import Engine, Pass, Stopped
from mailbot.engine.execute import carry_out
from mailbot.errors import ConfigError, UsageError
from mailbot.imap.session import Session
from mailbot.plan.document import Saved
from mailbot.plan.plan import Plan
from mailbot.plan.saved import read
from mailbot.rules.actions import SaveParts
from mailbot.service.connect import connect

LARGEST = 512 * 1024 * 1024     # octets of a plan that is read


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", nargs="?", metavar="PLAN|-",
                        help="a plan that `mailbot plan --out` or `--json` wrote: exactly that, even if the rules have changed; "
                             "each message is checked again")
    planning.arguments(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--again", action="store_true", help="do what was done before once more")
    parser.add_argument("--over-limit", action="store_true", help="with --rule: whatever its limit says")


def main(options: argparse.Namespace) -> int:
    _check_usage(options)
    config = start(options)
    with planning.Kept() as kept:
        return _planned_and_done(options, config, kept)


def _planned_and_done(options: argparse.Namespace, config: Config, kept: planning.Kept) -> int:
    plans, code = _plans(options, config, kept)
    if not options.json and (plans or not code):        # where no server answered there is nothing to show
        show(options, config, plans, "")
    if not any(plan.steps for plan in plans):
        report(options, ())
        return code
    if not options.yes and not agreed():
        print("Nothing was changed.")
        return code
    done, failed = _carry_out(options, config, plans, kept)
    incomplete = report(options, done)
    return failed or code or incomplete


def _check_usage(options: argparse.Namespace) -> None:
    if options.plan and (options.rule or options.folder or options.since or options.again or options.over_limit):
        raise UsageError("a saved plan is carried out as it is: --rule, --folder, --since, --again and --over-limit make a new one")
    if options.over_limit and not options.rule:
        raise UsageError("--over-limit goes with --rule R: one rule at a time")
    if not options.yes and (options.plan == "-" or not sys.stdin.isatty()):
        raise UsageError("there is nobody to ask: look at `mailbot plan`, then give --yes")


def _plans(options: argparse.Namespace, config: Config, kept: planning.Kept) -> tuple[list[Plan], int]:
    if not options.plan:
        return planning.plans(options, config, reading_engine(), again=options.again, over_limit=options.over_limit,
                              kept=kept if options.yes else None)
    saved = _read(options.plan)
    if saved.rules_sha256 != config.ruleset.sha256:
        print("mailbot: the rules have changed since this plan was made; it is carried out as it was shown then", file=sys.stderr)
    known = {account.name for account in accounts(config, options.account)}
    if missing := sorted({plan.account for plan in saved.plans} - known):
        raise UsageError(f"the plan is also for {', '.join(missing)}, which is no account here (or not the one asked for)")
    files = str(files_folder(os.environ))
    actions = (action for rule in config.ruleset.rules for action in rule.then)
    allowed = {action.under(files) for action in actions if isinstance(action, SaveParts)}
    for step in (step for plan in saved.plans for step in plan.steps):
        if isinstance(step.order.effect, Save) and step.order.effect.under not in allowed:
            raise UsageError(f"the plan saves under {step.order.effect.under}, which no rule does now: it might be forged")
    return list(saved.plans), 0


def _read(name: str) -> Saved:
    try:
        if name == "-":
            text = sys.stdin.read(LARGEST + 1)
        else:
            with Path(name).open(encoding="utf-8") as file:
                # A file of no size (a pipe) may still be as long as it likes.
                text = file.read(LARGEST + 1) if os.fstat(file.fileno()).st_size <= LARGEST else None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: {getattr(error, 'strerror', None) or 'this is not UTF-8'}") from error
    if text is None or len(text) > LARGEST:
        raise UsageError(f"{name}: it is larger than {LARGEST >> 20} MB: plan one folder (--folder) or rule (--rule) at a time")
    return read(text, name)


def _carry_out(options: argparse.Namespace, config: Config, plans: Sequence[Plan],
               kept: planning.Kept) -> tuple[list[Pass], int]:
    done: list[Pass] = []
    busy = {plan.account for plan in plans if plan.steps}
    chosen = tuple(account for account in accounts(config, options.account) if account.name in busy)
    with Interruptible() as stop:
        engine = acting_engine(locks(stop.wait), patience=PATIENCE)

        def act(account: Account) -> None:
            there = kept.sessions.get(account.name)
            with connect(account) if there is None else nullcontext(there) as session:
                _one(options, engine, session, plans, stop.is_set, done)

        code = each(chosen, act)
        engine.journal.close()
    return done, code


def _one(options: argparse.Namespace, engine: Engine, session: Session, plans: Sequence[Plan], stopped: Stopped,
         done: list[Pass]) -> None:
    own = [plan for plan in plans if plan.account == session.account and plan.steps]
    total = sum(len({uid for step in plan.steps for uid in step.order.uids}) for plan in own)
    with Progress(session.account, total, quiet=options.quiet) as progress:
        for plan in own:
            one = carry_out(engine, session, plan, reread=True, again=options.again, stopped=stopped,
                            progress=progress.within(plan.folder))
            done.append(one)    # at once: what is done is told where a later folder fails
