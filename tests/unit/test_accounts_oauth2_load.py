"""`oauth2:` of an account, and secrets that systemd or a `_FILE` variable hands over."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.accounts.account import Account, warnings
from mailbot.accounts.load import accounts
from mailbot.accounts.oauth2 import OAuth2
from mailbot.accounts.providers import PROVIDERS, Endpoints
from mailbot.accounts.secrets import FromCredential, FromEnv, FromFile, Plain
from mailbot.errors import ConfigError
from tests.unit.documents import read as read_document
from tests.unit.documents import told


def read(oauth2: str, **keys: str) -> tuple[tuple[Account, ...], list[str]]:
    """`oauth2`: its keys, with ; between them; each gets a line, the first is line 5."""
    lines = {"host": "imap.example.org", "user": "ada", **keys, "oauth2": "\n    " + oauth2.replace("; ", "\n    ")}
    document, problems = read_document("home:\n" + "".join(f"  {key}: {inner}\n" for key, inner in lines.items() if inner))
    assert document is not None
    return accounts(document, problems), told(problems)


def one(oauth2: str, **keys: str) -> OAuth2:
    (account,), problems = read(oauth2, **keys)
    assert not problems
    assert isinstance(account.secret, OAuth2)
    return account.secret


def test_a_provider_stands_for_its_endpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = one("provider: gmail; client_id: me; client_secret: {env: S}; token_file: home.token", ca_file="ca.pem")
    assert found == OAuth2(PROVIDERS["gmail"].oauth2 or Endpoints(), "me", FromEnv("S"), None, tmp_path / "home.token",
                           str(tmp_path / "ca.pem"))


def test_the_provider_of_the_account_is_that_of_oauth2_too() -> None:
    (account,), problems = read("client_id: me; token_file: t", provider="outlook", host="")
    assert not problems
    assert account.host == "outlook.office365.com"
    assert isinstance(account.secret, OAuth2)
    assert account.secret.endpoints.device_url.endswith("/devicecode")


def test_urls_beat_those_of_the_provider() -> None:
    tenant = "https://login.microsoftonline.com/acme/oauth2/v2.0"
    urls = f"token_url: {tenant}/token; device_url: {tenant}/devicecode"
    found = one(f"provider: outlook; client_id: me; token_file: t; {urls}").endpoints
    assert (found.token_url, found.device_url) == (f"{tenant}/token", f"{tenant}/devicecode")
    assert "IMAP.AccessAsUser.All" in found.scope


def test_a_provider_without_a_preset_is_its_urls() -> None:
    found = one("token_url: 'https://id.example.org/token'; scope: imap; client_id: me; refresh_token: {credential: home.r}")
    assert found.endpoints == Endpoints("https://id.example.org/token", scope="imap")
    assert (found.refresh_token, found.token_file) == (FromCredential("home.r"), None)


GMAIL = "provider: gmail; client_id: me; token_file: t"


@pytest.mark.parametrize(("oauth2", "keys", "place", "what", "hint"), [
    ("client_id: me; token_file: t", {}, "5:5", "needs a provider or a token_url", "provider: gmail outlook"),
    ("client_id: me; token_file: t", {"provider": "fastmail"}, "6:5", "fastmail gives no tokens", "app password"),
    ("provider: gmail; token_file: t", {}, "5:5", "has no client_id", "docs/oauth2.md"),
    ("provider: gmail; client_id: me", {}, "5:5", "a token_file or a refresh_token", "auth login"),
    (f"{GMAIL}; refresh_token: {{env: R}}", {}, "5:5", "one of them", ""),
    ("provider: gmial; client_id: me; token_file: t", {}, "5:15", "the provider of oauth2 cannot be", 'did you mean "gmail"?'),
    (f"scopes: x; {GMAIL}", {}, "5:5", 'unknown oauth2 key "scopes"', 'did you mean "scope"?'),
    ("gmail", {}, "5:5", "a mapping was expected", ""),
    (GMAIL, {"password": "{env: P}"}, "6:5", "has a password and oauth2", "leave one"),
    (f"authorize_url: http://id.example.org/a; {GMAIL}", {}, "5:20", "not the address", "plain connection"),
    (f"authorize_url: id.example.org; {GMAIL}", {}, "5:20", "not the address", "plain connection"),
    ("token_url: http://id.example.org/t; client_id: me; token_file: t", {}, "5:16", "not the address", "plain connection"),
    (f"device_url: 'https://['; {GMAIL}", {}, "5:17", "not the address", "plain connection"),
])
def test_a_mistake_has_its_place_and_way_out(oauth2: str, keys: dict[str, str], place: str, what: str, hint: str) -> None:
    found, problems = read(oauth2, **keys)
    assert not found
    assert problems[0].startswith(f"{place}: ")
    assert what in problems[0]
    assert hint in problems[0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/t", "http://localhost/t", "http://[::1]:1/t"])
def test_a_token_server_on_this_machine_needs_no_tls(url: str) -> None:
    assert one(f"token_url: '{url}'; client_id: me; token_file: t").endpoints.token_url == url


def test_a_token_is_in_no_repr_and_a_plain_one_is_warned_of() -> None:
    (account,), problems = read("provider: gmail; client_id: me; client_secret: hunter2; refresh_token: 1//hunter3")
    assert not problems
    assert "hunter" not in repr(account) + str(account.secret)
    assert account.secret == OAuth2(PROVIDERS["gmail"].oauth2 or Endpoints(), "me", Plain("hunter2"), Plain("1//hunter3"))
    warned, = warnings(account)
    assert "refresh_token stands in the file" in warned
    assert "hunter" not in warned


def test_all_connections_of_a_provider_taken_is_warned_of() -> None:
    (account,), _ = read("client_id: me; token_file: t", provider="gmail", connections="15")
    warned, = warnings(account)
    assert "gmail allows 15 connections" in warned
    assert account.idle_refresh < timedelta(minutes=29)


def test_an_account_that_is_read_again_is_the_same() -> None:
    """A reload keeps the connection, and the token that was got for it."""
    assert read("provider: gmail; client_id: me; token_file: t") == read("provider: gmail; client_id: me; token_file: t")
    hash(one("provider: gmail; client_id: me; token_file: t"))


# -- where secrets come from


def test_a_credential_is_a_file_in_the_folder_that_systemd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home.password").write_text("hunter2\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert FromCredential("home.password").read() == "hunter2"
    with pytest.raises(ConfigError, match=r"the password file .*/other: No such file"):
        FromCredential("other").read()
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(ConfigError, match=r"LoadCredential=home\.password"):
        FromCredential("home.password").read()


@pytest.mark.parametrize("name", ["../x", "/etc/shadow", "..", "a/b"])
def test_a_credential_is_a_name_and_no_path(name: str) -> None:
    document, problems = read_document(f"home: {{host: h, user: u, password: {{credential: {name}}}}}\n")
    assert document is not None
    assert accounts(document, problems) == ()
    assert "is not the name of a credential" in told(problems)[0]


def test_a_variable_may_name_a_file_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    monkeypatch.setenv("MAILBOT_TEST_SECRET_FILE", str(tmp_path / "password"))
    assert FromEnv("MAILBOT_TEST_SECRET").read() == "hunter2"
    monkeypatch.setenv("MAILBOT_TEST_SECRET", "hunter3")
    with pytest.raises(ConfigError, match="both set") as caught:
        FromEnv("MAILBOT_TEST_SECRET").read()
    assert "hunter" not in str(caught.value)


def test_an_error_says_which_secret_it_was() -> None:
    with pytest.raises(ConfigError, match="the client_secret file /nowhere/at/all"):
        FromFile(Path("/nowhere/at/all")).read("client_secret")
