"""The connection ends at a given octet; the program begins again; where is the mail?"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from imapclient.exceptions import IMAPClientError

from mailbot.errors import MailbotError
from tests.faults.home import Home, Life, mailbot
from tests.faults.posts import Post
from tests.faults.scenarios import Capabilities, Scenario, expected_files, expected_mail
from tests.faults.verdict import Verdict, judged
from tests.lab.faults import How
from tests.lab.proxy import Proxy

Way = Literal["c2s", "s2c"]
WAYS: tuple[Way, ...] = ("c2s", "s2c")
HOWS: tuple[How, ...] = ("fin", "rst", "silence")
GOLDEN = 0.6180339887498949     # multiples of it, modulo 1, lie evenly on a line, however many there are
TO_LOGIN = 0.1                  # the share of cuts before the login is done, where there is nothing to lose yet
IMPATIENT, PATIENT = 0.4, 20.0  # seconds until a program gives up: a server that falls silent, and one that is there


class Cut(NamedTuple):
    """`again`: the life after it is cut at the same octet."""

    way: Way
    how: How
    octet: int
    again: bool = False


@dataclass(frozen=True)
class Length:
    """Octets of one uncut conversation, each way: up to the end of the login, and in all."""

    login: Mapping[Way, int]
    whole: Mapping[Way, int]

    def octet(self, way: Way, share: float) -> int:
        if share < TO_LOGIN:
            return int(share / TO_LOGIN * self.login[way])
        return self.login[way] + int((share - TO_LOGIN) / (1 - TO_LOGIN) * (self.whole[way] - self.login[way]))


@dataclass(frozen=True)
class Bench:
    """One scenario on one server, that lacks something."""

    post: Post
    scenario: Scenario
    capabilities: Capabilities
    folder: Path                # for state folders
    life: Life = mailbot

    def proxy(self, **faults: object) -> Proxy:
        return Proxy((self.post.host, self.post.port), hide=self.capabilities.hidden, deny=self.capabilities.denied, **faults)

    def home(self, name: str) -> Home:
        """A mailbox with its mail, and a program that has never run."""
        (self.folder / name).mkdir()
        return Home(self.post.host, self.post.user(), self.folder / name, self.scenario)

    def forget(self, home: Home) -> None:
        self.post.forget(home.user)
        shutil.rmtree(home.folder)

    def verdict(self, home: Home) -> Verdict:
        must = expected_mail(self.scenario, self.capabilities.hidden)
        return judged(self.post.mail(home.user), home.saved(), must, expected_files(self.scenario))

    def converged(self, home: Home, port: int) -> Verdict:
        """What is wrong after a new start. AssertionError where a further run changes something."""
        self.life(home, port, passes=2, timeout=PATIENT)
        verdict, before = self.verdict(home), self._everything(home)
        self.life(home, port, passes=1, timeout=PATIENT)
        assert self._everything(home) == before, "a further run changed something"
        return verdict

    def _everything(self, home: Home) -> object:
        return self.post.mail(home.user), home.saved(), home.rows()

    def length(self) -> Length:
        """Of an uncut life, after which everything must be in its place."""
        home = self.home("uncut")
        with self.proxy() as proxy:
            with home.journal() as journal:
                session = home.session(proxy.port, PATIENT)
                login: dict[Way, int] = {"c2s": session.counts.sent, "s2c": session.counts.received}
                home.look(journal, session)
                whole: dict[Way, int] = {"c2s": session.counts.sent, "s2c": session.counts.received}
                session.abandon()
            refused = [event.verb for event in proxy.events if event.what == "denied"]
        assert not refused, f"sent what the server did not announce: {refused}"
        assert not (wrong := self.verdict(home)), f"without any cut: {wrong} {self.post.mail(home.user)}"
        self.forget(home)
        return Length(login, whole)

    def cut(self, cut: Cut, name: str) -> Verdict:
        """What is wrong after this cut and a new start."""
        home = self.home(name)
        lives = {1, 2} if cut.again else {1}
        with self.proxy(only=lives, how=cut.how, **{f"cut_{cut.way}": cut.octet}) as proxy:
            for _ in lives:
                # What breaks a connection comes out of a library as one of the others.
                with suppress(MailbotError, IMAPClientError, OSError):
                    self.life(home, proxy.port, passes=1, timeout=IMPATIENT if cut.how == "silence" else PATIENT)
                proxy.until_quiet()
            verdict = self.converged(home, proxy.port)
        self.forget(home)
        return verdict


def cuts(length: Length, first: int, count: int) -> Iterator[Cut]:
    """So many for each way and each how: of the positions that lie evenly over the conversation, those from `first` on."""
    for number in range(first, first + count):
        for way in WAYS:
            for kind, how in enumerate(HOWS):
                share = (number * GOLDEN + kind / 7) % 1
                yield Cut(way, how, length.octet(way, share), again=number % 3 == 2)
