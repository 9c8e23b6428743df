"""Access tokens from a provider on loopback: when one is asked for, what its errors mean, and that none is ever shown."""

import json
import os
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from mailbot.accounts import token_file
from mailbot.accounts.grants import by_device, by_visit, device_code, revoke, visit
from mailbot.accounts.loopback import Return
from mailbot.accounts.oauth2 import AccessToken, OAuth2
from mailbot.accounts.providers import Endpoints
from mailbot.accounts.secrets import FromFile, Plain
from mailbot.accounts.token_file import Tokens
from mailbot.accounts.token_server import post
from mailbot.errors import Cause, ConfigError, LoginRefused, Refused, Unreachable, UsageError
from tests.lab.oauth import CLIENT_SECRET, Provider
from tests.lab.tls import Certificate


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


def endpoints(provider: Provider) -> Endpoints:
    return Endpoints(provider.token_url, provider.authorize_url, provider.device_url, provider.revoke_url, "imap",
                     (("prompt", "consent"),))


def by_file(provider: Provider, path: Path, secret: str = CLIENT_SECRET) -> OAuth2:
    return OAuth2(endpoints(provider), "me", Plain(secret), token_file=path)


def signed_in(provider: Provider, path: Path) -> OAuth2:
    token_file.write(path, Tokens(provider.grant("ada")))
    return by_file(provider, path)


# -- when a token is asked for


def test_one_token_serves_until_it_is_about_to_expire(provider: Provider, tmp_path: Path) -> None:
    oauth2 = signed_in(provider, tmp_path / "t")
    first = oauth2.access_token(lambda: 1000.0)
    assert first.fresh
    assert oauth2.access_token(lambda: 1000.0 + 3479) == AccessToken(first.text, fresh=False)
    assert provider.asked["/token"] == 1
    later = oauth2.access_token(lambda: 1000.0 + 3480)
    assert later.fresh
    assert later.text != first.text
    assert provider.forms[0] == {"grant_type": "refresh_token", "refresh_token": provider.forms[0]["refresh_token"], "client_id": "me",
                                 "client_secret": CLIENT_SECRET}


def test_another_process_finds_the_token_in_the_file(provider: Provider, tmp_path: Path) -> None:
    first = signed_in(provider, tmp_path / "t").access_token()
    assert by_file(provider, tmp_path / "t").access_token() == AccessToken(first.text, fresh=False)


def test_without_a_file_a_token_is_kept_in_memory_and_follows_a_rotated_refresh_token(provider: Provider, tmp_path: Path) -> None:
    provider.rotates, provider.lasts = True, 1
    (tmp_path / "refresh").write_text(provider.grant("ada"))
    oauth2 = OAuth2(endpoints(provider), "me", refresh_token=FromFile(tmp_path / "refresh"))
    assert all(oauth2.access_token().fresh for _ in range(3))       # each ends the refresh token before it
    (tmp_path / "refresh").write_text(provider.grant("ada"))        # the owner gives another
    assert oauth2.access_token().fresh
    assert "client_secret" not in provider.forms[-1]


def test_a_refused_token_is_forgotten_unless_another_has_come_since(provider: Provider, tmp_path: Path) -> None:
    oauth2 = signed_in(provider, tmp_path / "t")
    first = oauth2.access_token()
    oauth2.forget(first)
    second = oauth2.access_token()
    assert second.fresh
    oauth2.forget(first)
    assert oauth2.access_token() == AccessToken(second.text, fresh=False)


