"""`mailbot check`: all mistakes of the rules file at once; with --connect, what the servers say to it."""

import argparse
import json
import os
from pathlib import Path

from mailbot.accounts.account import Account
from mailbot.cli.session import accounts, each, start, where
from mailbot.config.load import Config
from mailbot.engine.fitness import Finding, findings
from mailbot.errors import ConfigError
from mailbot.service.connect import connect


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
        print(json.dumps({"version": 1, "problems": problems, "warnings": [], "accounts": []}, ensure_ascii=False))
        return error.exit_code
    found: dict[str, list[Finding]] = {}
    code = each(accounts(config, options.account), lambda account: _ask(account, config, found)) if options.connect else 0
    if options.json:
        print(json.dumps(_document(config, found), ensure_ascii=False))
    else:
        _print(config, where(options), found)
    return code or (1 if any(one.wrong for rows in found.values() for one in rows) else 0)


def _ask(account: Account, config: Config, found: dict[str, list[Finding]]) -> None:
    with connect(account, read_only=True) as session:
        found[account.name] = findings(session, session.capabilities, config.ruleset)


def _document(config: Config, found: dict[str, list[Finding]]) -> dict[str, object]:
    rows = [{"account": account.name, "findings": [{"wrong": one.wrong, "what": one.what} for one in found.get(account.name, [])]}
            for account in config.accounts]
    return {"version": 1, "problems": [], "warnings": list(config.warnings), "rules": len(config.ruleset.rules), "accounts": rows}


def _print(config: Config, path: Path, found: dict[str, list[Finding]]) -> None:
    for warning in config.warnings:
        print(f"warning: {warning}")
    for name, rows in found.items():
        for one in rows:
            print(f"{name}: {'error: ' if one.wrong else ''}{one.what}")
    rules, accounts_there = len(config.ruleset.rules), len(config.accounts)
    print(f"{os.fspath(path)}: {rules} {'rule' if rules == 1 else 'rules'}, "
          f"{accounts_there} {'account' if accounts_there == 1 else 'accounts'}, no mistakes")
