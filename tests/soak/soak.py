"""The bot for a long time in bad weather: mail without end, connections cut, reloads, a hostile second client, ends by force.

    make soak                                       # an hour
    python -m tests.soak --seconds 600 --rate 10 --seed 1

At the end the weather clears up, the bot finishes, and every message must be where it is allowed to be.
"""

import random
import re
import smtplib
import sqlite3
import statistics
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imapclient.exceptions import IMAPClientError

from tests.e2e.bot import Bot, in_the_clear, mailbot
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy
from tests.soak.census import Record, census, doubled, files_twice, problems
from tests.soak.hostile import Hostile
from tests.soak.kinds import ELSEWHERE, INCOMING, RULES, message

INCOMING_EVERY = 9              # so many messages go to INBOX for one into the other folder
CUT_EVERY, RELOAD_EVERY = 5.0, 10.0      # seconds, on average
LIVES = 6                       # how often the bot is killed and started again, all in the first half: the second is for the memory
LOOK_AGAIN = threading.Event()  # nobody sets it: a pause between two looks at the whole mailbox
SETTLES_WITHIN = 420.0        # seconds: what has failed twice is tried again after two minutes, three times after four


@dataclass
class Sample:
    at: float
    kilobytes: int
    descriptors: int
    threads: int


@dataclass
class Figures:
    """What came of it; `wrong` is empty where the invariant holds."""

    seconds: float = 0.0
    sent: int = 0
    cuts: int = 0
    kills: int = 0
    reloads: int = 0
    deeds: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    wrong: list[str] = field(default_factory=list)
    waiting: int = 0            # messages that the journal still has to do with, or has parked
    touched: int = 0            # by the hostile client: moved or deleted
    doubled: int = 0            # by two moves at once
    settled: float = 0.0        # seconds from the end of the weather until all was done
    samples: list[Sample] = field(default_factory=list)     # of the last life of the bot
    alerts: list[dict[str, Any]] = field(default_factory=list)

    def grown(self) -> tuple[int, int, int]:
        """Kilobytes, descriptors and threads from the second quarter of the last life to its last: medians."""
        quarter = len(self.samples) // 4
        early, late = self.samples[quarter:2 * quarter], self.samples[3 * quarter:]
        return (_median(late, "kilobytes") - _median(early, "kilobytes"), _median(late, "descriptors") - _median(early, "descriptors"),
                _median(late, "threads") - _median(early, "threads"))

    def tenths(self) -> list[int]:
        """Kilobytes in each tenth of the last life: medians."""
        tenth = max(1, len(self.samples) // 10)
        return [_median(self.samples[start:start + tenth], "kilobytes") for start in range(0, tenth * 10, tenth)]


def _median(samples: list[Sample], name: str) -> int:
    return round(statistics.median(getattr(sample, name) for sample in samples))


class Soak:
    def __init__(self, home: Path, seconds: float, rate: float, seed: int) -> None:
        self._home, self._seconds, self._rate, self._rng = home, seconds, rate, random.Random(seed)
        self._server = Dovecot()
        self._user = self._server.user()
        self._record, self._figures = Record(), Figures()
        self._stop = threading.Event()
        self._feeding: BaseException | None = None
        self._numbers = 0

    def run(self) -> Figures:
        try:
            client = self._server.client(self._user)
            for folder in (INCOMING, ELSEWHERE):
                client.create_folder(folder)
            with Proxy((self._server.host, self._server.port)) as proxy:
                self._rules(proxy.port, "as it began")
                self._storm(proxy)
            return self._figures
        finally:
            self._stop.set()
            self._server.close()

    # -- the storm

    def _storm(self, proxy: Proxy) -> None:
        figures, began = self._figures, time.monotonic()
        hostile = Hostile(lambda: self._server.client(self._user), self._record, random.Random(self._rng.random()), 0.7, self._stop)
        feeder = threading.Thread(target=self._feed, name="feeder")
        half = self._seconds / 2
        kills = sorted(self._rng.uniform(0, half) for _ in range(LIVES - 1))
        bot = Bot(self._home)
        try:
            bot.wait("idle.started", seconds=60)
            for thread in (hostile, feeder):
                thread.start()
            cut_at = reload_at = sample_at = began
            while (now := time.monotonic()) - began < self._seconds and feeder.is_alive() and hostile.is_alive():
                if now >= cut_at:
                    self._cut(proxy)
                    cut_at = now + self._rng.expovariate(1 / CUT_EVERY)
                if now >= reload_at:
                    figures.reloads += 1
                    self._rules(proxy.port, f"reload {figures.reloads}", broken=self._rng.random() < 0.2)
                    reload_at = now + self._rng.expovariate(1 / RELOAD_EVERY)
                if kills and now - began >= kills[0]:
                    kills.pop(0)
                    self._rules(proxy.port, f"before kill {figures.kills}")     # with broken rules none would start
                    bot = self._again(bot)
                if now >= sample_at:
                    self._note(bot)
                    figures.samples.append(_sample(bot.pid, now - began))
                    sample_at = now + max(0.5, self._seconds / 2000)
                self._stop.wait(0.05)
            self._stop.set()
            for thread in (hostile, feeder):
                thread.join(60)
            figures.seconds, figures.sent, figures.deeds = time.monotonic() - began, len(self._record.sent), hostile.deeds
            if problem := hostile.problem or self._feeding:
                raise problem
            proxy.set(cut_s2c=None, cut_c2s=None)
            proxy.cut("fin")
            self._rules(proxy.port, "the weather has cleared up")
            self._settle(bot)
            figures.connections = len({event.connection for event in proxy.events})
            assert bot.stop()[0] == 0
            self._no_op()
        finally:
            self._stop.set()
            bot.__exit__(None, None, None)

    def _feed(self) -> None:
        began = time.monotonic()
        try:
            with self._server.client(self._user) as client:
                while not self._stop.is_set():
                    for number in range(self._numbers, int((time.monotonic() - began) * self._rate)):
                        if self._stop.is_set():
                            return
                        self._numbers = number + 1
                        self._record.sent.add(number)
                        if number % (INCOMING_EVERY + 1) == 0:
                            try:
                                client.append(INCOMING, message(number))
                            except IMAPClientError:     # it is being replaced just now
                                self._record.sent.discard(number)
                        else:
                            self._deliver(number)
                    self._stop.wait(0.05)
        except BaseException as problem:    # noqa: BLE001  # the soak itself raises it
            self._feeding = problem

    def _deliver(self, number: int) -> None:
        with smtplib.LMTP(self._server.host, self._server.lmtp_port, timeout=60) as lmtp:
            lmtp.sendmail("soak@example.org", [self._user], message(number))

    def _cut(self, proxy: Proxy) -> None:
        """All connections now; and the next one, perhaps, after so many octets more. Those behind it live until the next cut."""
        self._figures.cuts += 1
        self._forget(proxy)
        coming = 1 + max((event.connection for event in proxy.events), default=0)
        proxy.set(cut_s2c=self._rng.choice([None, self._rng.randrange(1_000, 20_000)]), only={coming},
                  cut_c2s=self._rng.choice([None, self._rng.randrange(300, 8_000)]), how=self._rng.choice(["fin", "rst"]))
        proxy.cut(self._rng.choice(["fin", "rst"]))

    def _forget(self, proxy: Proxy) -> None:
        """What the proxy has noted of commands is not asked for here, and would fill the memory of an hour."""
        proxy.events[:] = [event for event in proxy.events if event.what == "open"]

    def _again(self, bot: Bot) -> Bot:
        self._figures.kills += 1
        bot.kill()
        bot.__exit__(None, None, None)      # its log is read to the end
        self._note(bot)
        self._figures.samples.clear()
        again = Bot(self._home)
        again.wait("rules.loaded", seconds=60)      # broken ones, now, would be its end
        return again

    def _rules(self, port: int, why: str, *, broken: bool = False) -> None:
        text = in_the_clear(port, self._user) + f"# {why}\n" + RULES
        if broken:
            text += "  - {name: broken, when: {subject: }, then: [mvoe]}\n"     # refused: the earlier ones stay in force
        (self._home / "rules.yaml").write_text(text)

    # -- the calm

    def _note(self, bot: Bot) -> None:
        """From its log: where it began in folders that were replaced; and what it wanted a person to see."""
        while bot.events:
            row = bot.events.pop(0)
            if row["event"] in ("folder.begun", "uidvalidity.changed") and row["folder"] == INCOMING and "now" in row:
                self._record.begun[row["now"]] = row["from_uid"]
            if row.get("alert") and row["event"] != "rules.rejected":
                self._figures.alerts.append(row)

    def _settle(self, bot: Bot) -> None:
        # Patient: Dovecot is behind with folders of thousands that were renamed and filled under load.
        figures, began, client = self._figures, time.monotonic(), self._server.client(self._user, timeout=600)

        while True:
            self._note(bot)
            figures.wrong = problems(census(client), self._record, self._home / "files", self._waiting())
            if not figures.wrong or time.monotonic() - began > SETTLES_WITHIN:
                break
            LOOK_AGAIN.wait(2)
        figures.settled = time.monotonic() - began
        figures.waiting = len(self._waiting())
        figures.touched, figures.doubled = len(self._record.touched), doubled(census(client), self._record)
        figures.wrong += [f"{name}: a file written twice" for name in files_twice(self._home / "files")]

    def _waiting(self) -> dict[tuple[str, int, int], str]:
        """Parked: nothing more will become of it by itself."""
        with closing(sqlite3.connect(self._home / "state/state.db")) as connection:
            rows = connection.execute("SELECT folder, uidvalidity, uid, why FROM pending WHERE parked = 1").fetchall()
        return {(folder, uidvalidity, uid): why for folder, uidvalidity, uid, why in rows}

    def _no_op(self) -> None:
        """A further run changes nothing."""
        before = self._server.snapshot(self._user)
        once = mailbot(self._home, "run", "--once", seconds=300)
        if once.returncode or self._server.snapshot(self._user) != before:
            self._figures.wrong.append(f"a further run changed something, or failed: {once.returncode} {once.stderr[-500:]}")


def _sample(pid: int, at: float) -> Sample:
    proc = Path(f"/proc/{pid}")
    status = (proc / "status").read_text()
    number = {name: int(value) for name, value in re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE)}
    return Sample(at, number["VmRSS"], len(list((proc / "fd").iterdir())), number["Threads"])
