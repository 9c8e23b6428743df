"""sd_notify(3) over a real socket."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailbot.service.notify import LONGEST, Notify


@contextmanager
def manager(address: str) -> Iterator[Callable[[], str]]:
    """What a service manager receives there: a function that gives the next message."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + address[1:] if address.startswith("@") else address)
        listener.settimeout(5)
        yield lambda: listener.recv(4096).decode()


@pytest.mark.parametrize("where", ["path", "abstract"])
def test_the_manager_is_told_of_each_stage(tmp_path: Path, where: str) -> None:
    address = str(tmp_path / "notify") if where == "path" else f"@mailbot-test-{os.getpid()}"
    with manager(address) as heard:
        notify = Notify({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())})
        assert notify.every == 10
        notify.ready()
        notify.reloading()
        notify.watchdog()
        notify.status("two\nlines")
        notify.status("two lines")      # the same: not sent again
        notify.status("x" * 9999)
        notify.stopping()
        assert heard() == "READY=1"
        reloading, moment = heard().split("\n")
        assert (reloading, moment.startswith("MONOTONIC_USEC=")) == ("RELOADING=1", True)
        assert int(moment.split("=")[1]) > 0
        assert heard() == "WATCHDOG=1"
        assert heard() == "STATUS=two lines"
        assert heard() == f"STATUS={'x' * LONGEST}"
        assert heard() == "STOPPING=1"
        notify.close()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_without_a_socket_nothing_is_opened_and_nobody_watches() -> None:
    before = descriptors()
    notify = Notify({"WATCHDOG_USEC": "20000000"})
    notify.ready()
    notify.status("well")
    assert notify.every == float("inf")
    assert descriptors() == before
    notify.close()


@pytest.mark.parametrize("watchdog", [
    {}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}])
def test_a_watchdog_that_is_not_meant_for_us_is_not_fed(tmp_path: Path, watchdog: dict[str, str]) -> None:
    address = str(tmp_path / "notify")
    with manager(address) as heard:
        notify = Notify({"NOTIFY_SOCKET": address, **watchdog})
        assert notify.every == float("inf")
        notify.watchdog()
        notify.ready()
        assert heard() == "READY=1"
        notify.close()


def test_a_manager_that_is_gone_or_full_stops_nothing(tmp_path: Path) -> None:
    gone = Notify({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    gone.ready()
    gone.close()
    address = str(tmp_path / "notify")
    with manager(address):
        full = Notify({"NOTIFY_SOCKET": address})
        for _ in range(10_000):         # more than its queue holds
            full.ready()
        full.close()
