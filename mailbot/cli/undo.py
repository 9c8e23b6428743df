"""`mailbot undo`: takes back what was done, as far as that goes; shows first what, and what stays."""

import argparse
import sys
from collections.abc import Mapping, Sequence

from mailbot.accounts.account import Account
from mailbot.cli.acting import Interruptible, agreed, report
from mailbot.cli.progress import Progress
from mailbot.cli.session import accounts, each, start
from mailbot.cli.showing import show
from mailbot.cli.state import PATIENCE, acting_engine, locks, reading_engine
from mailbot.cli.style import say
from mailbot.config.load import Config
from mailbot.document.problems import visible
from mailbot.engine.engine import Pass
from mailbot.engine.history import Deed, deed_id, deeds, last
from mailbot.engine.undo import Stay, Undo, plan_undo, undo
from mailbot.errors import UsageError
from mailbot.service.connect import connect


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="as `mailbot history` shows them: one message in one pass")
    parser.add_argument("--last", action="store_true", help="the last pass that did something")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be taken back")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def main(options: argparse.Namespace) -> int:
    if bool(options.ids) == options.last:
        raise UsageError("say what: one or more IDs (`mailbot history` shows them), or --last")
    if not options.dry_run and not options.yes and not sys.stdin.isatty():
        raise UsageError("there is nobody to ask: look with --dry-run, then give --yes")
    config = start(options)
    journal = reading_engine().journal
    wanted = last(journal, options.account) if options.last else deeds(journal, {deed_id(text) for text in options.ids})
    planned: dict[str, Undo] = {}
    chosen = _accounts(options, config, wanted)
    code = each(chosen, lambda account: planned.update({account.name: _plan(account, wanted)}))
    stays = [(name, stay) for name, one in planned.items() for stay in one.left]
    amiss = 1 if any(stay.amiss for _, stay in stays) else 0
    if options.dry_run if options.json else planned or not code:       # where no server answered there is nothing to show
        _show(options, config, planned, stays)
    for said in dict.fromkeys(f"stays: {stay.deed}: {stay.why}" for _, stay in stays):
        print(visible(said), file=sys.stderr)
    if options.dry_run:
        return code
    if not any(one.plans or one.undone for one in planned.values()):
        report(options, (), stays=_documents(stays))
        return code or amiss
    if not options.yes and not agreed():
        print("Nothing was changed.")
        return code
    return _carry_out(options, tuple(account for account in chosen if account.name in planned), planned, stays) or code or amiss


def _accounts(options: argparse.Namespace, config: Config, wanted: Sequence[Deed]) -> tuple[Account, ...]:
    names = {deed.account for deed in wanted}
    there = accounts(config, options.account)
    if missing := sorted(names - {account.name for account in there}):
        raise UsageError(f"that was done in {', '.join(missing)}, which is no account here (or not the one asked for)")
    return tuple(account for account in there if account.name in names)


def _plan(account: Account, wanted: Sequence[Deed]) -> Undo:
    with connect(account, read_only=True) as session:
        return plan_undo(reading_engine(), session, [deed for deed in wanted if deed.account == account.name])


def _show(options: argparse.Namespace, config: Config, planned: Mapping[str, Undo], stays: Sequence[tuple[str, Stay]]) -> None:
    plans = [plan for one in planned.values() for plan in one.plans]
    if not options.json and not plans and not stays:
        say("there is nothing to take back")
        return
    show(options, config, plans, "Nothing was changed." if options.dry_run else "", stays=_documents(stays))


def _documents(stays: Sequence[tuple[str, Stay]]) -> list[dict[str, str]]:
    return [{"id": str(stay.deed), "account": account, "rule": stay.rule, "action": stay.action, "why": stay.why}
            for account, stay in stays]


def _carry_out(options: argparse.Namespace, chosen: tuple[Account, ...], planned: dict[str, Undo],
               stays: Sequence[tuple[str, Stay]]) -> int:
    done: list[Pass] = []
    with Interruptible() as stop:
        engine = acting_engine(locks(stop.wait), patience=PATIENCE)

        def take_back(account: Account) -> None:
            total = sum(len(plan.messages) for plan in planned[account.name].plans)
            with connect(account) as session, Progress(account.name, total, quiet=options.quiet) as progress:
                done.extend(undo(engine, session, planned[account.name], stopped=stop.is_set, progress=progress.within("undo")))

        code = each(chosen, take_back)
        engine.journal.close()
    incomplete = report(options, done, stays=_documents(stays))
    return code or incomplete
