"""OAuth2 instead of a password: an access token for each login, refreshed when it has expired or is about to (RFC 6749 6)."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mailbot.accounts import token_file
from mailbot.accounts.providers import Endpoints
from mailbot.accounts.secrets import Secret
from mailbot.accounts.token_file import Tokens
from mailbot.errors import LoginRefused
from mailbot.log import get_logger

log = get_logger(__name__)

MARGIN = 120.0      # seconds that an access token must last: a login over a slow line takes a minute

_LONGEST = 10 * 365 * 86_400.0
_TOKEN = re.compile(r"[\x21-\x7e]+")
_SIGN_IN = "run `mailbot auth login` for this account"


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: str = field(repr=False)
    fresh: bool             # asked for just now: a server that refuses it will refuse the next one too


@dataclass(slots=True)
class _Kept:
    """Tokens for which there is no file, or none that could be written; `origin` is the refresh token they go back to."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    origin: str = field(default="", repr=False)
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class OAuth2:
    """`oauth2:` of an account. Either `refresh_token` or `token_file`. Shared by all connections of the account."""

    endpoints: Endpoints
    client_id: str
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    token_file: Path | None = None
    ca_file: str = ""                   # authorities to trust beside the system's
    kept: _Kept = field(default_factory=_Kept, repr=False, compare=False)

    def access_token(self, now: Callable[[], float] = time.time) -> AccessToken:
        """Good for MARGIN seconds, where the provider gives it as long.

        Raises LoginRefused (revoked, wrong client), Unreachable, ConfigError, and Refused where it has been asked too often.
        """
        with self._alone():
            origin, tokens = self._tokens()
            if tokens.access_token and tokens.expires_at - now() > MARGIN:
                return AccessToken(tokens.access_token, fresh=False)
            renewed = self._refreshed(tokens, now)
            self._keep(origin, renewed, rotated=renewed.refresh_token != tokens.refresh_token)
            return AccessToken(renewed.access_token, fresh=True)

    def forget(self, refused: AccessToken) -> None:
        """The next login begins with a refresh, unless another has made one already."""
        with self._alone():
            origin, tokens = self._tokens()
            if tokens.access_token == refused.text:
                self._keep(origin, replace(tokens, access_token="", expires_at=0.0), rotated=False)

    def client(self) -> dict[str, str]:
        """The parameters that say which program asks (RFC 6749 2.3.1)."""
        secret = {"client_secret": self.client_secret.read("client_secret")} if self.client_secret else {}
        return {"client_id": self.client_id, **secret}

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with self.kept.lock, token_file.alone(self.token_file) if self.token_file else contextlib.nullcontext():
            yield

    def _tokens(self) -> tuple[str, Tokens]:
        """The refresh token that the owner gives now, and the tokens as they have become since."""
        if self.token_file:
            given = token_file.read(self.token_file)
            if given is None:
                raise LoginRefused(f"there is no token in {self.token_file} yet: {_SIGN_IN}")
        elif self.refresh_token:
            given = Tokens(self.refresh_token.read("refresh_token"))
        else:
            raise LoginRefused(f"there is neither a token_file nor a refresh_token: {_SIGN_IN}")
        known = self.kept.tokens if self.kept.origin == given.refresh_token else None
        return given.refresh_token, known or given

    def _refreshed(self, tokens: Tokens, now: Callable[[], float]) -> Tokens:
        # HTTP is for those who have OAuth2: to import it takes a tenth of the time of a `check`.
        from mailbot.accounts.token_server import Declined, post

        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token, **self.client()}
        try:
            answer = post(self.endpoints.token_url, form, ca_file=self.ca_file)
        except Declined as declined:
            if declined.code == "invalid_grant":
                why = f"{declined}: the refresh token has expired or was revoked: {_SIGN_IN}"
                raise Declined(why, declined.code) from declined
            raise
        return granted(answer, tokens.refresh_token, now)

    def _keep(self, origin: str, tokens: Tokens, *, rotated: bool) -> None:
        if self.token_file:
            try:
                token_file.write(self.token_file, tokens)
            except OSError as error:
                if rotated:     # else nothing is lost: the next process refreshes once more
                    log.error("state.failed", alert=True,
                              why=f"the new refresh token cannot be kept in {self.token_file}: {error.strerror}")
            else:
                self.kept.tokens = None
                return
        self.kept.origin, self.kept.tokens = origin, tokens


def granted(answer: Mapping[str, Any], refresh_token: str, now: Callable[[], float]) -> Tokens:
    """RFC 6749 5.1. A server that gives no new refresh token leaves the old one in force (section 6)."""
    access, renewed = answer.get("access_token"), answer.get("refresh_token")
    if not isinstance(access, str) or not _TOKEN.fullmatch(access):
        raise LoginRefused("the provider's answer holds no access token")
    try:
        lasts = float(answer.get("expires_in") or 0.0)
    except (TypeError, ValueError):
        lasts = 0.0
    if not 0 <= lasts <= _LONGEST:
        lasts = 0.0     # not told, or nonsense: refreshed before each login
    return Tokens(renewed if isinstance(renewed, str) and renewed else refresh_token, access, now() + lasts)
