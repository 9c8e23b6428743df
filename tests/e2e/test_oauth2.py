"""The program with OAuth2: a Dovecot that asks a provider on loopback about tokens."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from mailbot.accounts import token_file
from mailbot.accounts.token_file import Tokens
from tests.e2e.bot import Bot, environment, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.oauth import CLIENT_SECRET, Provider, bearer_server
from tests.lab.until import until

RULES = """\
version: 1
accounts:
  home:
    host: localhost
    port: {port}
    ca_file: {ca}
    user: {user}
    oauth2:
      token_url: {provider.token_url}
      authorize_url: {provider.authorize_url}
      device_url: {provider.device_url}
      revoke_url: {provider.revoke_url}
      client_id: me
      client_secret: {{env: CLIENT_SECRET}}
      token_file: home.token
rules:
  - {{name: r, when: {{subject: hello}}, then: [{{flag: $seen-by-r}}]}}
"""


@pytest.fixture(scope="module")
def servers(dovecot: Dovecot) -> Iterator[tuple[Provider, Dovecot]]:
    """`dovecot` is asked for since it skips where there is none."""
    del dovecot
    with bearer_server() as started:
        yield started


@pytest.fixture
def provider(servers: tuple[Provider, Dovecot]) -> Iterator[Provider]:
    """As new: what a test made of it does not outlive the test."""
    yield servers[0]
    servers[0].lasts, servers[0].refuse = 3600, None


@pytest.fixture
def server(servers: tuple[Provider, Dovecot]) -> Dovecot:
    return servers[1]


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_SECRET", CLIENT_SECRET)


def configure(home: Path, server: Dovecot, provider: Provider) -> str:
    user = server.user()
    (home / "rules.yaml").write_text(RULES.format(port=server.tls_port, ca=server.ca, user=user, provider=provider))
    return user


def hold(home: Path, provider: Provider, user: str, access: str = "", lasts: float = 3600) -> None:
    """What a sign-in some time ago has left."""
    token_file.write(home / "home.token", Tokens(provider.grant(user), access, time.time() + lasts if access else 0))


def start(home: Path) -> Bot:
    return Bot(home, CLIENT_SECRET=CLIENT_SECRET)


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return mailbot(home, *arguments, CLIENT_SECRET=CLIENT_SECRET)


def heard_nothing(bot: Bot, home: Path) -> None:
    """No token stands in the log, nor the client's secret."""
    log = json.dumps(bot.events) + "".join(bot.other + bot.out)
    kept = token_file.read(home / "home.token")
    assert kept is not None
    for secret in (kept.refresh_token, kept.access_token, CLIENT_SECRET):
        assert not secret or secret not in log


def filtered(bot: Bot, server: Dovecot, user: str, count: int) -> None:
    server.deliver(user, message("hello"))
    bot.wait("action.applied", count=count)


def failures(server: Dovecot, user: str, *, least: int = 0) -> int:
    """Logins that Dovecot refused; `least` are waited for: it notes them when the connection is gone."""
    pattern = rf"auth failed, 1 attempts in \d+ secs\): user=<{user}>"
    until(lambda: len(re.findall(pattern, server.log)) >= least, what="refused logins")
    return len(re.findall(pattern, server.log))


def test_a_token_that_has_expired_is_refreshed_before_the_login(server: Dovecot, provider: Provider, tmp_path: Path) -> None:
    user = configure(tmp_path, server, provider)
    hold(tmp_path, provider, user, provider.access(user, 0), lasts=30)
    with start(tmp_path) as bot:
        bot.wait("idle.started")
        filtered(bot, server, user, 1)
        assert bot.stop()[0] == 0
        assert not bot.seen("session.refused")
        heard_nothing(bot, tmp_path)
    assert failures(server, user) == 0


def test_a_token_that_is_refused_before_its_time_is_refreshed_exactly_once(server: Dovecot, provider: Provider, tmp_path: Path) -> None:
    user = configure(tmp_path, server, provider)
    hold(tmp_path, provider, user, "access-revoked-since")
    asked = provider.asked["/token"]
    with start(tmp_path) as bot:
        bot.wait("idle.started")
        filtered(bot, server, user, 1)
        assert bot.stop()[0] == 0
        assert not bot.seen("session.refused")
        heard_nothing(bot, tmp_path)
    assert (failures(server, user, least=1), provider.asked["/token"] - asked) == (1, 1)


