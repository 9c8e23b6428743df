"""An OAuth2 access token instead of a password: OAUTHBEARER (RFC 7628), and XOAUTH2, its forerunner, elsewhere."""

import json
import re
from collections.abc import Collection

from mailbot.errors import LoginRefused

_SEPARATOR = "\x01"
_TELLING = re.compile(r"[\w .:/@+-]{1,200}")


def bearer_of(capabilities: Collection[str]) -> str | None:
    """The mechanism to be used: the standard's, else Google's and Microsoft's own."""
    return next((name for name in ("OAUTHBEARER", "XOAUTH2") if f"AUTH={name}" in capabilities), None)


class Exchange:
    """What is answered to the server's challenges, in turn. `told` is what it said of a token it refuses."""

    def __init__(self, mechanism: str, user: str, token: str, host: str, port: int) -> None:
        if any(char in word for word in (user, token) for char in f"\r\n\0{_SEPARATOR}"):
            raise LoginRefused("the user name or the token holds a control character")
        self._mechanism, self._token = mechanism, token
        self._first: str | None = _message(mechanism, user, token, host, port)
        self.told = ""

    def __call__(self, challenge: bytes) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            return first.encode()
        self.told = _told(challenge).replace(self._token, "…")
        # A refusal is a challenge that must be answered, then comes the NO (RFC 7628 3.2.3; XOAUTH2 wants an empty line).
        return _SEPARATOR.encode() if self._mechanism == "OAUTHBEARER" else b""


def _message(mechanism: str, user: str, token: str, host: str, port: int) -> str:
    if mechanism == "XOAUTH2":
        fields = [f"user={user}", f"auth=Bearer {token}"]
    else:
        # RFC 5801 4: "=" and "," in a name are escaped.
        name = user.replace("=", "=3D").replace(",", "=2C")
        fields = [f"n,a={name},", f"host={host}", f"port={port}", f"auth=Bearer {token}"]
    return _SEPARATOR.join([*fields, "", ""])


def _told(challenge: bytes) -> str:
    """`status` and `scope` of its JSON; what else stands there is nobody's business."""
    try:
        found = json.loads(challenge)
    except (ValueError, RecursionError):
        return ""
    values = [found.get(name) for name in ("status", "scope")] if isinstance(found, dict) else []
    return ", scope ".join(value for value in values if isinstance(value, str) and _TELLING.fullmatch(value))
