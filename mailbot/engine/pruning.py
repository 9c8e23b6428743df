"""Forgetting: a row is kept for 400 days, and longer while its message is still where the rule found it.

Of an account that is configured no more nobody can say that: it is forgotten as a whole, 400 days after its last pass.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta

from mailbot.effects import Fields, Mailbox
from mailbot.engine.effect_rows import EffectRow
from mailbot.engine.engine import BLOCK, Engine
from mailbot.errors import Refused

KEPT = timedelta(days=400)


def prune(engine: Engine, mailbox: Mailbox) -> int:
    """How many rows of this account were forgotten. Another folder may be selected afterwards; once a day is plenty."""
    effects, before = engine.journal.effects, engine.now() - KEPT
    last, forgotten = 0, 0
    while rows := effects.ended_before(mailbox.account, before, last, BLOCK):
        last = rows[-1].id
        # Without its row, a message that is still there would have everything done to it again by the next scheduled rule.
        there = _there(mailbox, [row for row in rows if row.at.folder == row.found.folder])
        old = [row.id for row in rows if row.id not in there]
        effects.forget(old, before)
        forgotten += len(old)
    return forgotten


def forget_others(engine: Engine, accounts: Collection[str]) -> list[str]:
    """The accounts that were forgotten: none of these, which are configured."""
    return engine.journal.forget_accounts(accounts, engine.now() - KEPT)


def _there(mailbox: Mailbox, rows: Sequence[EffectRow]) -> set[int]:
    by_folder: dict[str, list[EffectRow]] = defaultdict(list)
    for row in rows:
        by_folder[row.at.folder].append(row)
    there: set[int] = set()
    for folder, those in by_folder.items():
        if folder not in mailbox.folders():
            continue
        try:
            state = mailbox.select(folder)
        except Refused:
            there |= {row.id for row in those}      # not to be looked into now: another day
            continue
        uids = {row.at.uid for row in those if row.at.uidvalidity == state.uidvalidity}
        found = mailbox.fetch(sorted(uids), Fields()) if uids else {}
        there |= {row.id for row in those if row.at.uidvalidity == state.uidvalidity and row.at.uid in found}
    return there
