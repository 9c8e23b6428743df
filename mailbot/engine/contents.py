"""What messages are octet by octet: asked where being wrong would cost one of them (recovery.py)."""

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256

from mailbot.effects import Mailbox, SavedPart
from mailbot.engine.effect_rows import Place
from mailbot.errors import Cause, Refused

WHOLE = SavedPart("")


def contents(mailbox: Mailbox, places: Iterable[Place]) -> dict[Place, bytes]:
    """SHA-256 of each message, whole; b"" where it cannot be read; what is not there any more is absent. Selects what it needs."""
    by_folder: dict[tuple[str, int], set[int]] = defaultdict(set)
    for place in places:
        by_folder[place.folder, place.uidvalidity].add(place.uid)
    found: dict[Place, bytes] = {}
    for (folder, uidvalidity), uids in by_folder.items():
        try:
            if mailbox.select(folder).uidvalidity != uidvalidity:
                continue
        except Refused:
            continue
        for uid in sorted(uids):
            if (digest := _digest(mailbox, uid)) is not None:
                found[Place(folder, uidvalidity, uid)] = digest
    return found


def _digest(mailbox: Mailbox, uid: int) -> bytes | None:
    digest = sha256()
    try:
        for chunks in mailbox.parts(uid, [WHOLE]):
            for chunk in chunks:
                digest.update(chunk)
    except Refused as refused:
        return None if refused.cause is Cause.GONE else b""
    return digest.digest()
