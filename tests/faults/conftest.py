"""What the fault tests do would be a log of thousands of lines."""

from collections.abc import Iterator

import pytest
import structlog

from mailbot import log


@pytest.fixture(autouse=True)
def silent_log() -> Iterator[None]:
    log.configure(level="critical")
    yield
    structlog.reset_defaults()
