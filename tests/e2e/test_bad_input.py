"""What a user, a server or a network can do wrong: one clear line and the right exit code, never a traceback."""

import socket
from pathlib import Path

from tests.e2e.bot import Bot, in_the_clear, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot

RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{move: {to: Nowhere/At all, create: false}}]}\n"
COMMANDS = [("plan",), ("apply", "--yes"), ("check", "--connect"), ("run", "--once")]
# Every other that speaks to a server.
LOOKING = [("folders",), ("status", "INBOX"), ("messages", "INBOX"), ("search", "INBOX", "ALL"), ("show", "INBOX", "1"), ("browse",),
           ("explain", "INBOX", "1"), ("create", "New"), ("rename", "Archive", "New"), ("delete", "Archive"),
           ("append", "INBOX", "one.eml")]


def fails(home: Path, arguments: tuple[str, ...], code: int, *words: str, **environment: str) -> str:
    ended = mailbot(home, *arguments, **environment)
    said = ended.stderr
    assert "Traceback" not in said, said
    assert ended.returncode == code, (ended.returncode, said, ended.stdout)
    for word in words:
        assert word in said, said
    return said


def test_a_wrong_password_is_77_and_one_line(own_dovecot, tmp_path: Path) -> None:
    server = own_dovecot(failing_logins=True)
    (tmp_path / "rules.yaml").write_text(over_tls(server, server.user()) + RULES)
    (tmp_path / "one.eml").write_bytes(message())
    for arguments in (*COMMANDS, *LOOKING):
        said = fails(tmp_path, arguments, 77, "login refused", MAIL_PASSWORD="wrong-secret")
        assert "wrong-secret" not in said
        assert len(said.strip().splitlines()) == 1, arguments


def test_an_unreachable_server_is_69_and_one_line_with_nothing_that_reads_as_if_it_had_answered(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(message())
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))       # bound, not listening: refused
        (tmp_path / "rules.yaml").write_text(in_the_clear(nobody.getsockname()[1], "ada") + RULES)
        for arguments in (*COMMANDS, *LOOKING):
            said = fails(tmp_path, arguments, 69, "127.0.0.1")
            assert len(said.strip().splitlines()) == 1, arguments
        assert mailbot(tmp_path, "plan").stdout == ""


def test_a_host_that_does_not_exist_is_69(tmp_path: Path) -> None:
    text = in_the_clear(143, "ada").replace("127.0.0.1", "nowhere.invalid")
    (tmp_path / "rules.yaml").write_text(text + RULES)
    fails(tmp_path, ("plan",), 69, "nowhere.invalid")


def test_a_certificate_that_is_not_trusted_is_69_and_says_what_to_do(dovecot: Dovecot, tmp_path: Path) -> None:
    text = over_tls(dovecot, dovecot.user()).replace(f"ca_file: {dovecot.ca}, ", "")
    (tmp_path / "rules.yaml").write_text(text + RULES)
    fails(tmp_path, ("plan",), 69, "certificate", "ca_file")


def test_an_invalid_file_is_78_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("version: 1\nrules:\n  - {name: r, when: {subjet: x}, then: [{move: A}]}\n")
    for arguments in (*COMMANDS, ("check",)):
        fails(tmp_path, arguments, 78, "rules.yaml:3:22", "subject")


def test_no_file_is_78_and_says_where_it_looked(tmp_path: Path) -> None:
    fails(tmp_path, ("plan",), 78, "rules.yaml")


def test_bad_usage_is_64(tmp_path: Path) -> None:
    fails(tmp_path, ("plan", "--nonsense"), 64)
    fails(tmp_path, ("frobnicate",), 64)
    (tmp_path / "rules.yaml").write_text("version: 1\n")
    fails(tmp_path, ("plan",), 64, "accounts")
    (tmp_path / "rules.yaml").write_text(in_the_clear(143, "ada") + RULES)
    fails(tmp_path, ("plan", "--account", "work"), 64, "work", "home")
    fails(tmp_path, ("apply",), 64, "--yes")


def test_a_folder_that_is_missing_and_may_not_be_made_is_told_and_the_mail_stays(dovecot: Dovecot, tmp_path: Path) -> None:
    from tests.e2e.mail import message
    user = dovecot.user()
    dovecot.deliver(user, message("hello"))
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    before = dovecot.snapshot(user)
    fails(tmp_path, ("apply", "--yes"), 1, "Nowhere/At all")
    assert dovecot.snapshot(user) == before


def test_one_account_never_stops_another(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    text = over_tls(dovecot, user) + f"  gone: {{host: 127.0.0.1, port: 1, tls: none, user: {user}, password: {{env: MAIL_PASSWORD}}}}\n"
    (tmp_path / "rules.yaml").write_text(text + RULES)
    ended = mailbot(tmp_path, "plan")
    assert ended.returncode == 69
    assert "home/INBOX" in ended.stdout
    assert "gone" in ended.stderr


def test_a_refused_login_keeps_the_service_up_and_unhealthy(own_dovecot, tmp_path: Path) -> None:
    server = own_dovecot(failing_logins=True)
    user = server.user()
    (tmp_path / "rules.yaml").write_text(over_tls(server, user) + RULES)
    with Bot(tmp_path, MAIL_PASSWORD="wrong") as bot:
        refused = bot.wait("session.refused")[0]
        assert refused["alert"] is True
        health = mailbot(tmp_path, "health")
        assert (health.returncode, "home: refused" in health.stdout) == (1, True)
        assert bot.stop()[0] == 0


def test_without_accounts_or_rules_it_runs_and_is_healthy(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("")
    with Bot(tmp_path) as bot:
        bot.wait("rules.loaded")
        assert mailbot(tmp_path, "health").returncode == 0
        second = mailbot(tmp_path, "run")
        assert second.returncode == 73, second.stderr
        assert bot.stop()[0] == 0
    assert mailbot(tmp_path, "health").returncode == 1


def test_a_newcomer_is_led_on(tmp_path: Path) -> None:
    assert fails(tmp_path, ("plam",), 64, "there is no command 'plam': did you mean plan?").count("\n") == 1
    assert fails(tmp_path, ("frobnicate",), 64, "`mailbot --help` lists them").count("\n") == 1
    assert fails(tmp_path, ("plan", "--frob"), 64, "unrecognized arguments: --frob", "`mailbot --help`").count("\n") == 1
    assert fails(tmp_path, ("plan",), 78, "rules.yaml: there is no such file", "`mailbot init`").count("\n") == 1
    assert "`mailbot init`" in " ".join(mailbot(tmp_path).stdout.split())
