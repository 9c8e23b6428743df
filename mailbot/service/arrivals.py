"""How fast one server is connected to, by all accounts together: after a restart a thousand of them come back at the same moment."""

import threading
import time
from collections.abc import Callable

BETWEEN = 0.02      # seconds from one connection to the next: fifty a second, a thousand in twenty seconds


class Arrivals:
    """Shared by all watchers. A slow login holds up no other: only the beginnings are spread."""

    def __init__(self, between: float = BETWEEN, clock: Callable[[], float] = time.monotonic) -> None:
        self._between, self._clock, self._lock = between, clock, threading.Lock()
        self._free: dict[tuple[str, int], float] = {}       # from when on the next may come, by host and port

    def take(self, host: str, port: int) -> float:
        """The next place in the row: seconds from now."""
        with self._lock:
            now = self._clock()
            at = max(now, self._free.get((host, port), 0.0))
            self._free[host, port] = at + self._between
            return at - now
