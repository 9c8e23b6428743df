"""How much is tried: a share with every test run, all of it with `make faults`."""

import os

LONG = os.environ.get("MAILBOT_FAULTS") == "long"
# Where a long run goes on, or begins for other octets than the last one's: the first that is tried of each series.
FIRST = int(os.environ.get("MAILBOT_FAULTS_FIRST", "0"))


def size(share: int, whole: int) -> int:
    return whole if LONG else share
