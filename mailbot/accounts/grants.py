"""Signing in once, by a person: on any device with a code (RFC 8628), or in this machine's browser (RFC 8252, PKCE: RFC 7636)."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from mailbot.accounts.oauth2 import OAuth2, granted
from mailbot.accounts.token_file import Tokens
from mailbot.accounts.token_server import Declined, post
from mailbot.errors import LoginRefused, Unreachable

WAIT = 600.0        # seconds that a person has, where the provider does not say
_INTERVAL = 5.0     # seconds between questions (RFC 8628 3.2)
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """The person opens `url` anywhere and enters `code`."""

    url: str
    code: str
    lasts: float                                # seconds
    interval: float                             # seconds between two questions
    secret: str = field(repr=False)


def device_code(oauth2: OAuth2) -> DeviceCode:
    answer = post(oauth2.endpoints.device_url, {**oauth2.client(), **_scope(oauth2)}, ca_file=oauth2.ca_file)
    # Google writes verification_url.
    url, code, secret = (_text(answer, name) for name in ("verification_uri", "user_code", "device_code"))
    url = url or _text(answer, "verification_url")
    if not (url and code and secret):
        raise LoginRefused("the provider's answer holds no code to enter: is device_url right?")
    return DeviceCode(url, code, _number(answer, "expires_in", WAIT), _number(answer, "interval", _INTERVAL), secret)


def by_device(oauth2: OAuth2, device: DeviceCode, wait: Callable[[float], object],
              clock: Callable[[], float] = time.monotonic) -> Tokens:
    """Asks until the person has agreed; `wait` pauses for so many seconds. Raises LoginRefused: declined, or too late."""
    form = {"grant_type": _DEVICE, "device_code": device.secret, **oauth2.client()}
    interval, end = device.interval, clock() + device.lasts
    while clock() < end:
        wait(interval)
        try:
            return _lasting(post(oauth2.endpoints.token_url, form, ca_file=oauth2.ca_file))
        except Declined as declined:
            if declined.code == "slow_down":
                interval += 5.0         # RFC 8628 3.5
            elif declined.code != "authorization_pending":
                raise
        except Unreachable:
            interval *= 2               # the same section: a connection that failed is asked for less often
    raise LoginRefused("nobody agreed in time: begin again")


@dataclass(frozen=True, slots=True)
class Visit:
    """The address to open in a browser; it comes back to `redirect` with `state`."""

    url: str
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def visit(oauth2: OAuth2, redirect: str, user: str) -> Visit:
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"response_type": "code", "client_id": oauth2.client_id, "redirect_uri": redirect, **_scope(oauth2), "state": state,
             "code_challenge": challenge, "code_challenge_method": "S256", "login_hint": user}
    asked.update(oauth2.endpoints.asked_with)
    url = oauth2.endpoints.authorize_url
    return Visit(f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}", redirect, state, verifier)


def by_visit(oauth2: OAuth2, visited: Visit, answer: Mapping[str, str]) -> Tokens:
    """`answer` is the query that the browser came back with, `state` checked."""
    if "code" not in answer:
        raise LoginRefused(f"the provider says {answer.get('error', 'no code')[:100]!a}")
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": visited.redirect,
            "code_verifier": visited.verifier, **oauth2.client()}
    return _lasting(post(oauth2.endpoints.token_url, form, ca_file=oauth2.ca_file))


def revoke(oauth2: OAuth2, tokens: Tokens) -> bool:
    """RFC 7009; False where the provider has no such thing."""
    if not oauth2.endpoints.revoke_url:
        return False
    form = {"token": tokens.refresh_token, "token_type_hint": "refresh_token", "client_id": oauth2.client_id}
    post(oauth2.endpoints.revoke_url, form, ca_file=oauth2.ca_file)
    return True


def _lasting(answer: Mapping[str, Any]) -> Tokens:
    tokens = granted(answer, "", time.time)
    if not tokens.refresh_token:
        raise LoginRefused("the provider gave no refresh token: does the scope include offline access?")
    return tokens


def _scope(oauth2: OAuth2) -> dict[str, str]:
    return {"scope": oauth2.endpoints.scope} if oauth2.endpoints.scope else {}


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def _number(answer: Mapping[str, Any], name: str, default: float) -> float:
    value = answer.get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < 86_400 else default
