"""One message arrives: from the server's own notification to the action, and how many round trips that takes."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.clients import CLIENTS, Client, environment
from bench.mailbox import message
from bench.relay import Relay
from bench.report import Figures, told
from bench.rules import Rule, rules
from tests.lab import cyrus, dovecot
from tests.lab.cyrus import Cyrus
from tests.lab.dovecot import Dovecot
from tests.lab.until import until

SETTLED = 1.5       # seconds without a word on the wire: the client idles
SERVERS: dict[str, tuple[Callable[[], Dovecot | Cyrus], Callable[[], str]]] = {
    "Dovecot": (Dovecot, dovecot.missing), "Cyrus": (Cyrus, cyrus.missing)}


@dataclass(frozen=True, slots=True)
class NewMail:
    server: str
    rules: int
    delay: float

    def __call__(self, runs: int) -> Iterator[Figures]:
        yield told(f"New mail on {self.server}, {self.rules} rules, {self.delay * 1000:.0f} ms away: delivered → moved")
        start, missing = SERVERS[self.server]
        if why := missing():
            yield told(f"not run: {why}")
            return
        server = start()
        try:
            for client in CLIENTS:
                if client.watch is None:
                    yield told(f"{client.name}: does not wait for mail")
                elif why := client.missing():
                    yield told(f"{client.name}: not run: {why}")
                else:
                    yield from self._watched(server, client, client.watch, runs)
        finally:
            server.close()

    def _watched(self, server: Dovecot | Cyrus, client: Client, watch: Callable[..., list[str]], runs: int) -> Iterator[Figures]:
        user, wanted, home = server.user(), rules(self.rules), Path(tempfile.mkdtemp(prefix="mb-bench-"))
        moving = [rule for rule in wanted if rule.folder]
        with server.client(user) as person:
            for rule in moving:
                person.create_folder(rule.folder)
            person.append("INBOX", message(0, None, Random(0)))
        with Relay((server.host, server.port), self.delay) as relay, (home / "log").open("wb") as log:
            process = subprocess.Popen(watch(home, wanted, relay.port, user), cwd=home, env=environment(home), stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log)
            try:
                _settle(relay)
                for turn in range(runs):
                    yield {"name": client.name, **self._one(server, user, relay, moving[(turn * 7 + len(moving) // 2) % len(moving)], turn)}
            except AssertionError as error:
                raise SystemExit(f"{client.name}: {error}: {(home / 'log').read_text()[-1_000:]}") from error
            finally:
                process.kill()
                process.wait()
        shutil.rmtree(home)

    def _one(self, server: Dovecot | Cyrus, user: str, relay: Relay, rule: Rule, turn: int) -> Figures:
        relay.reset()
        began = time.monotonic()
        server.deliver(user, message(turn + 1, rule, Random(turn)))
        until(lambda: any(what == "COPYUID" for _, what in relay.marks), deadline=60, what="the move")
        announced = next(at for at, what in relay.marks if what == "EXISTS")
        moved = next(at for at, what in relay.marks if what == "COPYUID")
        _settle(relay)
        return {"seconds": moved - began, "own": moved - announced, "trips": relay.trips, "up": relay.up / 1000, "down": relay.down / 1000}


def _settle(relay: Relay) -> None:
    """Until nothing has been said for a while."""
    said, since = -1, time.monotonic()

    def quiet() -> bool:
        nonlocal said, since
        if (now := relay.up + relay.down) != said:
            said, since = now, time.monotonic()
        return bool(relay.up) and time.monotonic() - since > SETTLED

    until(quiet, deadline=60, what="silence on the wire")
