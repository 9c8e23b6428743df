"""Accounts, from the file and from the environment (operating.md, "Configuration")."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.accounts.account import Account, warnings
from mailbot.accounts.environment import account_from_environment
from mailbot.accounts.load import accounts
from mailbot.accounts.providers import DOMAINS, PROVIDERS
from mailbot.accounts.secrets import FromCommand, FromEnv, FromFile, Plain
from mailbot.errors import ConfigError
from tests.unit.documents import read as read_document
from tests.unit.documents import told, value

GOOD = {"host": "imap.example.org", "user": "ada", "password": "{env: PW}"}


def text(**keys: str) -> str:
    return "home:\n" + "".join(f"  {key}: {inner}\n" for key, inner in keys.items())


def read(source: str) -> tuple[tuple[Account, ...], list[str]]:
    document, problems = read_document(source)
    assert document is not None
    return accounts(document, problems), told(problems)


def one(**keys: str) -> Account:
    (account,), problems = read(text(**{**GOOD, **keys}))
    assert not problems
    return account


def test_an_account_is_as_safe_as_can_be_where_it_says_nothing() -> None:
    assert one() == Account(name="home", host="imap.example.org", user="ada", secret=FromEnv("PW"), port=993, tls="implicit",
                            ca_file="", provider="", idle_refresh=timedelta(minutes=5), connections=5)


def test_every_key_is_read() -> None:
    account = one(port="1143", tls="starttls", ca_file="/etc/ca.pem", idle_refresh="10m", connections="2", provider="yahoo",
                  password="{command: [pass, show, 5]}")
    assert account == Account(
        name="home", host="imap.example.org", user="ada", secret=FromCommand(("pass", "show", "5")), port=1143, tls="starttls",
        ca_file="/etc/ca.pem", provider="yahoo", idle_refresh=timedelta(minutes=10), connections=2, most_uids=500)


@pytest.mark.parametrize(("tls", "port"), [("implicit", 993), ("starttls", 143), ("none", 143)])
def test_the_port_follows_from_tls(tls: str, port: int) -> None:
    assert one(tls=tls).port == port


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_a_provider_stands_for_its_host(provider: str) -> None:
    (account,), problems = read(text(provider=provider, user="ada", password="{env: PW}"))
    assert not problems
    assert (account.host, account.port, account.tls) == (PROVIDERS[provider].host, 993, "implicit")


def test_files_are_found_relative_to_the_rules_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    account = one(password="{file: secrets/home}", ca_file="ca.pem")
    assert account.secret == FromFile(tmp_path / "secrets/home")
    assert account.ca_file == str(tmp_path / "ca.pem")


def test_no_accounts_are_none() -> None:
    assert accounts(value(""), read_document("")[1]) == ()


@pytest.mark.parametrize(("source", "place", "what", "hint"), [
    (text(hots="x", user="a", password="{env: PW}"), "2:3", 'unknown account key "hots"', 'did you mean "host"?'),
    (text(user="a", password="{env: PW}"), "1:1", 'account "home" has no host', "provider"),
    (text(host="h", password="{env: PW}"), "1:1", 'account "home" has no user', "user:"),
    (text(host="h", user="a"), "1:1", 'account "home" has no password', "{file:"),
    ("home:\n", "1:1", 'account "home" has no host', ""),
    ("home: x\n", "1:7", "a mapping was expected", ""),
    ("- home\n", "1:1", "a mapping was expected, not a list", ""),
    (text(**{**GOOD, "host": "imaps://imap.example.org:993/"}), "2:9", "is not the name of a server", "name: imap.example.org"),
    (text(**{**GOOD, "host": "imap.example.org:993"}), "2:9", "is not the name of a server", "only the name: imap.example.org"),
    (text(**{**GOOD, "host": "'imap example'"}), "2:9", "is not the name of a server", ""),
    (text(**GOOD, port="0"), "5:9", "0 is out of range", "from 1 to 65535"),
    (text(**GOOD, port="imaps"), "5:9", "a whole number was expected", ""),
    (text(**GOOD, tls="ssl"), "5:8", 'tls cannot be "ssl"', "one of: implicit starttls none"),
    (text(**GOOD, tls="startls"), "5:8", 'tls cannot be "startls"', 'did you mean "starttls"?'),
    (text(**GOOD, tls="false"), "5:8", "tls cannot be false", "one of: implicit starttls none"),
    (text(**GOOD, provider="googlemail"), "5:13", 'provider cannot be "googlemail"', "gmail"),
    (text(**GOOD, idle_refresh="30m"), "5:17", "30 minutes", "at most 29m"),
    (text(**GOOD, idle_refresh="5"), "5:17", "a duration was expected", "30m"),
    (text(**GOOD, connections="0"), "5:16", "out of range", "from 1 to 100"),
    (text(**GOOD, oauth2="{provider: gmail}"), "5:11", "has a password and oauth2", "leave one of them out"),
    (text(**{**GOOD, "password": ""}), "4:12", "the text is empty", ""),
    (text(**{**GOOD, "password": "true"}), "4:13", "cannot be read", "in quotes"),
    (text(**{**GOOD, "password": "{fil: /x}"}), "4:14", 'unknown key "fil"', 'did you mean "file"?'),
    (text(**{**GOOD, "password": "{file: /x, env: PW}"}), "4:13", "comes from one place", "{command:"),
    (text(**{**GOOD, "password": "{}"}), "4:13", "comes from one place", "{command:"),
    (text(**{**GOOD, "password": "{command: pass show x}"}), "4:23", "a command is a list", "[pass, show"),
    (text(**{**GOOD, "password": "{command: []}"}), "4:23", "the list is empty", ""),
    (text(**{**GOOD, "password": "{env: }"}), "4:18", "the text is empty", ""),
    ("a*:\n" + text(**GOOD).partition("\n")[2], "1:1", "cannot be called", "leave out"),
    ("a/b:\n" + text(**GOOD).partition("\n")[2], "1:1", "cannot be called", "leave out"),
])
def test_a_mistake_has_its_place_and_way_out(source: str, place: str, what: str, hint: str) -> None:
    found, problems = read(source)
    assert not found
    first = next(problem for problem in problems if problem.startswith(f"{place}: "))
    assert what in first
    assert hint in first


def test_all_mistakes_of_all_accounts_are_told_and_good_ones_are_read() -> None:
    source = text(**GOOD) + "work: {host: h, port: x, tls: y}\nthird: 5\n"
    found, problems = read(source)
    assert [account.name for account in found] == ["home"]
    assert [problem.split(": ")[0] for problem in problems] == ["5:1", "5:1", "5:23", "5:31", "6:8"]


def test_the_place_of_an_account_does_not_make_it_another() -> None:
    (first,), _ = read(text(**GOOD))
    (moved,), _ = read("# a comment\n" + text(**GOOD))
    assert first == moved
    assert first.position != moved.position
    assert first != replace(first, port=994)


@pytest.mark.parametrize(("keys", "warned"), [
    ({}, []),
    ({"password": "hunter2"}, ["its password stands in the file"]),
    ({"tls": "none"}, ["in clear"]),
    ({"tls": "none", "host": "127.0.0.1"}, []),
    ({"tls": "none", "host": "'::1'"}, []),
    ({"tls": "none", "host": "localhost"}, []),
    ({"port": "143"}, ["port 143 is usual for tls: starttls"]),
    ({"port": "993", "tls": "starttls"}, ["port 993 is usual for tls: implicit"]),
    ({"port": "1993"}, []),
])
def test_what_is_allowed_but_unwise_is_warned_of(keys: dict[str, str], warned: list[str]) -> None:
    told_of = warnings(one(**keys))
    assert len(told_of) == len(warned)
    for warning, words in zip(told_of, warned, strict=True):
        assert warning.startswith("r.yaml:1:1: account home: ")
        assert words in warning
        assert "hunter2" not in warning


ENVIRON = {"MAILBOT_HOST": "imap.example.org", "MAILBOT_USER": "ada", "MAILBOT_PASSWORD": "hunter2\n"}


def test_the_environment_can_hold_one_account() -> None:
    account = account_from_environment({**ENVIRON, "MAILBOT_PORT": "1143", "MAILBOT_TLS": "starttls"})
    assert account is not None
    assert (account.name, account.host, account.port) == ("default", "imap.example.org", 1143)
    assert (account.tls, account.user) == ("starttls", "ada")
    assert account.secret.read() == "hunter2"
    assert "hunter2" not in repr(account)
    assert warnings(account) == ()


def test_the_environment_can_name_a_file_for_its_password(tmp_path: Path) -> None:
    path = tmp_path / "password"
    account = account_from_environment({**ENVIRON, "MAILBOT_PASSWORD": "", "MAILBOT_PASSWORD_FILE": str(path)})
    assert account is not None
    assert account.secret == FromFile(path)


@pytest.mark.parametrize("environ", [{}, {"MAILBOT_STATE": "/x"}, {"MAILBOT_HOST": "", "MAILBOT_USER": ""}])
def test_an_environment_without_them_holds_none(environ: Mapping[str, str]) -> None:
    assert account_from_environment(environ) is None


@pytest.mark.parametrize(("change", "words"), [
    ({"MAILBOT_PASSWORD_FILE": "/x"}, ["MAILBOT_PASSWORD", "MAILBOT_PASSWORD_FILE", "both set"]),
    ({"MAILBOT_HOST": ""}, ["but not MAILBOT_HOST"]),
    ({"MAILBOT_USER": ""}, ["but not MAILBOT_USER"]),
    ({"MAILBOT_PASSWORD": ""}, ["but not MAILBOT_PASSWORD_FILE (or MAILBOT_PASSWORD)"]),
    ({"MAILBOT_PORT": "x"}, ["MAILBOT_PORT: a whole number was expected"]),
    ({"MAILBOT_PORT": "99999"}, ["MAILBOT_PORT: 99999 is out of range"]),
    ({"MAILBOT_PORT": "9" * 9999}, ["MAILBOT_PORT: 999999999 is out of range"]),
    ({"MAILBOT_TLS": "ssl"}, ["MAILBOT_TLS: tls cannot be"]),
    ({"MAILBOT_HOST": "a b"}, ["MAILBOT_HOST: ", "is not the name of a server"]),
    ({"MAILBOT_PASSWORD": "hun\nter2"}, ["MAILBOT_PASSWORD: ", "control character"]),
])
def test_a_mistake_in_the_environment_names_the_variable(change: Mapping[str, str], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        account_from_environment({**ENVIRON, **change})
    for word in words:
        assert word in str(caught.value)
    assert "ter2" not in str(caught.value)
    assert caught.value.exit_code == 78


def test_a_plain_password_is_in_no_repr() -> None:
    account = one(password="hunter2")
    assert account.secret == Plain("hunter2")
    assert account != one(password="other")
    assert "hunter2" not in repr(account) + str(account) + f"{account.secret}"


@pytest.mark.parametrize(("provider", "given", "connections"), [
    ("gmail", {}, 5), ("yahoo", {}, 5), ("icloud", {}, 2), ("fastmail", {}, 5), ("icloud", {"connections": "4"}, 4)])
def test_a_provider_is_left_half_of_the_connections_that_it_takes(provider: str, given: dict[str, str], connections: int) -> None:
    (account,), problems = read(text(provider=provider, user="ada", password="{env: PW}", **given))
    assert not problems
    assert account.connections == connections


def test_what_a_provider_is_known_to_call_its_folders_is_said_of_special_uses_alone() -> None:
    for preset in PROVIDERS.values():
        assert set(preset.folders) <= {r"\Sent", r"\Drafts", r"\Archive", r"\Trash", r"\Junk"}


def test_an_address_of_a_known_domain_has_its_provider() -> None:
    assert set(DOMAINS.values()) == set(PROVIDERS)
    assert (DOMAINS["yahoo.co.uk"], DOMAINS["hotmail.fr"], DOMAINS.get("yahoo.co.jp")) == ("yahoo", "outlook", None)
