"""`mailbot auth login|status|logout ACCOUNT`: the tokens of OAuth2 (docs/oauth2.md)."""

import argparse
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from mailbot.accounts import token_file
from mailbot.accounts.account import Account
from mailbot.accounts.grants import WAIT, by_device, by_visit, device_code, revoke, visit
from mailbot.accounts.loopback import Return
from mailbot.accounts.oauth2 import OAuth2
from mailbot.accounts.token_file import Tokens
from mailbot.cli.output import json_document
from mailbot.cli.session import accounts, start
from mailbot.document.problems import visible
from mailbot.errors import ConfigError, MailbotError, UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=tuple(DO), metavar="login|status|logout",
                        help="sign in; say what is in the token file; revoke the token, where the provider can, and remove it")
    parser.add_argument("name", metavar="ACCOUNT", help="its name in `accounts`")
    parser.add_argument("--browser", action="store_true", help="login: by a browser on this machine, even where a code would do")
    parser.add_argument("--port", type=int, default=0, help="login: where the browser comes back to on 127.0.0.1 (default: any)")


def main(options: argparse.Namespace) -> int:
    account, = accounts(start(options), options.name)
    if not isinstance(account.secret, OAuth2):
        raise UsageError(f"{account.name} has a password, and no oauth2")
    return DO[options.what](options, account, account.secret)


def _login(options: argparse.Namespace, account: Account, oauth2: OAuth2) -> int:
    path = _file_of(account, oauth2)
    endpoints = oauth2.endpoints
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(f"the token file {path} cannot be written there: its folder must exist and be ours")
    if endpoints.device_url and not options.browser:
        tokens = _by_device(options, oauth2)
    elif endpoints.authorize_url:
        tokens = _by_browser(options, account, oauth2)
    else:
        raise ConfigError(f"account {account.name}: to sign in, oauth2 needs a device_url or an authorize_url (or a provider)")
    with token_file.alone(path):
        try:
            token_file.write(path, tokens)
        except OSError as error:
            raise ConfigError(f"the token file {path}: {error.strerror}") from error
    _tell(options, {"account": account.name, "signed_in": True, "token_file": str(path)},
          f"{account.name}: signed in; the token is in {path}\ntry it: mailbot check --connect --account {account.name}")
    return 0


def _by_device(options: argparse.Namespace, oauth2: OAuth2) -> Tokens:
    device = device_code(oauth2)
    _tell(options, {"url": device.url, "code": device.code, "seconds": device.lasts},
          f"Open {visible(device.url)} on any device and enter the code {visible(device.code)}")
    return by_device(oauth2, device, threading.Event().wait)


def _by_browser(options: argparse.Namespace, account: Account, oauth2: OAuth2) -> Tokens:
    with Return(options.port) as back:
        asked = visit(oauth2, back.redirect, account.user)
        by_hand = sys.stdin if sys.stdin.isatty() and not options.json else None
        hint = "\nElsewhere it ends at an address on 127.0.0.1 that does not load: paste that address here." if by_hand else ""
        _tell(options, {"url": asked.url, "redirect": asked.redirect, "seconds": WAIT},
              f"Open this in a browser on this machine:\n{asked.url}{hint}")
        return by_visit(oauth2, asked, back.wait(asked.state, WAIT, by_hand))


def _status(options: argparse.Namespace, account: Account, oauth2: OAuth2) -> int:
    """What is there; whether the provider still takes it is for `check --connect` to say."""
    if not oauth2.token_file:
        _tell(options, {"account": account.name, "signed_in": True, "token_file": None},
              f"{account.name}: refresh_token stands in the configuration; no token is kept on disk")
        return 0
    path, tokens = oauth2.token_file, token_file.read(oauth2.token_file)
    until = None
    if tokens and tokens.access_token:
        until = datetime.fromtimestamp(tokens.expires_at, UTC).isoformat(timespec="seconds")
    open_to_others = bool(tokens and path.stat().st_mode & 0o077)
    line = f"signed in; access token good until {until or '(none yet)'}; {path}" if tokens else f"not signed in: no {path}"
    warning = f"\nothers can read it: chmod 600 {path}" if open_to_others else ""
    _tell(options, {"account": account.name, "signed_in": tokens is not None, "token_file": str(path),
                    "access_token_until": until, "readable_by_others": open_to_others}, f"{account.name}: {line}{warning}")
    return 0 if tokens else 1


def _logout(options: argparse.Namespace, account: Account, oauth2: OAuth2) -> int:
    """The file goes even if the provider cannot be reached."""
    path = _file_of(account, oauth2)
    tokens = token_file.read(path)
    revoked, failure = False, None
    try:
        revoked = revoke(oauth2, tokens) if tokens else False
    except MailbotError as error:
        failure = error
    try:
        token_file.remove(path)
    except OSError as error:
        raise ConfigError(f"the token file {path}: {error.strerror}") from error
    how = "revoked and removed" if revoked else "removed here; the provider may still take it: revoke it on its account page"
    _tell(options, {"account": account.name, "signed_in": False, "removed": tokens is not None, "revoked": revoked},
          f"{account.name}: the token is {how}" if tokens else f"{account.name}: there was no token")
    if failure:
        print(f"mailbot: {account.name}: not revoked: {failure}", file=sys.stderr)
    return failure.exit_code if failure else 0


def _file_of(account: Account, oauth2: OAuth2) -> Path:
    if not oauth2.token_file:
        raise ConfigError(f"account {account.name}: oauth2 has a refresh_token: for `mailbot auth` give it a token_file instead")
    return oauth2.token_file


def _tell(options: argparse.Namespace, document: dict[str, object], text: str) -> None:
    """At once: who reads it may have to act on it. With --json one document a line."""
    print(json_document(document) if options.json else text, flush=True)


DO = {"login": _login, "status": _status, "logout": _logout}
