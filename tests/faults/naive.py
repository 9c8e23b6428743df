"""Programs that do what some mail filters do, and what safety.md forbids: the harness must find each of them guilty."""

from collections.abc import Iterator
from contextlib import contextmanager

from imapclient import IMAPClient

from tests.faults.home import Home
from tests.lab.dovecot import PASSWORD

TARGET = "Archive"


@contextmanager
def _inbox(home: Home, port: int, timeout: float) -> Iterator[IMAPClient]:
    client = IMAPClient(home.host, port, ssl=False, timeout=timeout)
    try:
        client.login(home.user, PASSWORD)
        client.select_folder("INBOX")
        yield client
    finally:
        client.shutdown()


def copies_then_expunges(home: Home, port: int, *, passes: int = 1, timeout: float = 20.0) -> None:
    """Copy, mark, plain EXPUNGE; no journal, no look. What was copied when it was cut off is copied again."""
    del passes
    with _inbox(home, port, timeout) as client:
        uids = client.search(["SUBJECT", "mine"])
        if uids:
            client.copy(uids, TARGET)
            client.add_flags(uids, [rb"\Deleted"])
            client.expunge()


def expunges_then_appends(home: Home, port: int, *, passes: int = 1, timeout: float = 20.0) -> None:
    """Takes the mail first and puts it where it belongs afterwards. What is in its hands when it is cut off is gone."""
    del passes
    with _inbox(home, port, timeout) as client:
        uids = client.search(["SUBJECT", "mine"])
        if uids:
            rows = client.fetch(uids, ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
            client.add_flags(uids, [rb"\Deleted"])
            client.uid_expunge(uids)
            for row in rows.values():
                flags = set(row[b"FLAGS"]) - {rb"\Recent"}
                client.append(TARGET, row[b"BODY[]"], flags, row[b"INTERNALDATE"])
