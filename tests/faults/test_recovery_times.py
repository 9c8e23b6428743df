"""Back after a cut, a BYE and a restart; nothing grows over many reconnections; at rest it sleeps."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.bot import Bot, in_the_clear
from tests.e2e.mail import message
from tests.faults.conftest import Figure
from tests.faults.size import size
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy
from tests.lab.until import until

RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{flag: $done}]}\n"
RECONNECTIONS = size(60, 2_000)
SETTLED = size(20, 500)     # reconnections after which nothing grows but by an arena of Python's (1 MB), as its places fill up
SECONDS = size(20, 120)     # at rest

End = Callable[[Proxy, Dovecot], None]
ENDS: dict[str, End] = {
    "RST": lambda proxy, server: proxy.cut("rst"),
    "FIN": lambda proxy, server: proxy.cut("fin"),
    "BYE and restart": lambda proxy, server: server.restart(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_it_is_back_within_two_seconds(
        own_dovecot: Callable[[], Dovecot], tmp_path: Path, figure: Figure, end: End) -> None:
    """By the clock on the wall, from when the server can be reached to the mail that arrived meanwhile being filtered.

    A machine that has better to do just then is no slowness of ours: of five times, one counts.
    """
    server = own_dovecot()
    user = server.user()
    with Proxy((server.host, server.port)) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + RULES)
        with Bot(tmp_path, "--log-level", "debug") as bot:
            bot.wait("idle.started", seconds=60)
            took: list[float] = []
            while min(took, default=9.0) > 2 and len(took) < 5:
                end(proxy, server)
                there = time.time()
                bot.wait("session.lost", len(took) + 1, seconds=60)
                server.deliver(user, message("hello"))
                took.append(bot.wait("action.applied", len(took) + 1, seconds=60)[-1]["_at"] - there)
                bot.wait("idle.started", len(took) + 1, seconds=60)
            waits = [row["seconds"] for row in bot.seen("session.retry")]
            assert bot.stop()[0] == 0
    figure("recoveries, seconds in all", 1, round(min(took), 2))
    assert min(took) <= 2, took
    # The last wait is the one that may begin just before the server is there again.
    assert waits[-1] <= 2, waits


def test_a_black_hole_is_noticed_when_idle_is_renewed(dovecot: Dovecot, tmp_path: Path) -> None:
    """That is after the refresh and, at most, the minute that a command may take; the refresh is a second here."""
    user = dovecot.user()
    with Proxy((dovecot.host, dovecot.port)) as proxy:
        text = in_the_clear(proxy.port, user).replace("{host", "{idle_refresh: 1s, host")
        (tmp_path / "rules.yaml").write_text(text + RULES)
        with Bot(tmp_path) as bot:
            bot.wait("idle.started", seconds=60)
            proxy.cut("silence")
            dovecot.deliver(user, message("hello"))
            lost = bot.wait("session.lost", seconds=1 + 60 + 20)[0]
            assert "no answer in time" in lost["why"]
            bot.wait("action.applied", seconds=60)
            assert bot.stop()[0] == 0


def test_many_reconnections_leave_nothing_behind(dovecot: Dovecot, tmp_path: Path, figure: Figure) -> None:
    user = dovecot.user()
    with Proxy((dovecot.host, dovecot.port)) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + RULES)
        with Bot(tmp_path) as bot:
            bot.wait("idle.started", seconds=60)
            settled = Used(0, 0, 0)
            for number in range(1, RECONNECTIONS + 1):
                if number == SETTLED:
                    settled = used(bot.pid)
                proxy.cut("rst")

                def back(number: int = number) -> bool:
                    bot.signal(signal.SIGUSR1)      # a person asks for a look: no wait is kept
                    return len(bot.seen("idle.started")) > number

                until(back, deadline=60, what="the next connection")
            now = until(lambda: (at := used(bot.pid)).files <= settled.files and at, what=f"no more files than {settled}")
            assert bot.stop()[0] == 0
    figure("reconnections, kilobytes grown", RECONNECTIONS, now.kilobytes - settled.kilobytes)
    assert now.files <= settled.files
    assert now.threads <= settled.threads
    assert now.kilobytes - settled.kilobytes < 2_000


def test_at_rest_it_sleeps(dovecot: Dovecot, tmp_path: Path, figure: Figure) -> None:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(in_the_clear(dovecot.port, user) + RULES)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started", seconds=60)
        began, before = time.monotonic(), spent(bot.pid)
        until(lambda: time.monotonic() > began + SECONDS, deadline=2 * SECONDS, what="the end of the rest")
        minutes, after = (time.monotonic() - began) / 60, spent(bot.pid)
        assert bot.stop()[0] == 0
    wakeups, share = (after.wakeups - before.wakeups) / minutes, (after.nanoseconds - before.nanoseconds) / (minutes * 60e9)
    figure("at rest: wake-ups a minute, per cent of a processor", round(wakeups, 1), round(100 * share, 3))
    assert wakeups <= 10
    assert share <= 0.001


class Used(NamedTuple):
    files: int
    threads: int
    kilobytes: int


class Spent(NamedTuple):
    wakeups: int            # times that a thread had waited and went on
    nanoseconds: int        # of processor


def used(pid: int) -> Used:
    told = status(Path(f"/proc/{pid}/status"))
    return Used(len(list(Path(f"/proc/{pid}/fd").iterdir())), told["Threads"], told["VmRSS"])


def spent(pid: int) -> Spent:
    tasks = list(Path(f"/proc/{pid}/task").iterdir())
    return Spent(sum(status(task / "status")["voluntary_ctxt_switches"] for task in tasks),
                 sum(int((task / "schedstat").read_text().split()[0]) for task in tasks))


def status(file: Path) -> dict[str, int]:
    """Its rows that are numbers (proc(5))."""
    rows = (line.split() for line in file.read_text().splitlines())
    return {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
