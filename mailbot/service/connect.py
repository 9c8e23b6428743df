"""An Account becomes a Session: imap gets plain values, and a function that reads the secret at each login."""

from mailbot.accounts.account import Account
from mailbot.imap.session import Session
from mailbot.imap.session import connect as imap_connect
from mailbot.imap.settings import Settings


def connect(account: Account, *, read_only: bool = False) -> Session:
    """Raises Unreachable, LoginRefused, ConfigError. `read_only`: the session only ever EXAMINEs."""
    settings = Settings(account=account.name, host=account.host, port=account.port, tls=account.tls, ca_file=account.ca_file,
                        user=account.user, most_uids=account.most_uids, read_only=read_only)
    return imap_connect(settings, account.secret.read)
