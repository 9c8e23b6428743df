"""Seeing that the rules have changed: watchdog says "look again", a content hash says whether, a timer says it too.

Events are only a hint (imap-facts.md, "watchdog"): an atomic save names the file only as the move's target, a ConfigMap
swap names it not at all, and a single mounted file never speaks. So directories are watched, any event but our own
reading counts, and the hash is taken on a timer as well.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirModifiedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from mailbot.log import get_logger

log = get_logger(__name__)

# All but "opened" and "closed, nothing written": our own reading, which would wake three threads at each look.
HEARD: list[type[FileSystemEvent]] = [
    DirCreatedEvent, DirDeletedEvent, DirModifiedEvent, DirMovedEvent, FileClosedEvent, FileCreatedEvent, FileDeletedEvent,
    FileModifiedEvent, FileMovedEvent]
SETTLE = 0.15       # seconds without an event before a file is read: editors write in several steps
LOOK_EVERY = 15.0   # seconds between hashes where no event comes


class _Changed(FileSystemEventHandler):
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def on_any_event(self, event: FileSystemEvent) -> None:
        # An exception here would end watchdog's thread without a word: nothing but this stands in it.
        del event
        self._tell()


class Watch:
    """Watches directories, not files. `tell` is called from another thread."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._changed = _Changed(tell)
        self._observer: BaseObserver | None = None
        self._directories: frozenset[Path] = frozenset()

    def follow(self, directories: Iterable[Path]) -> None:
        """Replaces what is watched. Where inotify has no more watches to give, the timer alone must do."""
        wanted = frozenset(path for path in directories if path.is_dir())
        if wanted == self._directories:
            return
        self.close()
        observer = Observer()
        try:
            for path in wanted:
                observer.schedule(self._changed, str(path), recursive=False, event_filter=HEARD)
            observer.start()
        except OSError as problem:
            log.warning("config.warned", why=f"changes are seen within {LOOK_EVERY:.0f} s only: {problem}")
            return
        self._observer, self._directories = observer, wanted

    def close(self) -> None:
        if self._observer:
            self._observer.stop()
            self._observer.join()
        self._observer, self._directories = None, frozenset()
