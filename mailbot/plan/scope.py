"""Which rules judge a folder, and which folders an account's rules look at (rules.md, "A rule")."""

from collections.abc import Collection, Sequence

from mailbot.effects import Folders
from mailbot.rules.folders import expand, within
from mailbot.rules.rule import Rule


def of_account(rules: Sequence[Rule], account: str) -> tuple[Rule, ...]:
    """The enabled rules of this account, in order."""
    return tuple(rule for rule in rules if rule.enabled and any(within(account, glob) for glob in rule.accounts))


def applicable(rules: Sequence[Rule], *, account: str, folder: str, folders: Folders) -> tuple[Rule, ...]:
    """The enabled rules of this account and folder, in order, scheduled ones too: what `plan` and `apply` judge by."""
    return tuple(rule for rule in of_account(rules, account) if folder in expand(rule.folders, folders))


def on_arrival(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.schedule is None)


def due(rules: Sequence[Rule], names: Collection[str]) -> tuple[Rule, ...]:
    """The scheduled rules of these names: what a scheduled pass judges by."""
    return tuple(rule for rule in rules if rule.schedule is not None and rule.name in names)


def folders_of(rules: Sequence[Rule], *, account: str, folders: Folders) -> tuple[str, ...]:
    """Every folder that is there and that the rules of this account look at, in the order of the rules, each once."""
    return tuple(dict.fromkeys(name for rule in of_account(rules, account) for name in expand(rule.folders, folders)))
