"""How fast one server is connected to, by all accounts together: after a restart a thousand of them come back at the same moment."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

BETWEEN = 0.02      # seconds from one connection to the next: fifty a second, a thousand in twenty seconds


@dataclass(slots=True)
class _Door:
    free: float = 0.0           # from when on the next place in the row is free
    last: float = 0.0           # when somebody went through
    lock: threading.Lock = field(default_factory=threading.Lock)


class Arrivals:
    """Shared by all watchers. A slow login holds up no other: only the beginnings are spread."""

    def __init__(self, between: float = BETWEEN, clock: Callable[[], float] = time.monotonic) -> None:
        self._between, self._clock, self._lock = between, clock, threading.Lock()
        self._doors: dict[tuple[str, int], _Door] = {}

    def wait(self, host: str, port: int, pause: Callable[[float], bool]) -> bool:
        """Until it is our turn; True where `pause`, which lets seconds pass, says to give up."""
        with self._lock:
            door, now = self._doors.setdefault((host, port), _Door()), self._clock()
            at = max(now, door.free)
            door.free = at + self._between
        if pause(at - now):
            return True
        with door.lock:         # on a busy machine many wake late and together: they do not go through together
            if pause(max(0.0, door.last + self._between - self._clock())):
                return True
            door.last = self._clock()
        return False
