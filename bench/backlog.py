"""Ten thousand messages, and a hundred thousand: every client on a copy of its own, in turn, to the same end."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.clients import CLIENTS, MAILBOT, Client, environment, mailbot
from bench.mailbox import Template
from bench.measure import run
from bench.relay import Relay
from bench.report import Figures, row, told
from bench.rules import rules
from tests.lab.dovecot import Dovecot

RULES = 50


@dataclass(frozen=True, slots=True)
class Backlog:
    """`delay`: seconds of a round trip. `once`: who takes so long that one run must do. `left_out`: who is not run at all."""

    count: int
    delay: float
    once: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    plans: bool = False

    def __call__(self, runs: int) -> Iterator[Figures]:
        yield told(f"{self.count:,} messages, {RULES} rules, {self.delay * 1000:.0f} ms away: everything, start to end")
        server = Dovecot()
        try:
            wanted = rules(RULES)
            template = Template(server, self.count, wanted)
            for client in CLIENTS:
                if client.name in self.left_out:
                    yield told(f"{client.name}: not run, it would take longer than all the others together")
                elif why := client.missing():
                    yield told(f"{client.name}: not run: {why}")
            here = [client for client in CLIENTS if client.name not in self.left_out and not client.missing()]
            for turn in range(runs):        # in turn, so that what else the machine does meets all of them
                for client in here:
                    if turn == 0 or client.name not in self.once:
                        yield self._one(server, template, client)
                if self.plans:
                    yield self._plan(server, template)
        finally:
            server.close()

    def _one(self, server: Dovecot, template: Template, client: Client) -> Figures:
        user = template.clone()
        home = Path(tempfile.mkdtemp(prefix="mb-bench-"))
        try:
            with Relay((server.host, server.port), self.delay) as relay:
                cost = run(client.backlog(home, rules(RULES), relay.port, user), home, environment(home))
            self._check(template, user, client.name)
            return row(client.name, cost, relay)
        finally:
            template.remove(user)
            shutil.rmtree(home)

    def _plan(self, server: Dovecot, template: Template) -> Figures:
        user = template.clone()
        home = Path(tempfile.mkdtemp(prefix="mb-bench-"))
        try:
            with Relay((server.host, server.port), self.delay) as relay:
                cost = run(mailbot(home, rules(RULES), relay.port, user, "plan"), home, environment(home))
            return row(f"{MAILBOT.name} plan", cost, relay)
        finally:
            template.remove(user)
            shutil.rmtree(home)

    def _check(self, template: Template, user: str, name: str) -> None:
        found = template.state(user)
        wrong = [inode for inode, place in template.sorted.items() if found.get(inode) != place]
        if wrong or len(found) != len(template.sorted):
            raise SystemExit(f"{name} left {len(wrong):,} of {len(template.sorted):,} messages other than the rules say")
