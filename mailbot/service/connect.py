"""An Account becomes a Session: imap gets plain values, and a function that reads the secret at each login."""

from mailbot.accounts.account import Account
from mailbot.accounts.oauth2 import AccessToken, OAuth2
from mailbot.accounts.providers import PROVIDERS
from mailbot.errors import LoginRefused
from mailbot.imap.session import Session
from mailbot.imap.session import connect as imap_connect
from mailbot.imap.settings import Settings


def connect(account: Account, *, read_only: bool = False) -> Session:
    """Raises Unreachable, LoginRefused, ConfigError, and Refused with Cause.QUOTA where it was too much.

    `read_only`: the session only ever EXAMINEs.
    """
    settings = Settings(account=account.name, host=account.host, port=account.port, tls=account.tls, ca_file=account.ca_file,
                        user=account.user, token=isinstance(account.secret, OAuth2), most_uids=account.most_uids,
                        special=PROVIDERS[account.provider].folders if account.provider else {}, read_only=read_only)
    if isinstance(account.secret, OAuth2):
        return _with_token(settings, account.secret)
    return imap_connect(settings, account.secret.read)


def _with_token(settings: Settings, oauth2: OAuth2) -> Session:
    """A token may be refused before its time (revoked, a new password): then exactly one more try, with a fresh one."""
    shown: list[AccessToken] = []

    def token() -> str:
        shown.append(oauth2.access_token())
        return shown[-1].text

    try:
        return imap_connect(settings, token)
    except LoginRefused:
        if not shown:
            raise               # it never came to a token
        oauth2.forget(shown[0])
        if shown[0].fresh:
            raise
    try:
        return imap_connect(settings, token)
    except LoginRefused:
        if len(shown) > 1:
            oauth2.forget(shown[1])
        raise
