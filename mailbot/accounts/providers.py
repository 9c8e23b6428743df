"""What is known of the large providers, for `provider: gmail`. The one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Endpoints:
    """An OAuth2 server (RFC 6749), as far as it has these; "" where not."""

    token_url: str = ""
    authorize_url: str = ""         # for the browser; RFC 8252, with a redirect to loopback
    device_url: str = ""            # RFC 8628; where it is, no browser is needed on this machine
    revoke_url: str = ""            # RFC 7009
    scope: str = ""
    asked_with: tuple[tuple[str, str], ...] = ()    # further parameters of authorize_url


@dataclass(frozen=True, slots=True)
class Preset:
    """All of them: port 993, implicit TLS."""

    host: str
    connections: int            # most that it takes from one account, the owner's other mail programs included; 0: not known
    most_uids: int = 2000       # UIDs that a command names at most
    folders: Mapping[str, str] = field(default_factory=dict)    # by special use, where the server itself does not say (RFC 6154)
    oauth2: Endpoints | None = None


# https://developers.google.com/identity/protocols/oauth2/native-app
# Its device flow has no mail scope. Without access_type and prompt a second `auth login` gets no refresh token.
_GOOGLE = Endpoints(
    token_url="https://oauth2.googleapis.com/token",                # noqa: S106 - an address, no token
    authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
    revoke_url="https://oauth2.googleapis.com/revoke",
    scope="https://mail.google.com/",
    asked_with=(("access_type", "offline"), ("prompt", "consent")),
)

# https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
# "common" lets in both work and personal accounts; a program of one organisation names its tenant there.
# It revokes nothing by request.
_MICROSOFT = Endpoints(
    token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",     # noqa: S106 - an address, no token
    authorize_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    device_url="https://login.microsoftonline.com/common/oauth2/v2.0/devicecode",
    scope="https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
)

# https://developer.yahoo.com/oauth2/guide/ (mail scopes are given to approved applications only)
_YAHOO = Endpoints(
    token_url="https://api.login.yahoo.com/oauth2/get_token",       # noqa: S106 - an address, no token
    authorize_url="https://api.login.yahoo.com/oauth2/request_auth",
    scope="mail-w",
)

# https://github.com/jstedfast/MailKit/issues/242 and 274: no SPECIAL-USE, and these names.
_YAHOOS = {r"\Drafts": "Draft", r"\Junk": "Bulk Mail", r"\Sent": "Sent", r"\Trash": "Trash", r"\Archive": "Archive"}

PROVIDERS: Mapping[str, Preset] = {
    "gmail": Preset("imap.gmail.com", connections=15, oauth2=_GOOGLE),
    "outlook": Preset(          # IMAPMaxConcurrency of Exchange's throttling policies
        "outlook.office365.com", connections=20, oauth2=_MICROSOFT,
        folders={r"\Sent": "Sent Items", r"\Trash": "Deleted Items", r"\Junk": "Junk Email"}),
    "fastmail": Preset("imap.fastmail.com", connections=0),         # OAuth2 for registered programs only: app passwords
    "icloud": Preset(           # app passwords only; what it takes is told by nobody, five and more have been refused
        "imap.mail.me.com", connections=5, folders={r"\Sent": "Sent Messages", r"\Trash": "Deleted Messages"}),
    # answers at most 1,000 messages a command
    "yahoo": Preset("imap.mail.yahoo.com", connections=10, most_uids=500, folders=_YAHOOS, oauth2=_YAHOO),
    "aol": Preset("imap.aol.com", connections=10, most_uids=500, folders=_YAHOOS),      # Yahoo's servers
}

# The domains of addresses that are there; customers' own domains cannot be known. yahoo.co.jp is another company.
_COUNTRIES = ("at", "be", "ca", "ch", "co.in", "co.nz", "co.uk", "com.ar", "com.au", "com.br", "com.mx", "de", "dk", "es", "fr", "gr",
              "ie", "in", "it", "nl", "no", "pl", "se")
DOMAINS: Mapping[str, str] = {
    **{f"yahoo.{country}": "yahoo" for country in _COUNTRIES},
    **{f"{name}.{country}": "outlook" for name in ("hotmail", "live", "outlook") for country in _COUNTRIES},
    "gmail.com": "gmail", "googlemail.com": "gmail",
    "outlook.com": "outlook", "hotmail.com": "outlook", "live.com": "outlook", "msn.com": "outlook",
    "fastmail.com": "fastmail", "fastmail.fm": "fastmail",
    "icloud.com": "icloud", "me.com": "icloud", "mac.com": "icloud",
    "yahoo.com": "yahoo", "ymail.com": "yahoo",
    "aol.com": "aol",
}
