"""What a shell, a probe and an editor wait for: `--version`, `health`, and a thousand rules loaded anew."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.clients import environment
from bench.measure import run
from bench.report import Figures, told
from bench.rule_files import RULE
from mailbot.sim.server import Server
from tests.lab.until import until


def startup(runs: int) -> Iterator[Figures]:
    """`health` beside a bot that runs; all with bytecode."""
    yield told("Commands, start to end; and 1,000 rules, from the save to `rules.loaded`")
    home = Path(tempfile.mkdtemp(prefix="mb-bench-"))
    rules = "".join(RULE.replace("NUMBER", str(number)) for number in range(1000))
    with Server() as server, (home / "log").open("wb") as log:
        account = (f"version: 1\naccounts:\n  a: {{host: 127.0.0.1, port: {server.port}, tls: none, user: ada, "
                   "password: {env: MAIL_PASSWORD}}\nrules:\n")
        (home / "rules.yaml").write_text(account + rules)
        command = [sys.executable, "-m", "mailbot"]
        bot = subprocess.Popen([*command, "run", "--log-format", "json"], cwd=home, env=environment(home),
                               stdin=subprocess.DEVNULL, stderr=log)
        try:
            until(lambda: '"idle.started"' in (home / "log").read_text(), deadline=60, what="idle")
            for turn in range(runs + 1):
                for name in ("--version", "health"):
                    cost = run([*command, name], home, environment(home))
                    if turn:        # the first may still compile
                        yield {"name": f"mailbot {name}", "seconds": cost.seconds, "cpu": cost.cpu, "megabytes": cost.megabytes}
                loaded = (home / "log").read_text().count('"rules.loaded"')
                began = time.monotonic()
                (home / "rules.yaml").write_text(f"{account}{rules}# {turn}\n")
                until(lambda loaded=loaded: (home / "log").read_text().count('"rules.loaded"') > loaded, deadline=30, what="the reload")
                if turn:
                    yield {"name": "1,000 rules reloaded", "seconds": time.monotonic() - began}
        finally:
            bot.terminate()
            bot.wait()
