"""At most twelve logins an hour where they are refused, whatever the account's connections. An hour is 3.6 seconds here.

That is one try an interval of six minutes; with OAuth2 one more at the beginning.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from mailbot.accounts import token_file
from mailbot.accounts.account import Account
from mailbot.accounts.oauth2 import OAuth2
from mailbot.accounts.providers import Endpoints
from mailbot.accounts.secrets import Plain
from mailbot.accounts.token_file import Tokens
from mailbot.engine.database import utc_now
from mailbot.engine.engine import Engine
from mailbot.engine.execute import carry_out
from mailbot.engine.journal import Journal
from mailbot.rules.rule import Ruleset
from mailbot.service import backoff
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.shared import Shared
from mailbot.service.team import Team
from mailbot.service.wake import Wake
from mailbot.service.work import Work
from tests.lab.dovecot import Dovecot
from tests.lab.oauth import Provider, bearer_server
from tests.lab.until import until

SCALE = 1000
INTERVAL = backoff.LOGIN_REFUSED / SCALE
TRIES = 8
FOLDERS = ("INBOX", "Trash", "Junk", "Archive", "Sent")


@pytest.fixture(scope="module")
def servers(dovecot: Dovecot) -> Iterator[tuple[Provider, Dovecot]]:
    """`dovecot` is asked for since it skips where there is none."""
    del dovecot
    with bearer_server() as started:
        yield started


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    journal = Journal.open(tmp_path / "state.db")
    patience = backoff.Patience(login_refused=INTERVAL)
    yield Shared(Ruleset(()), Work(Engine(journal, str(tmp_path), utc_now), carry_out, read_only=False), Heartbeat(tmp_path), Random(1),
                 patience)
    journal.close()


def refusals(account: Account, shared: Shared, seen: Callable[[], int], output: pytest.CaptureFixture[str]) -> tuple[int, int]:
    """Of five watchers that all want to log in, until the server has seen TRIES: what it has seen in all, and `session.refused`.

    Each of the latter is followed by an interval, of which an hour has ten.
    """
    before, began = seen(), time.monotonic()
    team = Team(account, shared, Wake(), begin_after=0.0)
    try:
        team.assign(FOLDERS, together=False)
        until(lambda: seen() - before >= TRIES, deadline=60, what=f"{TRIES} tries")
        assert time.monotonic() - began >= (TRIES - 2) * INTERVAL, "each was followed by its interval"
    finally:
        team.stop()
        assert team.join(time.monotonic() + 10)
    refused = "".join(output.readouterr()).count("session.refused")     # wherever the log goes by now
    until(lambda: seen() - before >= refused, what="the server's note of the last try")
    return seen() - before, refused


def failures(server: Dovecot, user: str) -> int:
    return server.log.count(f"user=<{user}>, method=")


def account(server: Dovecot, user: str, secret: Plain | OAuth2) -> Account:
    return Account("home", "127.0.0.1", user, secret, port=server.port, tls="none")


def signed_in(provider: Provider, user: str, path: Path) -> OAuth2:
    token_file.write(path, Tokens(provider.grant(user), provider.access(user), time.time() + 3600))
    return OAuth2(Endpoints(provider.token_url), "me", token_file=path)


def test_an_hour_has_room_for_no_more_than_ten_intervals() -> None:
    assert 3600 / min(backoff.after_refusal(backoff.Patience().login_refused, Random(seed)) for seed in range(1000)) <= 10


def test_a_wrong_password(servers: tuple[Provider, Dovecot], shared: Shared, capsys: pytest.CaptureFixture[str]) -> None:
    _, server = servers
    user = server.user()
    tries, refused = refusals(account(server, user, Plain("wrong")), shared, lambda: failures(server, user), capsys)
    assert tries == refused


def test_a_token_that_the_mail_server_refuses_again_and_again(
    servers: tuple[Provider, Dovecot], shared: Shared, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    provider, server = servers
    user = server.user()
    oauth2 = signed_in(provider, "somebody-else", tmp_path / "t")
    asked = provider.asked["/token"]
    tries, refused = refusals(account(server, user, oauth2), shared, lambda: failures(server, user), capsys)
    # The first token was kept from before: one more try with a fresh one. From then on each is fresh, and there is no second.
    assert (tries, provider.asked["/token"] - asked) == (refused + 1, refused)


def test_a_revoked_refresh_token_is_the_providers_to_refuse(
    servers: tuple[Provider, Dovecot], shared: Shared, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    provider, server = servers
    user = server.user()
    token_file.write(tmp_path / "t", Tokens("refresh-of-nobody"))
    oauth2 = OAuth2(Endpoints(provider.token_url), "me", token_file=tmp_path / "t")
    tries, refused = refusals(account(server, user, oauth2), shared, lambda: provider.asked["/token"], capsys)
    assert (tries, failures(server, user)) == (refused, 0)
