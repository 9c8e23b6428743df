"""What a message is recognised by where its UID does not tell (safety.md 2, architecture.md "Journal")."""

from hashlib import sha256

from mailbot.mail.message import Message

FINGERPRINT_HEADERS = frozenset({"message-id", "date", "from"})
SHOWN_HEADERS = frozenset({"from", "subject"})


def fingerprint(message: Message) -> str:
    """32 hex digits. Kept in journals for 400 days: what goes into it must never change.

    Equal mail has an equal EMAILID, so INTERNALDATE and size go with it.
    """
    if message.identity:
        facts = [b"id", message.identity.encode(errors="replace")]
    else:
        # Octets rather than text: how we decode may get better, a fingerprint may not. Folding is not part of it.
        values = (b"\0".join(message.headers.raw(name)) for name in sorted(FINGERPRINT_HEADERS))
        facts = [b"headers", *(b" ".join(value.split()) for value in values)]
    facts += [b"%d" % int(message.received.timestamp()), b"%d" % message.size]
    return sha256(b"\0\n".join(facts)).hexdigest()[:32]
