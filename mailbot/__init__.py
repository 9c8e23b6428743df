"""mailbot: a mail filter for IMAP mailboxes."""

__version__ = "0.1.0"
