"""Progress on stderr: a bar on a terminal, a line every 10 s elsewhere, nothing with -q."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

BAR = 24


class Progress:
    """`total` may be 0 while it is not known. Drawn at most ten times a second."""

    def __init__(self, label: str, total: int = 0, *, quiet: bool = False) -> None:
        self.label, self.total, self.done = label, total, 0
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._began = self._drawn = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._terminal and not self._quiet:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def advance(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        if self._quiet or now - self._drawn < (0.1 if self._terminal else 10.0):
            return
        self._drawn = now
        sys.stderr.write(f"\r\033[K{self._line(now)}" if self._terminal else f"{self._line(now)}\n")
        sys.stderr.flush()

    def within(self, label: str) -> Callable[[int], None]:
        """For work that counts its own share from nothing: tells how much of it is through."""
        before, self.label = self.done, f"{self.label.split('/')[0]}/{label}"
        return lambda through: self.advance(before + through - self.done)

    def _line(self, now: float) -> str:
        rate = self.done / max(now - self._began, 0.001)
        if not self.total:
            return f"{self.label}  {self.done:,}  {rate:,.0f}/s"
        filled = BAR * min(self.done, self.total) // self.total
        left = max(0, self.total - self.done) / max(rate, 0.001)
        bar = "█" * filled + "·" * (BAR - filled)
        return f"{self.label}  {bar}  {self.done:,}/{self.total:,}  {rate:,.0f}/s  {left:,.0f} s left"