def test_twenty_connections_that_need_a_token_at_once_ask_for_one(provider: Provider, tmp_path: Path) -> None:
    oauth2, found = signed_in(provider, tmp_path / "t"), []
    provider.rotates = True
    threads = [threading.Thread(target=lambda: found.append(oauth2.access_token().text)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(found), len(set(found)), provider.asked["/token"]) == (20, 1, 1)


def test_a_provider_that_does_not_say_how_long_is_asked_at_each_login(provider: Provider, tmp_path: Path) -> None:
    oauth2 = signed_in(provider, tmp_path / "t")
    for lasts in (None, "soon", -1, 1e300, float("nan")):
        provider.refuse = 200, {"access_token": "abc", "expires_in": lasts}
        assert oauth2.access_token() == AccessToken("abc", fresh=True)


# -- the file


def test_the_token_file_is_for_its_owner_and_replaced_whole(provider: Provider, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    link.symlink_to(real)
    provider.rotates = True
    oauth2 = signed_in(provider, link)
    before = real.stat().st_ino
    oauth2.access_token()
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert real.stat().st_ino != before
    found = token_file.read(link)
    assert found is not None
    assert found.refresh_token != provider.forms[0]["refresh_token"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".real.lock", "link", "real"]


def test_a_file_that_cannot_be_written_is_told_only_where_a_token_would_be_lost(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    oauth2 = signed_in(provider, tmp_path / "t")

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    first = oauth2.access_token()
    assert oauth2.access_token() == AccessToken(first.text, fresh=False), "it is kept in memory"
    assert "state.failed" not in capsys.readouterr().err
    provider.rotates = True
    oauth2.forget(first)
    assert oauth2.access_token().fresh
    told = capsys.readouterr()
    assert "No space left on device" in told.out + told.err
    oauth2.forget(oauth2.access_token())
    assert oauth2.access_token().fresh, "by the refresh token that could not be kept"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".t.lock", "t"]


@pytest.mark.parametrize("text", [
    "", "{}", "[]", "null", "secret-1", "\0", "[" * 100_000, '{"refresh_token": 5}',
    '{"refresh_token": "secret-1", "expires_at": "x"}', '{"refresh_token": "secret-1", "expires_at": 1e99}',
])
def test_a_file_that_is_none_of_ours_is_one_clear_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises(ConfigError, match=r"the token file .*/t is none that") as caught:
        OAuth2(Endpoints("http://127.0.0.1:1/"), "me", token_file=tmp_path / "t").access_token()
    assert "secret-1" not in "".join(traceback.format_exception(caught.value))


def test_before_the_first_sign_in_the_way_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(LoginRefused, match=r"no token in .*: run `mailbot auth login`"):
        OAuth2(Endpoints("http://127.0.0.1:1/"), "me", token_file=tmp_path / "t").access_token()


# -- what errors mean


@pytest.mark.parametrize(("status", "body", "error", "words"), [
    (400, {"error": "invalid_grant", "error_description": "AADSTS70000: old.\r\nTrace ID: 1"}, LoginRefused, "revoked: run `mailbot"),
    (401, {"error": "invalid_client"}, LoginRefused, "invalid_client"),
    (400, {"error": "invalid_scope"}, LoginRefused, "invalid_scope"),
    (403, b"<html>no</html>", LoginRefused, "HTTP status 403"),
    (404, b"", LoginRefused, "HTTP status 404"),
    (307, b"", LoginRefused, "redirects"),
    (302, b"", LoginRefused, "redirects"),
    (429, {}, Refused, "HTTP status 429"),
    (500, b"", Unreachable, "HTTP status 500"),
    (503, {"error": "x"}, Unreachable, "x"),
    (400, {"error": "temporarily_unavailable"}, Unreachable, "temporarily_unavailable"),
    (200, b"<html>sign in to this network</html>", Unreachable, "not that of a token server"),
    (200, {}, LoginRefused, "no access token"),
    (200, {"access_token": "a\r\nb"}, LoginRefused, "no access token"),
    (200, {"access_token": 5}, LoginRefused, "no access token"),
    (200, b"x" * 2_000_000, Unreachable, "more than"),
])
def test_an_error_says_who_must_change(
    provider: Provider, tmp_path: Path, status: int, body: Any, error: type[Exception], words: str,
) -> None:
    oauth2 = signed_in(provider, tmp_path / "t")
    provider.refuse = status, body
    with pytest.raises(error, match=words) as caught:
        oauth2.access_token()
    assert "\n" not in str(caught.value)
    assert provider.asked["/elsewhere"] == 0
    if isinstance(caught.value, Refused):
        assert caught.value.cause is Cause.QUOTA


def test_a_provider_that_is_gone_is_unreachable(tmp_path: Path) -> None:
    with Provider() as gone:
        oauth2 = signed_in(gone, tmp_path / "t")
    with pytest.raises(Unreachable, match="refused"):
        oauth2.access_token()


def test_a_closed_port_and_an_unknown_host_are_unreachable() -> None:
    with pytest.raises(Unreachable):
        post("http://127.0.0.1:1/", {})
    with pytest.raises(Unreachable, match=r"no-such-host\.invalid"):
        post("https://no-such-host.invalid/t", {})


def test_tls_is_verified_against_the_authorities_of_the_system_and_of_the_account(
    authority: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1,127.0.0.2")
    with Provider(certificate=authority) as provider:
        oauth2 = replace(signed_in(provider, tmp_path / "t"), ca_file=str(authority.ca))
        assert oauth2.access_token().fresh
        with pytest.raises(Unreachable, match="certificate is not trusted"):
            by_file(provider, tmp_path / "t").access_token(lambda: 1e10)
        for bad in ("/nowhere/ca.pem", str(authority.key)):
            with pytest.raises(ConfigError, match="ca_file"):
                post(provider.token_url, {}, ca_file=bad)
    with Provider(certificate=authority, host="127.0.0.2") as other, pytest.raises(Unreachable, match="certificate is not trusted"):
        post(other.token_url, {}, ca_file=str(authority.ca))


def test_tokens_and_secrets_are_in_no_error_traceback_or_repr(provider: Provider, tmp_path: Path) -> None:
    """The provider of the tests echoes both, as some do."""
    oauth2 = signed_in(provider, tmp_path / "t")
    refresh = json.loads((tmp_path / "t").read_text())["refresh_token"]
    good = oauth2.access_token()
    assert good.text not in repr(good) + repr(oauth2) + repr(token_file.read(tmp_path / "t"))
    assert refresh not in repr(oauth2) + repr(token_file.read(tmp_path / "t"))
    provider.revoke()
    oauth2.forget(good)
    for broken in (oauth2, by_file(provider, tmp_path / "t", "wrong-secret-123")):
        with pytest.raises(LoginRefused, match="…") as caught:
            broken.access_token()
        told = "".join(traceback.format_exception(caught.value))
        assert refresh not in told
        assert "wrong-secret-123" not in told


# -- signing in


def test_a_code_for_another_device_is_asked_after_until_the_person_has_agreed(provider: Provider) -> None:
    provider.pending = 2
    oauth2, waits = OAuth2(endpoints(provider), "me"), []
    device = device_code(oauth2)
    assert (device.url, device.code) == (f"{provider.url}/activate", "WDJB-MJHT")
    assert "device-secret" not in repr(device)
    assert by_device(oauth2, device, waits.append).refresh_token.startswith("refresh-")
    assert waits == [0.05] * 3
    assert provider.forms[0] == {"client_id": "me", "scope": "imap"}


def test_slow_down_and_a_lost_connection_are_heeded_and_time_runs_out(provider: Provider) -> None:
    oauth2, waits = OAuth2(endpoints(provider), "me"), []
    device = device_code(oauth2)
    answers = iter([(400, {"error": "slow_down"}), (503, {}), (400, {"error": "authorization_pending"})])

    def wait(seconds: float) -> None:
        waits.append(seconds)
        provider.refuse = next(answers, (400, {"error": "authorization_pending"}))

    with pytest.raises(LoginRefused, match="in time"):
        by_device(oauth2, device, wait, lambda: float(10 * len(waits)))
    assert waits[:3] == [0.05, 5.05, 10.1]
    assert len(waits) == 6
    provider.refuse = 400, {"error": "access_denied"}
    with pytest.raises(LoginRefused, match="access_denied"):
        by_device(oauth2, device, lambda _: None)


def browse(url: str) -> int:
    """The person's browser: the status it was answered with."""
    try:
        with urlopen(url, timeout=10) as response:
            return int(response.status)
    except HTTPError as error:
        with error:
            return int(error.code)


def test_the_browser_comes_back_to_loopback_and_the_code_is_proved_by_pkce(provider: Provider) -> None:
    oauth2, statuses = OAuth2(endpoints(provider), "me"), []
    with Return() as back:
        asked = visit(oauth2, back.redirect, "ada@example.org")
        assert "login_hint=ada%40example.org" in asked.url
        assert "prompt=consent" in asked.url
        assert asked.verifier not in asked.url + repr(asked)
        target = provider.agree(asked.url, "ada")

        def person() -> None:
            forged = target.replace("state=", "state=x")
            statuses.extend([browse(back.redirect), browse(f"{back.redirect}favicon.ico"), browse(forged), browse(target)])

        thread = threading.Thread(target=person)
        thread.start()
        answer = back.wait(asked.state, 20)
        thread.join(20)
    assert statuses == [404, 404, 404, 200]
    assert by_visit(oauth2, asked, answer).refresh_token.startswith("refresh-")
    with pytest.raises(LoginRefused, match="invalid_grant"):
        by_visit(oauth2, asked, answer)     # a code serves once


def test_the_address_that_another_machines_browser_ended_at_may_be_pasted(provider: Provider) -> None:
    oauth2 = OAuth2(endpoints(provider), "me")
    read, write = os.pipe()
    with Return() as back, os.fdopen(read) as pasted:
        asked = visit(oauth2, back.redirect, "ada")
        os.write(write, f"what?\n{provider.agree(asked.url, 'ada')}\n".encode())
        os.close(write)
        assert by_visit(oauth2, asked, back.wait(asked.state, 20, pasted)).access_token


def test_a_person_who_declines_or_never_comes_is_told(provider: Provider) -> None:
    oauth2 = OAuth2(endpoints(provider), "me")
    with Return() as back:
        asked = visit(oauth2, back.redirect, "ada")
        back._state = asked.state
        assert back.take(f"/?state={asked.state}&error=access_denied")
        with pytest.raises(LoginRefused, match="access_denied"):
            by_visit(oauth2, asked, back.wait(asked.state, 1))
        with pytest.raises(UsageError, match="cannot listen"):
            Return(back.server_port)
    with Return() as back, pytest.raises(LoginRefused, match="in time"):
        back.wait("state", 0.05)


def test_a_sign_in_without_a_refresh_token_is_refused(provider: Provider) -> None:
    oauth2 = OAuth2(endpoints(provider), "me")
    device = device_code(oauth2)
    provider.refuse = 200, {"access_token": "abc", "expires_in": 60}
    with pytest.raises(LoginRefused, match="no refresh token"):
        by_device(oauth2, device, lambda _: None)


def test_a_revoked_token_is_refreshed_no_more(provider: Provider, tmp_path: Path) -> None:
    oauth2 = signed_in(provider, tmp_path / "t")
    found = token_file.read(tmp_path / "t")
    assert found is not None
    assert revoke(oauth2, found)
    with pytest.raises(LoginRefused, match="revoked"):
        oauth2.access_token()
    assert not revoke(OAuth2(Endpoints(provider.token_url), "me"), found)
