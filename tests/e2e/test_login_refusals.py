"""What a server says at the door, and what becomes of the account: its state, its event, when it is tried again."""

import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.bot import Bot, mailbot
from tests.e2e.mail import message as mail
from tests.lab.dovecot import Dovecot
from tests.lab.scripted import Peer, Script, Scripted
from tests.lab.until import until

RULES = "rules: [{name: r, when: {subject: hello}, then: [{flag: $seen-by-r}]}]\n"


def says(greeting: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.send(greeting)
        peer.expect_end()

    return script


def answers(login: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.greet()
        tag = peer.command(b"AUTHENTICATE PLAIN\r\n")
        peer.send(b"+ \r\n")
        peer.line()
        peer.send(tag + b" " + login + b"\r\n")
        peer.expect_end()

    return script


@dataclass(frozen=True)
class Case:
    script: Script
    refused: bool           # a person must do something: `session.refused`, an alert, unhealthy at once
    least: float            # seconds until the next try
    why: str


HOUR_OF_TWELVE = 300.0      # seconds between two tries
CASES = {
    "authentication-failed": Case(answers(b"NO [AUTHENTICATIONFAILED] wrong"), refused=True, least=HOUR_OF_TWELVE, why="wrong"),
    "authorization-failed": Case(answers(b"NO [AUTHORIZATIONFAILED] not for you"), refused=True, least=HOUR_OF_TWELVE, why="not for you"),
    "expired": Case(answers(b"NO [EXPIRED] your password has expired"), refused=True, least=HOUR_OF_TWELVE, why="has expired"),
    "no-code": Case(answers(b"NO Login failed."), refused=True, least=HOUR_OF_TWELVE, why="Login failed"),
    "throttled": Case(answers(b"NO [THROTTLED] too much today"), refused=True, least=900.0, why="too much today"),
    "unavailable": Case(answers(b"NO [UNAVAILABLE] later"), refused=False, least=0.1, why="later"),
    "limit": Case(answers(b"NO [LIMIT] too many connections"), refused=False, least=0.1, why="too many connections"),
    "gmails-limit": Case(answers(b"NO [ALERT] Too many simultaneous connections. (Failure)"), refused=False, least=0.1, why="simultaneous"),
    "hangs-up": Case(says(b"* BYE [UNAVAILABLE] maintenance\r\n"), refused=False, least=0.1, why="maintenance"),
    "no-imap": Case(says(b"220 mail.example.org ESMTP\r\n"), refused=False, least=0.1, why="ESMTP"),
}


def account(port: int) -> str:
    return f"{{host: 127.0.0.1, port: {port}, tls: none, user: ada, password: {{env: MAIL_PASSWORD}}}}"


def test_each_refusal_has_its_state_its_event_and_its_time(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = {name: stack.enter_context(Scripted(case.script)) for name, case in CASES.items()}
        accounts = "".join(f"  {name}: {account(server.port)}\n" for name, server in servers.items())
        (tmp_path / "rules.yaml").write_text(f"accounts:\n{accounts}{RULES}")
        bot = stack.enter_context(Bot(tmp_path))
        for name, case in CASES.items():
            told = bot.wait("session.refused" if case.refused else "session.lost", account=name)[0]
            assert case.why in told["why"], name
            assert told.get("alert", False) == case.refused, name
            again = told if case.refused else bot.wait("session.retry", account=name)[0]
            assert again["seconds"] >= case.least, name
            assert not bot.seen("session.lost" if case.refused else "session.refused", account=name), name
        said = mailbot(tmp_path, "health").stdout
        assert all(f"{name}: refused" in said for name, case in CASES.items() if case.refused), said
        assert bot.stop()[0] == 0


# -- accounts that change while the service runs


def listed(*accounts: str) -> str:
    return "accounts:\n" + "".join(f"  {one}\n" for one in accounts) + RULES


def on(server: Dovecot, name: str, user: str, password: str) -> str:
    return f"{name}: {{host: 127.0.0.1, port: {server.port}, tls: none, user: {user}, password: {password}}}"


def test_accounts_are_added_changed_and_removed_by_a_reload_and_the_others_keep_their_connection(dovecot: Dovecot, tmp_path: Path) -> None:
    users = {name: dovecot.user() for name in ("stays", "changes", "goes", "comes")}
    wrong = {name: on(dovecot, name, user, "wrong" if name == "changes" else "pass") for name, user in users.items()}
    file = tmp_path / "rules.yaml"
    file.write_text(listed(wrong["stays"], wrong["changes"], wrong["goes"]))
    with Bot(tmp_path) as bot:
        bot.wait("idle.started", account="stays")
        bot.wait("idle.started", account="goes")
        bot.wait("session.refused", account="changes")
        right = on(dovecot, "changes", users["changes"], "pass")
        file.write_text(listed(wrong["stays"], right, wrong["comes"]))
        for name in ("changes", "comes"):
            bot.wait("idle.started", account=name)
        until(lambda: dovecot.connections(users["goes"]) == 0, what="the end of what was removed")
        for name in ("stays", "changes", "comes"):
            dovecot.deliver(users[name], mail())
            bot.wait("action.applied", account=name)
        assert len(bot.seen("session.connected", account="stays")) == 1
        assert "goes" not in mailbot(tmp_path, "health").stdout
        assert bot.stop()[0] == 0


def test_a_password_file_is_read_again_at_each_login(own_dovecot: Callable[..., Dovecot], tmp_path: Path) -> None:
    """A right one that is exchanged for a wrong one is refused at the next login; the other way it is let in when a person asks."""
    server = own_dovecot(failing_logins=True)
    user, secret = server.user(), tmp_path / "secret"
    secret.write_text("pass\n")
    (tmp_path / "rules.yaml").write_text(listed(on(server, "home", user, f"{{file: {secret}}}")))
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        replaced(secret, "wrong\n")
        server.restart()
        bot.wait("session.refused")
        replaced(secret, "")
        bot.signal(signal.SIGUSR1)
        assert "is empty" in bot.wait("session.refused", count=2)[-1]["why"]
        replaced(secret, "pass\n")
        bot.signal(signal.SIGUSR1)
        bot.wait("idle.started", count=2)
        server.deliver(user, mail())
        bot.wait("action.applied")
        assert bot.stop()[0] == 0


def replaced(file: Path, text: str) -> None:
    """As Kubernetes and most tools do it: another file under the name."""
    (file.parent / "new").write_text(text)
    (file.parent / "new").replace(file)
