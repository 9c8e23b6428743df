"""However often the rules are read again, good or broken, with accounts that come and go: nothing grows."""

import signal
from pathlib import Path

from bench.crowd import Crowd
from tests.e2e.bot import Bot
from tests.faults.conftest import Figure
from tests.faults.size import size
from tests.faults.test_recovery_times import Used, used
from tests.lab.until import until

RELOADS = size(120, 10_000)
SETTLED = 60       # reloads after which nothing grows any more
EDIT = 10           # every so manieth is of another file; the others are asked for, as by `systemctl reload`
ACCOUNT = "{{host: 127.0.0.1, port: {port}, tls: none, user: {user}, password: x, idle_refresh: {refresh}m}}"


def text(number: int, port: int) -> str:
    """Of a file: each time another rule and an account that is another, now and then with one account more, or broken."""
    if number % 4 == 3:
        return "rules: [{name: a, when: {subjct: hello}, then: [mvoe: A]}]"
    accounts = [f"  {user}: " + ACCOUNT.format(port=port, user=user, refresh=refresh)
                for user, refresh in (("stays", 5), ("changes", 5 + number % 7), *([("comes", 5)] if number % 2 else []))]
    rule = f"{{name: r{number}, when: {{subject: hello, matches: {{from: 'a{number}+'}}}}, then: [{{flag: $done}}]}}"
    return "\n".join(["accounts:", *accounts, f"rules: [{rule}]", ""])


def test_many_reloads_leave_nothing_behind(tmp_path: Path, figure: Figure) -> None:
    rules, next_rules = tmp_path / "rules.yaml", tmp_path / "next"
    with Crowd() as crowd:
        rules.write_text(text(0, crowd.port))
        with Bot(tmp_path) as bot:
            bot.wait("idle.started", 2)
            settled = Used(0, 0, 0)
            for number in range(1, RELOADS + 1):
                if number == SETTLED:
                    settled = used(bot.pid)
                bot.events.clear()
                if number % EDIT == 0:
                    next_rules.write_text(text(number // EDIT, crowd.port))
                    next_rules.replace(rules)
                else:
                    bot.signal(signal.SIGHUP)
                until(lambda: bot.seen("rules.loaded") or bot.seen("rules.rejected"), deadline=30, what=f"reload {number}")
            now = until(lambda: (at := used(bot.pid)).files <= settled.files and at.threads <= settled.threads and at, deadline=30,
                        what=f"no more files and threads than {settled}")
            assert bot.stop()[0] == 0
    figure("reloads, kilobytes grown", RELOADS, now.kilobytes - settled.kilobytes)
    assert now.kilobytes - settled.kilobytes < 4_000
