"""The heartbeat file: the service writes until when each account is good; health.py compares that with the clock."""

import json
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from mailbot.log import get_logger
from mailbot.service.clocks import lived
from mailbot.service.health import NAME, PROCESS_GOOD_FOR
from mailbot.service.states import CONNECTED

log = get_logger(__name__)

SOON = 20.0         # seconds: two beats


class Row(NamedTuple):
    state: str
    until: float        # on the clock of `lived`: setting the one on the wall neither spoils nor prolongs a promise
    why: str


class Heartbeat:
    """Shared by all watchers of one process. In the file times are seconds since the epoch: another process compares them."""

    def __init__(self, state: Path | None) -> None:
        """`state` is None where another `run` writes the file."""
        self._path = state / NAME if state else None
        self._lock = threading.Lock()
        self._accounts: dict[str, dict[int, Row]] = {}     # by name, then by watcher
        self._written: dict[str, str] = {}                 # of each account what the file says: a thousand of them change one by one
        self._rules = ""
        self._until = lived() + PROCESS_GOOD_FOR
        self._unwritten = False

    def account(self, name: str, watcher: int, state: str, *, good_for: float | None = None, why: str = "") -> None:
        """`good_for` seconds from now where a refresh was completed; without it the last promise stands."""
        with self._lock:
            rows = self._accounts.setdefault(name, {})
            before = rows.get(watcher)
            promised = before.until if before else 0.0
            now = rows[watcher] = Row(state, promised if good_for is None else lived() + good_for, why)
            short = good_for is not None and promised - lived() < SOON
            if before is None or short or (before.until > 0, before.why) != (now.until > 0, now.why):
                self._write(name)       # a promise that only grows longer can wait for the next beat, unless it runs out before

    def forget(self, name: str, watcher: int) -> None:
        with self._lock:
            rows = self._accounts.get(name, {})
            rows.pop(watcher, None)
            if not rows:
                self._accounts.pop(name, None)
            self._write(name)

    def rules(self, refused: str) -> None:
        """`refused`: why the file on disk is not in force; "" where it is."""
        with self._lock:
            self._rules = refused
            self._write(*self._accounts)

    def beat(self) -> None:
        """The supervisor is alive. Nobody else can say so: a watcher may go on for long after it."""
        with self._lock:
            self._until = lived() + PROCESS_GOOD_FOR
            self._write(*self._accounts)

    def document(self) -> dict[str, Any]:
        """What the file says, of this moment; `health.reasons` judges it."""
        with self._lock:
            return {**self._head(), "accounts": self._rows(self._accounts)}

    def connected(self) -> dict[str, bool]:
        """Whether every connection of the account is logged in."""
        with self._lock:
            return {name: all(row.state in CONNECTED for row in rows.values()) for name, rows in self._accounts.items()}

    def close(self) -> None:
        """The service has stopped: without a heartbeat `health` says so."""
        with self._lock:
            if self._path:
                self._path.unlink(missing_ok=True)
                self._path = None

    def _write(self, *changed: str) -> None:
        if self._path is None:
            return
        rows = self._rows(changed)
        self._written = {name: self._written.get(name, "") for name in self._accounts} | {
            name: f"{json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items()}
        text = f'{json.dumps(self._head())[:-1]}, "accounts": {{{", ".join(self._written.values())}}}}}'
        temporary = self._path.with_name(f".{NAME}.{os.getpid()}")
        try:
            temporary.write_text(text)
            temporary.replace(self._path)
        except OSError as problem:      # a full disk stops no mail; `health` turns red by itself when the promise runs out
            if not self._unwritten:     # told once, not at each beat
                log.error("state.failed", path=str(self._path), why=f"the heartbeat cannot be written: {problem.strerror}", alert=True)
            self._unwritten = True
        else:
            self._unwritten = False

    def _head(self) -> dict[str, Any]:
        return {"version": 1, "until": self._until + _since_epoch(), "pid": os.getpid(), "rules_refused": self._rules}

    def _rows(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Of each account its worst connection."""
        since_epoch = _since_epoch()
        worst = {name: min(self._accounts[name].values(), key=_badness) for name in names if name in self._accounts}
        return {name: row._replace(until=row.until + since_epoch)._asdict() for name, row in worst.items()}


def _since_epoch() -> float:
    """From the clock of `lived` to the one on the wall."""
    return time.time() - lived()


def _badness(row: Row) -> tuple[bool, float]:
    return row.state != "refused", row.until
