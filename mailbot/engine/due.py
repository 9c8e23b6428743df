"""When scheduled rules run next, as far as the journal knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mailbot.engine.journal import Journal
from mailbot.plan.scope import of_account
from mailbot.rules.rule import Ruleset


@dataclass(frozen=True, slots=True)
class NextRun:
    account: str
    rule: str
    schedule: str               # as the rule writes it
    when: datetime | None       # None: a duration that counts from when `run` first sees the rule


def next_runs(journal: Journal, ruleset: Ruleset, accounts: Iterable[str], now: datetime) -> list[NextRun]:
    """In the order of the accounts, then of the rules; for a journal in memory, since asking notes a rule as seen."""
    found = []
    for account in accounts:
        for rule in of_account(ruleset.rules, account):
            if rule.schedule is not None:
                since = journal.schedules.since(account, rule.name, now)
                unseen = since == now and rule.schedule.every is not None
                found.append(NextRun(account, rule.name, rule.schedule.text, None if unseen else rule.schedule.next_after(since)))
    return found
