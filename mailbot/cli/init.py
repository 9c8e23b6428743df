"""`mailbot init`: a first rules file, for an account that answers. Overwrites nothing."""

import argparse
import getpass
import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path

from mailbot.accounts.account import PORTS, Account
from mailbot.accounts.providers import DOMAINS, PROVIDERS
from mailbot.accounts.secrets import FromCommand, FromEnv, FromFile, Plain, Secret
from mailbot.cli.first_rules import first_rules
from mailbot.cli.output import json_document
from mailbot.cli.reading import ask
from mailbot.cli.session import where
from mailbot.cli.style import coloured
from mailbot.document.problems import visible
from mailbot.effects import Folders
from mailbot.errors import LoginRefused, MailbotError, UsageError
from mailbot.log import configure
from mailbot.service.connect import connect

TRIES = 3
# Who takes no account's own password over IMAP, and where another is to be had.
INSTEAD = {
    "gmail": "an app password: https://myaccount.google.com/apppasswords",
    "icloud": "an app-specific password: https://account.apple.com, Sign-In and Security",
    "yahoo": "an app password: https://login.yahoo.com/account/security",
    "aol": "an app password: https://login.aol.com/account/security",
    "fastmail": "an app password: Settings, Privacy & Security",
    "outlook": "OAuth2, and no password: write the account by hand, with `oauth2:`, then `mailbot auth login`",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", nargs="?", metavar="ADDRESS", help="your mail address: it tells the user, often the server")
    parser.add_argument("--host", metavar="HOST", help="the IMAP server, where the address does not tell it")
    parser.add_argument("--user", metavar="USER", help="as whom you log in, where that is not the address")
    parser.add_argument("--port", type=int, metavar="PORT", help="default: the usual one")
    parser.add_argument("--tls", choices=tuple(PORTS), default="implicit", help="default: implicit")
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="for a server whose authority the system does not know")
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--password-file", type=Path, metavar="FILE",
                       help="where the password is. Without one of these three it is asked for, and kept in a file")
    given.add_argument("--password-env", metavar="VARIABLE", help="the environment variable that holds it")
    given.add_argument("--password-command", metavar="COMMAND", help="the command that prints it: 'pass show mail/home'")
    parser.add_argument("--yes", action="store_true", help="ask nothing: what is not given is guessed, or an error")


def main(options: argparse.Namespace) -> int:
    configure(options.log_format, options.log_level or "warning", color=coloured(options, sys.stderr))
    target = where(options)
    target = target / "rules.yaml" if target.is_dir() else target
    kept = target.parent / f"{options.account or 'home'}.password"
    _check_absent(target)
    account = _account(options, options.yes or options.json)
    secret = _secret(options)
    asked = secret is None
    if asked:
        _check_absent(kept)
    account, there = _login(account, secret, options, kept)
    if isinstance(account.secret, Plain):
        _write(kept, account.secret.text + "\n", 0o600)
        account = replace(account, secret=FromFile(kept.absolute()))
    _write(target, first_rules(account, there, target.absolute().parent), 0o666)
    if options.json:
        print(json_document({"written": str(target), "password_file": str(kept) if asked else None, "account": account.name,
                             "host": account.host, "user": account.user, "folders": sorted(there.rows)}))
    else:
        _tell(options, target, kept if asked else None)
    return 0


def _account(options: argparse.Namespace, silent: bool) -> Account:  # noqa: FBT001  # the one question of all that follows
    address = options.address or options.user or (None if silent else ask("Your mail address: "))
    if not address:
        raise UsageError("whose mail? mailbot init ADDRESS, or --host and --user")
    provider = "" if options.host else DOMAINS.get(address.rpartition("@")[2].lower(), "")
    host = options.host or (PROVIDERS[provider].host if provider else _guessed(address, silent))
    ca_file = str(options.ca_file.absolute()) if options.ca_file else ""
    return Account(options.account or "home", host, options.user or address, Plain(""), options.port or PORTS[options.tls],
                   options.tls, ca_file, provider)


def _guessed(address: str, silent: bool) -> str:  # noqa: FBT001  # as above
    domain = address.rpartition("@")[2]
    guess = f"imap.{domain}" if "@" in address else ""
    host = None if silent else ask(f"Its IMAP server{f' [{guess}]' if guess else ''}: ")
    if not (host or guess):
        raise UsageError("which server? --host imap.example.org")
    return host or guess


def _secret(options: argparse.Namespace) -> Secret | None:
    """None: it has to be asked for."""
    if options.password_file:
        return FromFile(options.password_file.absolute())
    if options.password_env:
        return FromEnv(options.password_env)
    return FromCommand(tuple(shlex.split(options.password_command))) if options.password_command else None


def _login(account: Account, secret: Secret | None, options: argparse.Namespace, kept: Path) -> tuple[Account, Folders]:
    """With the secret that was taken."""
    if secret is None and (options.yes or options.json or not sys.stdin.isatty()):
        raise UsageError("there is nobody to ask for the password: --password-file, --password-env or --password-command")
    if secret is None and account.provider:
        print(f"{account.provider} ({account.host}) takes {INSTEAD[account.provider]}", file=sys.stderr)
    for left in reversed(range(1 if secret else TRIES)):
        chosen = secret or Plain(getpass.getpass(f"Password (kept in {kept}, which you alone can read): "))
        trying = replace(account, secret=chosen)
        try:
            with connect(trying, read_only=True) as session:
                return trying, session.folders()
        except LoginRefused as error:
            hint = f": {account.provider} takes {INSTEAD[account.provider]}" if account.provider in INSTEAD else ""
            if not left:
                raise LoginRefused(visible(f"{error}{hint}")) from error
            print(visible(f"mailbot: {error}{hint}"), file=sys.stderr)
    raise AssertionError("the last try returns or raises")


def _check_absent(path: Path) -> None:
    if path.exists():
        raise MailbotError(f"{path} is there already, and init overwrites nothing: move it, or name another by --config")


def _write(path: Path, text: str, mode: int) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise MailbotError(f"{path}: {error.strerror}") from error


def _tell(options: argparse.Namespace, target: Path, kept: Path | None) -> None:
    config = f" -c {shlex.quote(str(target))}" if options.config else ""
    print(f"written: {target}{f', and {kept} with the password' if kept else ''}. Next:\n"
          f"  mailbot{config} plan       what its rules would do; as they are, they only show\n"
          f"  mailbot{config} folders    what is there; messages, search, show and browse look into it\n"
          f"  mailbot{config} run        watch, and filter what arrives")
