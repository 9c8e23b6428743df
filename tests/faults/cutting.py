"""The connection ends at a given octet; the program begins again; where is the mail?"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from imapclient.exceptions import IMAPClientError

from mailbot.errors import MailbotError
from tests.faults.home import Home, Life, Post, mailbot
from tests.faults.scenarios import Capabilities, Scenario
from tests.faults.verdict import Verdict
from tests.lab.faults import How
from tests.lab.proxy import Proxy

Way = Literal["c2s", "s2c"]
WAYS: tuple[Way, ...] = ("c2s", "s2c")
HOWS: tuple[How, ...] = ("fin", "rst", "silence")
GOLDEN = 0.6180339887498949     # multiples of it, modulo 1, lie evenly on a line, however many there are
TO_LOGIN = 0.1                  # the share of cuts before the login is done, where there is nothing to lose yet
IMPATIENT = 0.4                 # seconds until a program gives up a server that has fallen silent


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
        return Home(self.post, self.folder / name, self.scenario)

    def length(self) -> Length:
        """Of an uncut life, after which everything must be in its place."""
        home = self.home("uncut")
        with self.proxy() as proxy:
            with home.journal() as journal:
                session = home.session(proxy.port, 20)
                login: dict[Way, int] = {"c2s": session.counts.sent, "s2c": session.counts.received}
                home.look(journal, session)
                whole: dict[Way, int] = {"c2s": session.counts.sent, "s2c": session.counts.received}
                session.abandon()
            refused = [event.verb for event in proxy.events if event.what == "denied"]
        assert not refused, f"sent what the server did not announce: {refused}"
        assert not (wrong := home.verdict(self.capabilities)), f"without any cut: {wrong} {home.mail()}"
        home.forget()
        return Length(login, whole)

    def cut(self, cut: Cut, name: str) -> Verdict:
        """What is wrong after this cut and a new start. AssertionError where a further run changes something."""
        home = self.home(name)
        lives = {1, 2} if cut.again else {1}
        with self.proxy(only=lives, how=cut.how, **{f"cut_{cut.way}": cut.octet}) as proxy:
            for _ in lives:
                # What breaks a connection comes out of a library as one of the others.
                with suppress(MailbotError, IMAPClientError, OSError):
                    self.life(home, proxy.port, passes=1, timeout=IMPATIENT if cut.how == "silence" else 20)
                proxy.until_quiet()
            self.life(home, proxy.port, passes=2, timeout=20)
            verdict = home.verdict(self.capabilities)
            before = home.everything()
            self.life(home, proxy.port, passes=1, timeout=20)
        assert home.everything() == before, f"a further run changed something after {cut}"
        home.forget()
        return verdict


def cuts(length: Length, first: int, count: int) -> Iterator[Cut]:
    """So many for each way and each how: of the positions that lie evenly over the conversation, those from `first` on."""
    for number in range(first, first + count):
        for way in WAYS:
            for kind, how in enumerate(HOWS):
                share = (number * GOLDEN + kind / 7) % 1
                yield Cut(way, how, length.octet(way, share), again=number % 3 == 2)
