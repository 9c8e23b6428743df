"""The state folder, and the engine over the journal in it."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mailbot.config.paths import files_folder, state_folder
from mailbot.engine.database import utc_now
from mailbot.engine.engine import Engine
from mailbot.engine.journal import Journal
from mailbot.engine.locks import Locks

FILE = "state.db"
PATIENCE = 30.0     # seconds that `apply` and `undo` wait for another pass on the account


def folder() -> Path:
    return state_folder(os.environ)


def reading_engine() -> Engine:
    """For what changes nothing: the journal as it is now, in memory."""
    return Engine(Journal.open(folder() / FILE, read_only=True), str(files_folder(os.environ)), utc_now)


def acting_engine(locks: Locks, *, patience: float | None) -> Engine:
    """`patience`: seconds to wait for an account's lock; None: as long as it takes."""
    journal = Journal.open(folder() / FILE)
    return Engine(journal, str(files_folder(os.environ)), utc_now, lock=partial(locks.account, within=patience))


def locks(wait: Callable[[float], bool]) -> Locks:
    return Locks(folder(), wait)