def test_a_session_outlives_its_token_and_the_next_login_has_a_new_one(server: Dovecot, provider: Provider, tmp_path: Path) -> None:
    user = configure(tmp_path, server, provider)
    hold(tmp_path, provider, user)
    provider.lasts = 1
    with start(tmp_path) as bot:
        bot.wait("idle.started")
        first = token_file.read(tmp_path / "home.token")
        assert first is not None
        until(lambda: time.time() > first.expires_at, what="the end of the token")
        filtered(bot, server, user, 1)
        server.restart()
        bot.wait("session.lost")
        bot.wait("session.connected", count=2)
        bot.wait("idle.started", count=2)
        filtered(bot, server, user, 2)
        assert bot.stop()[0] == 0
        assert not bot.seen("session.refused")
        heard_nothing(bot, tmp_path)
    second = token_file.read(tmp_path / "home.token")
    assert second is not None
    assert second.access_token != first.access_token
    assert failures(server, user) == 0


def test_a_revoked_account_is_refused_told_and_tried_once_until_a_person_has_signed_in_again(
    server: Dovecot, provider: Provider, tmp_path: Path,
) -> None:
    user = configure(tmp_path, server, provider)
    hold(tmp_path, provider, user)
    with start(tmp_path) as bot:
        bot.wait("idle.started")
        provider.revoke()
        asked = provider.asked["/token"]
        server.restart()
        refused, = bot.wait("session.refused")
        assert (refused["alert"], refused["level"]) == (True, "error")
        assert "revoked" in refused["why"]
        assert "mailbot auth login" in refused["why"]
        assert refused["seconds"] >= 360
        # With the cached token Dovecot refuses, then the provider does: no more until the time is up.
        assert (failures(server, user, least=1), provider.asked["/token"] - asked) == (1, 1)
        health = run(tmp_path, "health")
        assert health.returncode == 1
        assert "home: refused" in health.stdout

        hold(tmp_path, provider, user)      # a person signs in, and asks for a look
        bot.signal(signal.SIGUSR1)
        bot.wait("session.connected", count=2)
        bot.wait("idle.started", count=2)
        filtered(bot, server, user, 1)
        assert run(tmp_path, "health").returncode == 0
        assert bot.stop()[0] == 0
        assert len(bot.seen("session.refused")) == 1
        heard_nothing(bot, tmp_path)


def test_a_provider_that_refuses_the_program_is_tried_once(server: Dovecot, provider: Provider, tmp_path: Path) -> None:
    user = configure(tmp_path, server, provider)
    hold(tmp_path, provider, user)
    provider.refuse = 401, {"error": "invalid_client", "error_description": f"bad secret {CLIENT_SECRET}"}
    asked = provider.asked["/token"]
    with start(tmp_path) as bot:
        refused, = bot.wait("session.refused")
        assert "invalid_client bad secret …" in refused["why"]
        bot.signal(signal.SIGUSR1)          # a person asks: one more
        bot.wait("session.refused", count=2)
        assert bot.stop()[0] == 0
        heard_nothing(bot, tmp_path)
    assert (failures(server, user), provider.asked["/token"] - asked) == (0, 2)


def test_a_provider_in_trouble_is_no_refusal_and_is_tried_until_it_is_well(server: Dovecot, provider: Provider, tmp_path: Path) -> None:
    user = configure(tmp_path, server, provider)
    hold(tmp_path, provider, user)
    provider.refuse = 503, b""
    with start(tmp_path) as bot:
        lost, = bot.wait("session.lost")
        assert "HTTP status 503" in lost["why"]
        bot.wait("session.retry", count=2)
        provider.refuse = None
        bot.wait("idle.started")
        assert bot.stop()[0] == 0
        assert not bot.seen("session.refused")


def test_a_wrong_password_is_refused_told_and_tried_once(server: Dovecot, tmp_path: Path) -> None:
    user = server.user()
    (tmp_path / "rules.yaml").write_text(over_tls(server, user) + "rules: [{name: r, when: {all: true}, then: [flag: seen]}]\n")
    with Bot(tmp_path, MAIL_PASSWORD="wrong-password") as bot:
        refused, = bot.wait("session.refused")
        assert refused["seconds"] >= 360
        assert refused["alert"] is True
        assert bot.stop()[0] == 0
        assert "wrong-password" not in json.dumps(bot.events)
    assert failures(server, user, least=1) == 1


