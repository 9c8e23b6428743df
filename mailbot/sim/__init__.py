"""An IMAP server in memory, on loopback only: for the demo, and for tests that need faults on demand. It is no product.

What it says is what Dovecot says (tests/server/test_conversations.py), as far as mailbot asks.
"""
