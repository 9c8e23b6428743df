"""What can be made to go wrong, a command at a time."""

from dataclasses import dataclass
from enum import Enum


class How(Enum):
    ANSWERED = "answered"       # with `words`, and not carried out
    CUT_BEFORE = "cut before"   # the connection ends instead
    CUT_AFTER = "cut after"     # it is carried out, and the connection ends without an answer
    SILENT = "silent"           # neither carried out nor answered, nor is anything after it on this connection


@dataclass(frozen=True, slots=True)
class Fault:
    how: How
    words: str = ""             # `NO [OVERQUOTA] full`, `BAD no`, `OK` that is none


def answered(words: str) -> Fault:
    return Fault(How.ANSWERED, words)


CUT_BEFORE, CUT_AFTER, SILENT = Fault(How.CUT_BEFORE), Fault(How.CUT_AFTER), Fault(How.SILENT)