@pytest.mark.parametrize(("answer", "code", "words"), [
    ((400, {"error": "invalid_grant"}), 77, "mailbot auth login"),
    ((503, b""), 69, "HTTP status 503"),
])
def test_a_command_ends_with_the_code_of_the_refusal(
    server: Dovecot, provider: Provider, tmp_path: Path, answer: tuple[int, object], code: int, words: str,
) -> None:
    user = configure(tmp_path, server, provider)
    hold(tmp_path, provider, user)
    provider.refuse = answer
    done = run(tmp_path, "check", "--connect")
    assert (done.returncode, words in done.stderr) == (code, True)
    assert "Traceback" not in done.stderr


# -- signing in


def documents(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_sign_in_with_a_code_look_and_sign_out(server: Dovecot, provider: Provider, tmp_path: Path) -> None:
    configure(tmp_path, server, provider)
    before = run(tmp_path, "auth", "status", "home", "--json")
    assert (before.returncode, documents(before.stdout)[0]["signed_in"]) == (1, False)
    provider.pending = 1
    login = run(tmp_path, "auth", "login", "home", "--json")
    assert login.returncode == 0, login.stderr
    asked, done = documents(login.stdout)
    assert asked == {"version": 1, "url": f"{provider.url}/activate", "code": "WDJB-MJHT", "seconds": 60.0}
    assert done == {"version": 1, "account": "home", "signed_in": True, "token_file": str(tmp_path / "home.token")}
    assert (tmp_path / "home.token").stat().st_mode & 0o777 == 0o600

    status = run(tmp_path, "auth", "status", "home")
    assert (status.returncode, "good until 20" in status.stdout) == (0, True)
    (tmp_path / "home.token").chmod(0o644)
    assert documents(run(tmp_path, "auth", "status", "home", "--json").stdout)[0]["readable_by_others"] is True
    kept = token_file.read(tmp_path / "home.token")
    assert kept is not None
    logout = run(tmp_path, "auth", "logout", "home", "--json")
    assert documents(logout.stdout) == [{"version": 1, "account": "home", "signed_in": False, "removed": True, "revoked": True}]
    assert not list(tmp_path.glob("*home.token*"))
    assert kept.refresh_token in provider.forms[-1]["token"]
    for one in (before, login, status, logout):
        assert kept.refresh_token not in one.stdout + one.stderr
        assert kept.access_token not in one.stdout + one.stderr
    assert run(tmp_path, "auth", "logout", "home").returncode == 0


def test_sign_in_with_a_browser_on_this_machine(server: Dovecot, provider: Provider, tmp_path: Path) -> None:
    user = configure(tmp_path, server, provider)
    command = [sys.executable, "-m", "mailbot", "auth", "login", "home", "--browser", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path, {"CLIENT_SECRET": CLIENT_SECRET}), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        asked = json.loads(process.stdout.readline())
        with urlopen(provider.agree(asked["url"], user), timeout=10) as page:
            assert b"You can close this window" in page.read()
        out, error = process.communicate(timeout=20)
    assert (process.returncode, json.loads(out)["signed_in"]) == (0, True), error
    assert run(tmp_path, "check", "--connect").returncode == 0


def test_what_cannot_be_signed_in_says_why(server: Dovecot, provider: Provider, tmp_path: Path) -> None:
    configure(tmp_path, server, provider)
    assert run(tmp_path, "auth", "login", "work").returncode == 64
    assert run(tmp_path, "auth", "sign", "home").returncode == 64
    text = (tmp_path / "rules.yaml").read_text()
    (tmp_path / "rules.yaml").write_text(text.replace("token_file: home.token", "token_file: gone/home.token"))
    assert run(tmp_path, "auth", "login", "home").returncode == 78
    (tmp_path / "rules.yaml").write_text(text.replace("token_file: home.token", "refresh_token: {env: HOME}"))
    assert run(tmp_path, "auth", "login", "home").returncode == 78
    assert run(tmp_path, "auth", "status", "home").returncode == 0
    without = "".join(line for line in text.splitlines(keepends=True) if "device_url" not in line and "authorize_url" not in line)
    (tmp_path / "rules.yaml").write_text(without)
    done = run(tmp_path, "auth", "login", "home")
    assert (done.returncode, "device_url" in done.stderr) == (78, True)
    (tmp_path / "rules.yaml").write_text(over_tls(server, "x") + "rules: []\n")
    assert run(tmp_path, "auth", "status", "home").returncode == 64
