"""What is logged meanwhile, whatever a test before has configured."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.testing import capture_logs


@contextmanager
def logged() -> Iterator[list[Any]]:
    """Events as dictionaries, with `log_level`."""
    structlog.reset_defaults()
    with capture_logs() as events:
        yield events
