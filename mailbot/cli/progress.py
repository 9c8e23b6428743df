"""Progress on stderr: a bar on a terminal, a line every 10 s elsewhere, nothing with -q."""

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

BAR = 24
REDRAWN, RETOLD = 0.2, 10.0     # seconds, on a terminal and elsewhere


class Progress:
    """`total` may be 0 while it is not known. Drawn by a thread of its own, also while the server takes its time."""

    def __init__(self, label: str, total: int = 0, *, quiet: bool = False, every: float | None = None) -> None:
        self.label, self.total, self.done = label, total, 0
        self._terminal = sys.stderr.isatty()
        self._every = every or (REDRAWN if self._terminal else RETOLD)
        self._began = time.monotonic()
        self._over = threading.Event()
        self._drawing = None if quiet else threading.Thread(target=self._draw, name="progress", daemon=True)

    def __enter__(self) -> Self:
        if self._drawing:
            self._drawing.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._over.set()
        if self._drawing:
            self._drawing.join()
            if self._terminal:
                _write("\r\033[K")

    def advance(self, count: int) -> None:
        self.done += count

    def of(self, count: int, total: int) -> None:
        """So many more of `total`, which is another's share where it changes."""
        if total != self.total:
            self.done, self.total, self._began = 0, total, time.monotonic()
        self.done += count

    def within(self, label: str) -> Callable[[int], None]:
        """For work that counts its own share from nothing: tells how much of it is through."""
        before, self.label = self.done, f"{self.label.split('/')[0]}/{label}"
        return lambda through: self.advance(before + through - self.done)

    def _draw(self) -> None:
        while not self._over.wait(self._every):
            line = self._line(time.monotonic())
            _write(f"\r\033[K{line}" if self._terminal else f"{line}\n")

    def _line(self, now: float) -> str:
        done, total = self.done, self.total
        rate = done / max(now - self._began, 0.001)
        if not total:
            return f"{self.label}  {done:,}  {rate:,.0f}/s"
        filled = BAR * min(done, total) // total
        bar = "█" * filled + "·" * (BAR - filled)
        left = f"{max(0, total - done) / rate:,.0f} s left" if done else "…"
        return f"{self.label}  {bar}  {done:,}/{total:,}  {rate:,.0f}/s  {left}"


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
