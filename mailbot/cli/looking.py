"""What the commands that look into a mailbox begin with: one account, one folder, and plain words where the server refuses."""

import argparse
import difflib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from mailbot.accounts.account import Account
from mailbot.accounts.environment import account_from_environment
from mailbot.cli.session import accounts, start, where
from mailbot.cli.style import coloured, paint, width
from mailbot.document.problems import visible
from mailbot.effects import Folders
from mailbot.engine.database import utc_now
from mailbot.errors import ConfigError, MailbotError, Refused, UsageError
from mailbot.imap.session import Session
from mailbot.log import configure
from mailbot.plan.columns import Paint, plain
from mailbot.rules.folders import canonical, special_use
from mailbot.service.connect import connect

FOLDER = r"its name, levels joined by /, or a special use such as '\Junk'"       # for `--help`
# What response codes mean (RFC 3501 7.1, RFC 5530) to whoever asked for one folder.
MEANING = {
    "NONEXISTENT": "there is no such folder",
    "TRYCREATE": "there is no such folder: `mailbot create` makes one",
    "ALREADYEXISTS": "there is a folder of that name",
    "NOPERM": "you have no right to",
    "OVERQUOTA": "the mailbox is full",
    "INUSE": "another program uses it",
    "CANNOT": "this server cannot do that",
    "LIMIT": "that is over a limit of the server",
    "HASCHILDREN": "there are folders below it",
}


@dataclass(frozen=True, slots=True)
class Looking:
    """How what is seen is shown."""

    width: int
    paint: Paint
    now: datetime
    timezone: tzinfo


def begin(options: argparse.Namespace) -> tuple[tuple[Account, ...], Looking]:
    """The accounts asked for. Where there is no rules file, the one that the environment holds will do."""
    try:
        config = start(options)
        found, timezone = accounts(config, options.account), config.ruleset.timezone
    except ConfigError:
        alone = None if options.config or where(options).exists() else account_from_environment(os.environ)
        if alone is None or options.account not in (None, alone.name):
            raise
        configure(options.log_format, options.log_level or "warning")
        found, timezone = (alone,), ZoneInfo("UTC")
    return found, Looking(width(), paint if coloured(options) else plain, utc_now(), timezone)


def begin_with_one(options: argparse.Namespace) -> tuple[Account, Looking]:
    found, looking = begin(options)
    if len(found) > 1:
        raise UsageError(f"which account? --account {' | '.join(account.name for account in found)}")
    return found[0], looking


@contextmanager
def opened(account: Account, folder: str) -> Iterator[tuple[Session, str]]:
    """The folder by EXAMINE, which leaves everything as it is; its name as the server's list has it."""
    with connect(account, read_only=True) as session:
        name = folder_of(session, folder)
        select(session, name)
        yield session, name


def select(session: Session, name: str) -> None:
    """Raises MailbotError that says what is there instead."""
    try:
        session.select(name)
    except Refused as error:
        there = session.folders()
        if name in there and there.rows[name].selectable:
            raise plainly(f"cannot open {name}", error) from error
        if name in there:
            raise MailbotError(f"{visible(name)} holds folders, but no messages") from error
        raise MailbotError(visible(f"there is no folder {name}: {_near(name, there)}")) from error


def _near(name: str, there: Folders) -> str:
    known = {row.lower(): row for row in there.rows}
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return f"did you mean {known[near[0]]}?" if near else "`mailbot folders` lists those that are there"


def folder_of(session: Session, named: str) -> str:
    """A folder's name, or a special use (`\\Trash`), as the user writes it."""
    if named.startswith("\\"):
        use = special_use(named)
        found = session.folders().special.get(use) if use else None
        if found is None:
            raise MailbotError(f"no folder carries {visible(named)}")
        return found
    if not named or any(not level for level in named.split("/")):
        raise UsageError(f"the folder {named!r} has an empty level: levels are joined by one /")
    if min(named) < " ":        # no server makes one; some repeat the line end in their refusal, and are out of step then
        raise UsageError(f"the folder {named!r} holds a control character")
    return canonical(named)


def plainly(what: str, error: Refused) -> MailbotError:
    """`cannot delete INBOX: you have no right to (the server says: …)`."""
    meaning = MEANING.get(error.code)
    said = f"the server says: {error.text or error.status}"
    return MailbotError(visible(f"{what}: {meaning} ({said})" if meaning else f"{what}: {said}"))
