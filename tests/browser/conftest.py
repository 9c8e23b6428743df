"""One browser for the tests of a process."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.chromium import Chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    with Chromium() as one:
        yield one


def picture(browser: Chromium, name: str) -> None:
    """Where MAILBOT_TEST_SCREENSHOTS names a folder, to be looked at afterwards."""
    if folder := os.environ.get("MAILBOT_TEST_SCREENSHOTS"):
        browser.screenshot(Path(folder) / f"{name}.png")
