"""`oauth2:` of an account."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mailbot.accounts.account import is_loopback
from mailbot.accounts.load_values import Read, one_of, path, secret
from mailbot.accounts.oauth2 import OAuth2
from mailbot.accounts.providers import PROVIDERS, Endpoints
from mailbot.document import scalars
from mailbot.document.problems import Problems
from mailbot.document.shapes import mapping
from mailbot.document.values import Value

WITH_OAUTH2 = tuple(name for name, preset in PROVIDERS.items() if preset.oauth2)


def oauth2_keys(value: Value, problems: Problems) -> dict[str, Any] | None:
    """What stands there, read (None where it could not be); `oauth2` makes a whole of it."""
    found = mapping(value, problems, KEYS, "oauth2 key")
    if found is None:
        return None
    return {key.text: KEYS[key.text](inner, problems) for key, inner in found.entries if key.text in KEYS}


def oauth2(value: Value, keys: Mapping[str, Any], account: Mapping[str, Any], problems: Problems) -> OAuth2 | None:
    """`account`: what is known of it; its provider stands for that of `oauth2`. URLs that are given beat the provider's."""
    before = problems.count
    provider = keys.get("provider") or account.get("provider", "")
    preset = PROVIDERS[provider].oauth2 if provider in PROVIDERS else None
    given = {name: keys[name] for name in (*URLS, "scope") if keys.get(name)}
    endpoints = replace(preset or Endpoints(), **given)
    if not endpoints.token_url and keys.get("provider", "") is not None and "token_url" not in keys:
        why = f"{provider} gives no tokens to programs like this one" if provider else "oauth2 needs a provider or a token_url"
        problems.add(value, why, f"provider: {' '.join(WITH_OAUTH2)}, or token_url: https://…; else use an app password")
    if "client_id" not in keys:
        problems.add(value, "oauth2 has no client_id", "register a program with the provider: docs/oauth2.md says how")
    if ("token_file" in keys) == ("refresh_token" in keys):
        problems.add(value, "oauth2 has a token_file or a refresh_token, one of them",
                     "token_file: home.token, which `mailbot auth login` writes")
    if problems.count > before:
        return None
    file = keys.get("token_file")
    return OAuth2(endpoints, keys["client_id"], keys.get("client_secret"), keys.get("refresh_token"),
                  None if file is None else Path(file), account.get("ca_file", ""))


def _provider(value: Value, problems: Problems) -> str | None:
    return one_of(value, problems, WITH_OAUTH2, "the provider of oauth2")


def _url(value: Value, problems: Problems) -> str | None:
    """https; http to this machine alone. The value is not told: a token may have slipped into it."""
    text = scalars.text(value, problems)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    protected = bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
    if protected and text.isascii() and " " not in text:
        return text
    # What stands behind token_… is taken for a secret: a hint with a piece of it ("http") would be dropped.
    problems.add(value, "this is not the address of a token server", "TLS is required: tokens never cross a plain connection")
    return None


URLS = ("token_url", "authorize_url", "device_url", "revoke_url")
KEYS: Mapping[str, Read] = {
    "provider": _provider,
    **dict.fromkeys(URLS, _url),
    "scope": scalars.text,
    "client_id": scalars.text,
    "client_secret": secret,
    "refresh_token": secret,
    "token_file": path,
}
