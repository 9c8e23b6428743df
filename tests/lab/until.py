"""Waiting in tests: for something to become true, never for time to pass."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Nobody sets it: waiting on it is a pause that ends with the deadline.
_NEVER = threading.Event()


def until(condition: Callable[[], T], *, deadline: float = 10.0, what: str = "") -> T:
    """The first truthy value of `condition()`, asked every 1 to 50 ms; AssertionError after `deadline` seconds."""
    end = time.monotonic() + deadline
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        left = end - time.monotonic()
        if left <= 0:
            raise AssertionError(f"not within {deadline:g} s: {what or condition}; last: {value!r}")
        _NEVER.wait(min(pause, left))
        pause = min(pause * 1.5, 0.05)
