"""`mailbot run`: watches and filters. With --dry-run it shows, with --once it ends after one pass over what has arrived."""

import argparse
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from mailbot.accounts.account import Account
from mailbot.cli import state
from mailbot.cli.output import json_document
from mailbot.cli.session import accounts, each, start, where
from mailbot.cli.showing import page, saved
from mailbot.config.load import Config
from mailbot.effects import Mailbox
from mailbot.engine.engine import Engine, Pass, Stopped, never
from mailbot.engine.execute import carry_out, show
from mailbot.engine.locks import Locks
from mailbot.errors import Locked
from mailbot.plan.document import document
from mailbot.plan.plan import Plan
from mailbot.service.connect import connect
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.supervisor import Service
from mailbot.service.telemetry import Telemetry
from mailbot.service.web.serving import serving, subjects
from mailbot.service.work import Work


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="show what would be done to what arrives; change nothing")
    parser.add_argument("--once", action="store_true", help="one pass over what has arrived, then exit")


def main(options: argparse.Namespace) -> int:
    config = start(options, level="info")
    if options.account is not None:
        accounts(config, options.account)       # one that does not exist is told now, not by silence
    stop = threading.Event()
    locks = state.locks(stop.wait)
    with _lock(locks, dry_run=options.dry_run) as alone:
        act = _Shown(options, config) if options.dry_run else carry_out
        engine = state.reading_engine() if options.dry_run else state.acting_engine(locks, patience=None)
        telemetry = Telemetry(subjects=subjects(os.environ))
        work = Work(replace(engine, tell=telemetry.acted), act, read_only=options.dry_run, telemetry=telemetry)
        try:
            if options.once:
                return _once(options, config, work)
            heartbeat = Heartbeat(state.folder() if alone else None)
            with serving(os.environ, telemetry, heartbeat):
                Service(where(options), os.environ, config, work, heartbeat, stop, options.account).run()
        finally:
            engine.journal.close()
    return 0


@contextmanager
def _lock(locks: Locks, *, dry_run: bool) -> Iterator[bool]:
    """One `run` a state folder. A dry run goes on beside another, and leaves the heartbeat to it: False."""
    try:
        with locks.run():
            yield True
    except Locked:
        if not dry_run:
            raise
        yield False


def _once(options: argparse.Namespace, config: Config, work: Work) -> int:
    failed: list[str] = []

    def look(account: Account) -> None:
        with connect(account, read_only=work.read_only) as session:
            for folder in work.folders(session, config.ruleset):
                done = work.arrived(session, folder, config.ruleset, never, last=False)
                if done is None or done.failed:
                    failed.append(folder)
                if done and done.first:
                    print(f"{account.name}/{folder}: begins now; what is there already is for `mailbot apply`", file=sys.stderr)

    return each(accounts(config, options.account), look) or (1 if failed else 0)


class _Shown:
    """The function that shows: prints each plan with anything in it, once; with --json one document a line."""

    def __init__(self, options: argparse.Namespace, config: Config) -> None:
        self._config = config
        self._page = None if options.json else page(options, config)
        self._lock = threading.Lock()

    def __call__(self, engine: Engine, mailbox: Mailbox, plan: Plan, *, cause: str, reread: bool, stopped: Stopped,
                 last: bool) -> Pass:
        if plan.verdicts:
            with self._lock:
                print("\n".join(self._page.lines(plan)) if self._page else json_document(document(saved(self._config, [plan]))), flush=True)
        return show(engine, mailbox, plan, cause=cause, reread=reread, stopped=stopped, last=last)
