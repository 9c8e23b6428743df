"""Account names in rules, against the accounts that are there."""

from collections.abc import Iterable

from mailbot.accounts.account import Account
from mailbot.config.document import Document
from mailbot.document.problems import Problems
from mailbot.document.shapes import unknown
from mailbot.document.values import Mapping, Scalar, Sequence, Value
from mailbot.rules.folders import is_glob


def check_accounts(read: Document, accounts: Iterable[Account], problems: Problems) -> None:
    """Every account that `defaults` or a rule names exists. Without any accounts the rules may wait for theirs."""
    known = tuple(account.name for account in accounts)
    if not known:
        return
    holders = (read.defaults, *(read.rules.items if read.rules else ()))
    for holder in holders:
        named = holder.get("accounts") if isinstance(holder, Mapping) else None
        for name in _scalars(named):
            if name.text not in known and not is_glob(name.text):
                unknown(name, problems, known, "account")


def _scalars(value: Value | None) -> tuple[Scalar, ...]:
    items = value.items if isinstance(value, Sequence) else (value,)
    return tuple(item for item in items if isinstance(item, Scalar) and item.text)
