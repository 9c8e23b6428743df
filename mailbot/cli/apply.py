"""`mailbot apply`: plans all folders, shows, asks, then carries out exactly those plans."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from mailbot.accounts.account import Account
from mailbot.cli import planning
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
    plans, code = _plans(options, config)
    if not options.json:
        show(options, config, plans, "")
    if not any(plan.steps for plan in plans):
        if options.json:
            _report_json([])
        return code
    if not options.yes and not _agreed():
        print("Nothing was changed.")
        return code
    done, failed = _carry_out(options, config, plans)
    if options.json:
        _report_json(done)
    else:
        _report(done)
    return failed or code or (1 if any(one.failed or one.skipped or one.cut_short for one in done) else 0)


def _check_usage(options: argparse.Namespace) -> None:
    if options.plan and (options.rule or options.folder or options.since or options.again or options.over_limit):
        raise UsageError("a saved plan is carried out as it is: --rule, --folder, --since, --again and --over-limit make a new one")
    if options.over_limit and not options.rule:
        raise UsageError("--over-limit goes with --rule R: one rule at a time")
    if not options.yes and (options.plan == "-" or not sys.stdin.isatty()):
        raise UsageError("there is nobody to ask: look at `mailbot plan`, then give --yes")


def _plans(options: argparse.Namespace, config: Config) -> tuple[list[Plan], int]:
    if not options.plan:
        return planning.plans(options, config, reading_engine(), again=options.again, over_limit=options.over_limit)
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
            text = sys.stdin.read(LARGEST)
        else:
            with Path(name).open(encoding="utf-8") as file:
                text = file.read(LARGEST)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: {getattr(error, 'strerror', None) or 'this is not UTF-8'}") from error
    return read(text, name)


def _agreed() -> bool:
    sys.stderr.write("Do this? [y/N] ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False


def _carry_out(options: argparse.Namespace, config: Config, plans: Sequence[Plan]) -> tuple[list[Pass], int]:
    """Ctrl-C ends it after the block in hand: consistent, and said how far it got."""
    stop = threading.Event()

    def interrupted(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)      # a second one: at once

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        engine = acting_engine(locks(stop.wait), patience=PATIENCE)
        done: list[Pass] = []
        busy = {plan.account for plan in plans if plan.steps}
        chosen = tuple(account for account in accounts(config, options.account) if account.name in busy)
        code = each(chosen, lambda account: _one(options, engine, account, plans, stop.is_set, done))
        engine.journal.close()
        return done, code
    finally:
        signal.signal(signal.SIGINT, before)


def _one(options: argparse.Namespace, engine: Engine, account: Account, plans: Sequence[Plan], stopped: Stopped,
         done: list[Pass]) -> None:
    own = [plan for plan in plans if plan.account == account.name and plan.steps]
    total = sum(len({uid for step in plan.steps for uid in step.order.uids}) for plan in own)
    with connect(account) as session, Progress(account.name, total, quiet=options.quiet) as progress:
        for plan in own:
            one = carry_out(engine, session, plan, reread=True, again=options.again, stopped=stopped,
                            progress=progress.within(plan.folder))
            done.append(one)    # at once: what is done is told where a later folder fails


def _report(done: Sequence[Pass]) -> None:
    for one in done:
        said = f"{one.account}/{one.folder}: {one.done:,} done"
        said += f", {one.failed:,} failed" if one.failed else ""
        said += ", stopped early; the rest is as it was" if one.cut_short else ""
        print(said + (f" (pass {one.id})" if one.id else ""))
        for uid, setback in one.setbacks.items():
            print(f"  #{uid}: {setback.why}", file=sys.stderr)
        for uid, why in one.skipped.items():
            print(f"  #{uid} left as it is: {why}", file=sys.stderr)


def _report_json(done: Sequence[Pass]) -> None:
    print(json.dumps({"version": 1, "folders": [
        {"account": one.account, "folder": one.folder, "pass": one.id,
         "done": one.done, "failed": one.failed, "cut_short": one.cut_short,
         "setbacks": [{"uid": uid, "why": setback.why} for uid, setback in one.setbacks.items()],
         "skipped": [{"uid": uid, "why": why} for uid, why in one.skipped.items()]} for one in done]}, ensure_ascii=False))
