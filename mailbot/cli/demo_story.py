"""The log's events as a story that fits the terminal: a line each, with its time."""

import os
import sys
import threading
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from mailbot.log import escaped
from mailbot.plan.columns import Paint, Piece, line

Event = MutableMapping[str, Any]
UNREAD = "stdout.closed"

# What an event comes to: a word for its kind, its colour, the rest. Those that are not here are shown as they are.
_SHOWN: dict[str, tuple[str, str, str]] = {
    "session.connected": ("login", "", "connected and logged in"),
    "idle.started": ("idle", "yellow", "waiting for news of {folder}"),
    "idle.woken": ("wake", "yellow", "the server says: new mail in {folder}"),
    "rule.matched": ("match", "cyan", "{uids} is for: {rule}"),
    "pass.done": ("pass", "dim", "{messages} judged, {matched} matched; round trips: {round_trips}, {took_ms} ms"),
    "rules.loaded": ("rules", "bold", "{rules} rules in force"),
    "rules.rejected": ("rules", "red", "refused, so those before stay in force:"),
    "folder.created": ("folder", "dim", "{folder} made"),
    "file.saved": ("save", "green", "{uid} → {to}"),
    "flag": ("flag", "green", "{uids} {to}"),
    "copy": ("copy", "green", "{uids} → {to}"),
    "move": ("move", "green", "{uids} → {to}"),
    "trash": ("trash", "green", "{uids} → {to}"),
}
_UNSEEN = {"service.started", "service.stopped", "folder.begun"}


class Story:
    """Prints; `tell` is called with each event, and with UNREAD, in the thread in which it happens."""

    def __init__(self, *, width: int, paint: Paint, folders: Sequence[Path], tell: Callable[[Event], None]) -> None:
        """`folders`: left out of the names of what is in them."""
        self._width, self._paint, self._folders, self._tell = width, paint, folders, tell
        self._lock = threading.RLock()

    def together(self) -> AbstractContextManager[bool]:
        """Nothing else is told inside; those who would wait."""
        return self._lock

    def listen(self) -> None:
        """From now on the process's log comes here."""
        structlog.configure(processors=[self._heard], wrapper_class=structlog.make_filtering_bound_logger(20),
                            cache_logger_on_first_use=False)

    def line(self, kind: str, style: str, text: str) -> None:
        """Of this moment."""
        self.row(datetime.now(UTC), kind, style, text)

    def row(self, when: datetime, kind: str, style: str, text: str) -> None:
        time = f"{when.astimezone():%H:%M:%S.%f}"[:-3]
        pieces: list[Piece] = [(time, "dim"), ("  ", ""), (f"{kind:<7}", style), (escaped(text), "")]
        self.say(line(pieces, self._width, self._paint))

    def shortened(self, text: str) -> str:
        for folder in self._folders:
            text = text.replace(f"{folder}/", "")
        return text

    def say(self, text: str = "") -> None:
        with self._lock:
            try:
                print(text, flush=True)
            except BrokenPipeError:     # the reader has gone (`mailbot demo | head`)
                if threading.current_thread() is threading.main_thread():
                    raise
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                self._tell({"event": UNREAD})

    def _heard(self, _logger: object, _method: str, event: Event) -> str:
        name = str(event["event"])
        if name not in _UNSEEN and event.get("action") != "save":       # file.saved has told it
            self._show(name, event)
        self._tell(event)
        raise structlog.DropEvent       # it is told; nothing is left for a logger to write

    def _show(self, name: str, event: Event) -> None:
        known = _SHOWN.get(str(event["action"]) if name == "action.applied" else name)
        if known is None:
            kind, style = name, "red" if "why" in event else ""
            text = "  " + " ".join(f"{key}={value}" for key, value in event.items() if key not in ("event", "account"))
        else:
            kind, style, words = known
            uids = {key: f"#{event[key]}" for key in ("uid", "uids") if key in event}
            text = words.format(**{**event, **uids, "to": self.shortened(str(event.get("to", "")))})
        self.line(kind, style, text)
        for problem in event.get("problems", ()):
            for each in self.shortened(str(problem)).splitlines():
                self.say(line([("    " + escaped(each), "red")], self._width, self._paint))
