"""Ten thousand messages, and a hundred thousand: every client on a copy of its own, in turn, to the same end."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.clients import Client, environment
from bench.mailbox import Template
from bench.measure import run
from bench.relay import Relay
from bench.rules import Rule
from tests.lab.dovecot import Dovecot

# What one run came to: "seconds", "cpu", "megabytes", "trips", "up", "down".
Figures = dict[str, float]


def one(server: Dovecot, template: Template, client: Client, rules: Sequence[Rule], delay: float) -> Figures:
    user = template.clone()
    home = Path(tempfile.mkdtemp(prefix="mb-bench-"))
    try:
        with Relay((server.host, server.port), delay) as relay:
            cost = run(client.backlog(home, rules, relay.port, user), home, environment(home))
        wrong = [inode for inode, place in template.state(user).items() if template.sorted[inode] != place]
        if wrong or len(template.state(user)) != len(template.sorted):
            raise SystemExit(f"{client.name} left {len(wrong):,} of {len(template.sorted):,} messages in the wrong place")
        return {"seconds": cost.seconds, "cpu": cost.cpu, "megabytes": cost.megabytes, "trips": relay.trips,
                "up": relay.up, "down": relay.down}
    finally:
        template.remove(user)
        shutil.rmtree(home)
