"""Many accounts in one process: memory, threads, CPU at rest, how they start and come back, and whether every wake-up is handled.

    python -m bench.accounts 1000                   on a server that does next to nothing itself (bench/crowd.py)
    python -m bench.accounts 500 --server dovecot   on one Dovecot 2.3
    --tls                                           with TLS, as most accounts have it
    --rest 330                                      seconds of rest that are measured; a cycle of IDLE refreshes takes 300
"""

import argparse
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.crowd import Crowd
from tests.e2e.bot import Bot
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.process import remove, short_directory
from tests.lab.scripted import server_context
from tests.lab.tls import certificate
from tests.lab.until import until

RULES = "rules: [{name: r, when: {subject: hello}, then: [{flag: $seen-by-r}]}]\n"
ROW = 1000          # wake-ups of one account, one after the other
# One process for a thousand sessions, as a large site has it; else each is one of its own.
MANY = """
service imap-login {
  service_count = 0
  client_limit = 5000
}
service imap {
  client_limit = 200
  service_count = 0
}
"""


@dataclass
class Figures:
    """Of one run; the log's time is the bot's own."""

    started: float      # seconds until all accounts waited on IDLE
    most: int           # connections that the server saw in any second of the start
    resident: float     # MB
    threads: int
    cpu: float          # of one core, at rest: 0.01 is 1 %
    switches: float     # a second, at rest: how often something in the process was woken
    woken: float        # seconds until a mail in every account was acted on
    row: float          # seconds for ROW wake-ups of one account
    back: float         # seconds from the restart until all accounts waited again
    most_back: int      # connections that the server saw in any second of that
    ended: float        # seconds that SIGTERM took


class OnCrowd:
    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self.port = crowd, crowd.port

    def users(self, count: int) -> list[str]:
        return [f"user{number}" for number in range(count)]

    def deliver(self, user: str) -> None:
        self._crowd.deliver(user)

    def restart(self) -> None:
        self._crowd.hang_up()

    def came(self) -> Sequence[float]:
        return list(self._crowd.came)


class OnDovecot:
    def __init__(self, server: Dovecot, port: int) -> None:
        self._server, self.port = server, port

    def users(self, count: int) -> list[str]:
        return [self._server.user() for _ in range(count)]

    def deliver(self, user: str) -> None:
        self._server.deliver(user, message("hello"))

    def restart(self) -> None:
        self._server.kill()         # a polite end of five hundred sessions takes its time
        self._server.start()

    def came(self) -> Sequence[float]:
        """Dovecot notes whole seconds."""
        logins = re.findall(r"^(\w+ \d+ [\d:]+) imap-login: Info: Login: user=<user", self._server.log, re.MULTILINE)
        return [datetime.strptime(f"{datetime.now():%Y} {at}", "%Y %b %d %H:%M:%S").timestamp() for at in logins]


On = OnCrowd | OnDovecot


def most_in_a_second(moments: Sequence[float]) -> int:
    moments = sorted(moments)
    return max((sum(first <= at < first + 1 for at in moments[index:index + 2000]) for index, first in enumerate(moments)), default=0)


def status(pid: int, what: str) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split(f"\n{what}:")[1].split()[0])


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def switches(pid: int) -> int:
    return sum(int((task / "status").read_text().split("\nvoluntary_ctxt_switches:")[1].split()[0])
               for task in Path(f"/proc/{pid}/task").iterdir())


def waited(what: str, condition: Callable[[], bool], seconds: float) -> float:
    began = time.monotonic()
    until(condition, deadline=seconds, what=what)
    return time.monotonic() - began


def configured(home: Path, users: Sequence[str], on: On, ca: Path | None) -> Path:
    where = f"host: localhost, ca_file: {ca}" if ca else "host: 127.0.0.1, tls: none"
    accounts = "".join(f"  a{number}: {{{where}, port: {on.port}, user: {user}, password: {{env: MAIL_PASSWORD}}}}\n"
                       for number, user in enumerate(users))
    (home / "rules.yaml").write_text(f"accounts:\n{accounts}{RULES}")
    return home


def measured(on: On, count: int, ca: Path | None, *, rest: float, row: int) -> Figures:
    users, patience = on.users(count), 120 + count / 2
    with tempfile.TemporaryDirectory() as home, Bot(configured(Path(home), users, on, ca)) as bot:
        def idling(times: int) -> Callable[[], bool]:
            return lambda: len(bot.seen("idle.started")) >= times * count

        def acted(times: int) -> Callable[[], bool]:
            return lambda: len(bot.seen("action.applied")) >= times

        started = waited("all accounts idle", idling(1), patience)
        most = most_in_a_second(on.came())
        resident, threads = status(bot.pid, "VmRSS") / 1024, status(bot.pid, "Threads")
        before, woken_before = cpu_seconds(bot.pid), switches(bot.pid)
        threading.Event().wait(rest)
        cpu, switched = (cpu_seconds(bot.pid) - before) / rest, (switches(bot.pid) - woken_before) / rest

        began = time.monotonic()
        for user in users:
            on.deliver(user)
        waited("an action in every account", acted(count), patience)
        woken = time.monotonic() - began
        began = time.monotonic()
        for number in range(row):
            on.deliver(users[0])
            waited("the next action", acted(count + number + 1), 60)
        in_a_row = time.monotonic() - began

        arrived = len(on.came())
        on.restart()
        back = waited("all accounts are back", idling(2), patience)
        most_back = most_in_a_second(on.came()[arrived:])
        code, ended = bot.stop()
        if code or bot.seen("watcher.failed") or bot.other:
            raise SystemExit(f"it ended with {code}: {bot.seen('watcher.failed')[:3]} {bot.other[:3]}")
    return Figures(started, most, resident, threads, cpu, switched, woken, in_a_row, back, most_back, ended)


@contextmanager
def crowd(*, tls: bool) -> Iterator[tuple[On, Path | None]]:
    directory = short_directory("crowd")
    try:
        made = certificate(directory) if tls else None
        with Crowd(server_context(made) if made else None) as running:
            yield OnCrowd(running), made.ca if made else None
    finally:
        remove(directory)


@contextmanager
def dovecot(*, tls: bool) -> Iterator[tuple[On, Path | None]]:
    with closing(Dovecot(extra=MANY)) as running:
        yield OnDovecot(running, running.tls_port if tls else running.port), running.ca if tls else None


SERVERS = {"crowd": crowd, "dovecot": dovecot}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("accounts", type=int, nargs="?", default=1000)
    parser.add_argument("--server", choices=SERVERS, default="crowd")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--rest", type=float, default=330.0)
    parser.add_argument("--row", type=int, default=ROW, help="wake-ups of one account, one after the other")
    options = parser.parse_args()
    with SERVERS[options.server](tls=options.tls) as (on, ca):
        figures = measured(on, options.accounts, ca, rest=options.rest, row=options.row)
    print(f"{options.accounts} accounts on {options.server}{', TLS' if options.tls else ''}")
    print(f"  all wait on IDLE after {figures.started:.1f} s; at most {figures.most} connections in a second")
    print(f"  {figures.resident:.0f} MB resident, {figures.threads} threads")
    print(f"  at rest, over {options.rest:.0f} s: {100 * figures.cpu:.2f} % of one core, woken {figures.switches:.1f} times a second")
    print(f"  a mail in each: all acted on after {figures.woken:.1f} s; {options.row} in a row in one: {figures.row:.1f} s")
    print(f"  after a restart of the server all are back in {figures.back:.1f} s; at most {figures.most_back} connections in a second")
    print(f"  SIGTERM: {figures.ended:.1f} s")


if __name__ == "__main__":
    main()
