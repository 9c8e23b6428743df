"""`mailbot check`: all mistakes of the rules file at once; with --connect, what the servers say to it."""

import argparse
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mailbot.cli.output import json_document
from mailbot.cli.session import accounts, each, start, where
from mailbot.cli.style import say
from mailbot.config.load import Config
from mailbot.config.self_test import results
from mailbot.errors import ConfigError
from mailbot.plan.steps import counted

if TYPE_CHECKING:       # half of this program is needed by --connect alone, and would double the time of a check
    from mailbot.engine.due import NextRun
    from mailbot.engine.fitness import Finding

Found = dict[str, list["Finding"]]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="instead of --config")
    parser.add_argument("--connect", action="store_true", help="log in, and ask the servers: folders, flags, every SEARCH")


def main(options: argparse.Namespace) -> int:
    options.config = options.file or options.config
    try:
        config = start(options)
    except ConfigError as error:
        if not options.json:
            raise
        problems = list(error.problems) or [str(error)]
        print(json_document({"problems": problems, "warnings": [], "accounts": []}))
        return error.exit_code
    now, found = datetime.now(UTC), Found()
    code = _connected(config, options.account, found) if options.connect else 0
    failed = [result.case.name for result in results(config, os.environ, now) if not result.passed]
    runs = _runs(config, now)
    if options.json:
        print(json_document(_document(config, found, failed, runs)))
    else:
        _print(options, config, found, failed, runs, now)
    return code or (1 if failed or any(one.wrong for rows in found.values() for one in rows) else 0)


def _connected(config: Config, only: str | None, found: Found) -> int:
    from mailbot.cli.fitness import fitness

    return each(accounts(config, only), lambda account: found.update({account.name: fitness(account, config)}))


def _runs(config: Config, now: datetime) -> list["NextRun"]:
    if not any(rule.schedule for rule in config.ruleset.rules):
        return []       # and a state folder need not even be named
    from mailbot.cli.state import reading_engine
    from mailbot.engine.due import next_runs

    journal = reading_engine().journal
    try:
        return next_runs(journal, config.ruleset, [account.name for account in config.accounts], now)
    finally:
        journal.close()


def _document(config: Config, found: Found, failed: list[str], runs: list["NextRun"]) -> dict[str, Any]:
    rows = [{"account": account.name, "findings": [{"wrong": one.wrong, "what": one.what} for one in found.get(account.name, [])]}
            for account in config.accounts]
    return {"problems": [], "warnings": list(config.warnings), "rules": len(config.ruleset.rules), "accounts": rows,
            "tests": {"count": len(config.tests), "failed": failed},
            "next_runs": [{"account": run.account, "rule": run.rule, "schedule": run.schedule,
                           "when": run.when.isoformat() if run.when else None} for run in runs]}


def _print(options: argparse.Namespace, config: Config, found: Found, failed: list[str], runs: list["NextRun"],
           now: datetime) -> None:
    say(*(f"warning: {warning}" for warning in config.warnings))
    for name, rows in found.items():
        say(*(f"{name}: {'error: ' if one.wrong else ''}{one.what}" for one in rows))
    say(*(f"next run: {run.rule} ({run.account}): {_when(run, config, now)}" for run in runs))
    if failed:
        say(f"{len(failed):,} of {counted(len(config.tests), 'test')} fail: a running bot would refuse these rules; "
            "`mailbot test` says why")
    tests = f", {counted(len(config.tests), 'test')}" if config.tests else ""
    say(f"{os.fspath(where(options))}: {counted(len(config.ruleset.rules), 'rule')}, "
        f"{counted(len(config.accounts), 'account')}{tests}, no mistakes in the file")


def _when(run: "NextRun", config: Config, now: datetime) -> str:
    if run.when is None:
        return f"{run.schedule} after `mailbot run` first sees it"
    if run.when <= now:
        return f"as soon as `mailbot run` can ({run.schedule})"
    zone = config.ruleset.timezone
    return f"{run.when.astimezone(zone):%Y-%m-%d %H:%M} {zone.key} ({run.schedule})"
