"""RFC 5530 and its kin: who must change before it can go well (imap-facts.md, "Error classes"). The one table."""

import re

from mailbot.errors import Cause

_BY_CODE: dict[str, Cause] = {
    "UNAVAILABLE": Cause.RETRY, "INUSE": Cause.RETRY, "SERVERBUG": Cause.RETRY, "LIMIT": Cause.RETRY, "CONTACTADMIN": Cause.RETRY,
    "THROTTLED": Cause.QUOTA, "OVERQUOTA": Cause.QUOTA,
    "TRYCREATE": Cause.FOLDER, "NONEXISTENT": Cause.FOLDER, "NOPERM": Cause.FOLDER, "ALREADYEXISTS": Cause.FOLDER,
    "READ-ONLY": Cause.FOLDER,
    "EXPUNGEISSUED": Cause.GONE,
}

# Cyrus says the first two without a code (servers.md), Gmail the third.
_BY_WORDS = (
    (re.compile("over ?quota", re.IGNORECASE), "OVERQUOTA"),
    (re.compile("permission denied", re.IGNORECASE), "NOPERM"),
    (re.compile("too many simultaneous connections", re.IGNORECASE), "LIMIT"),
)


def code_of(code: str, text: str) -> str:
    """The code that was given; where it tells no cause ([ALERT]), the one that the words mean."""
    return code if code in _BY_CODE else next((meant for words, meant in _BY_WORDS if words.search(text)), code)


def cause(code: str, *, into_folder: bool = False) -> Cause:
    """`into_folder`: of a COPY, MOVE or CREATE, where a full mailbox is that action's trouble and nobody else's."""
    if code == "OVERQUOTA" and into_folder:
        return Cause.FOLDER
    return _BY_CODE.get(code, Cause.MESSAGE)
