"""What every command that talks to servers begins with: the rules file, the accounts asked for, and one error each."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from mailbot.accounts.account import Account
from mailbot.cli.style import coloured
from mailbot.config.load import Config, load
from mailbot.config.paths import config_path
from mailbot.document.problems import visible
from mailbot.errors import LoginRefused, Unreachable, UsageError
from mailbot.log import configure


def start(options: argparse.Namespace, *, level: str = "warning") -> Config:
    """Logging as asked for (`level` where it was not), and the configuration."""
    configure(options.log_format, options.log_level or level, color=coloured(options, sys.stderr))
    return load(where(options), os.environ)


def where(options: argparse.Namespace) -> Path:
    return config_path(options.config, os.environ)


def accounts(config: Config, only: str | None) -> tuple[Account, ...]:
    if not config.accounts:
        raise UsageError("there are no accounts: add `accounts:` to the rules file, "
                         "or set MAILBOT_HOST, MAILBOT_USER and MAILBOT_PASSWORD")
    found = tuple(account for account in config.accounts if only in (None, account.name))
    if not found:
        known = ", ".join(account.name for account in config.accounts)
        raise UsageError(f"no account is called {only!r}: there {'is' if len(config.accounts) == 1 else 'are'} {known}")
    return found


def each(chosen: tuple[Account, ...], do: Callable[[Account], None]) -> int:
    """Does it for each account; one that cannot be reached, or refuses the login, is named and never stops another.

    The exit code is that of the last account that failed, else 0.
    """
    code = 0
    for account in chosen:
        try:
            do(account)
        except (Unreachable, LoginRefused) as error:
            print(visible(f"mailbot: {account.name}: {error}"), file=sys.stderr)
            code = error.exit_code
    return code
