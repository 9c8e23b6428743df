"""What the fault tests do would be a log of thousands of lines; what they have counted is summed up at the end."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest
import structlog

from mailbot import log

FIGURE = "faults: "


class Figure(Protocol):
    """`figure("cuts", 24)`: added up over all tests and test processes."""

    def __call__(self, name: str, *counts: float) -> None: ...


@pytest.fixture
def silent_log() -> Iterator[None]:
    """For tests that ask for it."""
    log.configure(level="critical")
    yield
    structlog.reset_defaults()


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    return lambda name, *counts: record_property(FIGURE + name, counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    sums: dict[str, list[float]] = defaultdict(list)
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, counts in getattr(report, "user_properties", ()):
                if name.startswith(FIGURE) and report.when == "call":
                    before = sums[name] or [0] * len(counts)
                    sums[name] = [one + other for one, other in zip(before, counts, strict=True)]
    for name, counts in sums.items():
        terminalreporter.write_line(f"{name.removeprefix(FIGURE)}: {', '.join(f'{count:,}' for count in counts)}")
