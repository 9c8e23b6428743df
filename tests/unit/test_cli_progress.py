"""Progress as it is written: a rate and the time left, also while nothing advances; nothing with -q."""

import pytest

from mailbot.cli.progress import Progress
from tests.lab.until import until


def test_elsewhere_than_on_a_terminal_it_is_a_line_now_and_then(capfd: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []

    def written() -> bool:
        lines.extend(capfd.readouterr().err.splitlines())
        return bool(lines) and "s left" in lines[-1]

    with Progress("home/INBOX", 2_000, every=0.01) as progress:
        progress.advance(500)
        until(written, what="a line")
    assert lines[-1].startswith("home/INBOX  ██████··················  500/2,000  ")


def test_a_folder_begins_its_own_count(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []

    def written() -> bool:
        said.append(capfd.readouterr().err)
        return "30/300" in "".join(said)

    with Progress("planning", every=0.01) as progress:
        progress.of(90, 100)
        progress.of(0, 300)
        progress.of(30, 300)
        until(written, what="the second folder's line")


def test_quiet_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress("home", 10, quiet=True, every=0.001) as progress:
        progress.advance(5)
        until(lambda: progress.done == 5)
    assert capfd.readouterr().err == ""
