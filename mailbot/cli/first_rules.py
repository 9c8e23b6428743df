"""The rules file that `init` writes: the account, the folders that are there, and two rules that only show."""

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from mailbot.accounts.account import PORTS, Account
from mailbot.accounts.secrets import FromCommand, FromEnv, FromFile
from mailbot.cli.folders import ordered
from mailbot.effects import Folders

_PLAIN = re.compile(r"[A-Za-z][\w.@+/-]*", re.ASCII)
_NOT_TEXT = {"true", "false", "null"}
_NEWSLETTERS = re.compile(r"(?:.*/)?(?:newsletters?|lists|bulk|promotions)", re.IGNORECASE)


def first_rules(account: Account, there: Folders, beside: Path) -> str:
    """`beside`: the folder that the file will be in; paths in that are written relative to it."""
    return "\n".join((*_accounts(account, beside), "", *_folders(there), "", *_rules(there))) + "\n"


def _accounts(account: Account, beside: Path) -> Iterator[str]:
    yield "# Rules for mailbot. `mailbot check` finds mistakes, `mailbot plan` shows what they would do, `mailbot run` does it."
    yield "# For help while editing: `mailbot schema > rules.schema.json`, and as the first line of this file"
    yield "#   # yaml-language-server: $schema=./rules.schema.json"
    yield "version: 1"
    yield ""
    yield "accounts:"
    yield f"  {scalar(account.name)}:"
    if account.provider:
        yield f"    provider: {account.provider}                         # {account.host}"
    else:
        yield f"    host: {scalar(account.host)}"
    if account.tls != "implicit":
        yield f"    tls: {account.tls}"
    if account.port != PORTS[account.tls]:
        yield f"    port: {account.port}"
    if account.ca_file:
        yield f"    ca_file: {scalar(_near(Path(account.ca_file), beside))}"
    yield f"    user: {scalar(account.user)}"
    yield f"    password: {_secret(account.secret, beside)}"


def _folders(there: Folders) -> Iterator[str]:
    used = {name: use for use, name in there.special.items()}
    said = [f"{row.name} ({used[row.name]})" if row.name in used else row.name
            for row in ordered(there) if row.selectable and row.name.isprintable()]
    yield from textwrap.wrap(f"The folders that are there: {', '.join(said)}", 118, initial_indent="# ", subsequent_indent="#   ",
                             break_long_words=False, break_on_hyphens=False)


def _rules(there: Folders) -> Iterator[str]:
    names = (row.name for row in ordered(there) if row.own and row.selectable and row.name.isprintable())
    target = next((name for name in names if _NEWSLETTERS.fullmatch(name)), None)
    yield "rules:"
    yield "  # With dry_run a rule is judged and shown, but does nothing: take it out once `mailbot plan` shows what you want."
    yield "  - name: newsletters"
    yield "    when: {header: {List-Unsubscribe: true}}"
    made = "" if target else "       # made when it is first needed"
    yield f"    then: [{{move: {scalar(target or 'Newsletters')}}}]{made}"
    yield "    dry_run: true"
    if {r"\Junk", r"\Trash"} <= there.special.keys():
        yield ""
        yield "  - name: old junk"
        yield r"    folders: ['\Junk']"
        yield "    when: {older: 30d}"
        yield "    then: [trash]"
        yield "    schedule: 24h                              # not when mail arrives, but every day"
        yield "    dry_run: true"


def _secret(secret: object, beside: Path) -> str:
    match secret:
        case FromFile(path):
            return f"{{file: {scalar(_near(path, beside))}}}"
        case FromEnv(name):
            return f"{{env: {scalar(name)}}}"
        case FromCommand(argv):
            return f"{{command: [{', '.join(map(scalar, argv))}]}}"
    raise TypeError("a password is never written into the rules")


def _near(path: Path, beside: Path) -> str:
    return str(path.relative_to(beside)) if path.is_relative_to(beside) else str(path)


def scalar(text: str) -> str:
    """As YAML; a JSON string is one in double quotes."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT else json.dumps(text, ensure_ascii=False)
