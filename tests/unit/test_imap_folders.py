"""Which folder has which special use: as the server says, else as is known of the provider, else by its name."""

from mailbot.accounts.providers import PROVIDERS
from mailbot.effects import Folder
from mailbot.imap.folders import special


def rows(*names: str, **attributes: str) -> dict[str, Folder]:
    return {name: Folder(name, frozenset({attributes[name]} if name in attributes else ())) for name in (*names, *attributes)}


def test_yahoo_which_says_nothing_is_known() -> None:
    """https://github.com/jstedfast/MailKit/issues/242"""
    there = rows("Bulk Mail", "Draft", "INBOX", "Sent", "Trash", "Drafts")
    assert special(there, PROVIDERS["yahoo"].folders) == {
        r"\Junk": "Bulk Mail", r"\Drafts": "Draft", r"\Sent": "Sent", r"\Trash": "Trash"}
    assert special(there, {})[r"\Drafts"] == "Drafts"


def test_what_the_server_says_comes_first() -> None:
    there = rows("Deleted Items", Papierkorb=r"\Trash")
    assert special(there, PROVIDERS["outlook"].folders) == {r"\Trash": "Papierkorb"}


def test_a_known_name_that_is_not_there_is_not_made_up() -> None:
    assert special(rows("INBOX", "Junk"), PROVIDERS["outlook"].folders) == {r"\Junk": "Junk"}
