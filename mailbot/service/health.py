"""What the heartbeat file says of the running service. Run every half minute in small containers: imports next to nothing."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME = "heartbeat.json"
PROCESS_GOOD_FOR = 90.0     # seconds that the service vouches for itself; renewed every 10


def ill(state: Path, account: str | None = None) -> list[str]:
    """What is wrong, a line each; empty where all is well. Never raises for what stands in the file."""
    try:
        document = json.loads((state / NAME).read_bytes())
        rows = document["accounts"]
        lines = [f"{name}: {why}" if name else why for name, why in reasons(document, time.time())
                 if account in (None, name) or name not in rows]
        if account is not None and account not in rows:
            lines.append(f"{account}: no such account in the running service")
    except FileNotFoundError:
        return [f"no heartbeat in {state}: is `mailbot run` running, with the same MAILBOT_STATE?"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        return [f"the heartbeat in {state} cannot be read: {problem}"]
    return lines


def reasons(document: dict[str, Any], now: float) -> Iterator[tuple[str, str]]:
    """(account, why) of what is wrong at `now`, seconds since the epoch; without an account it is the service itself."""
    silent = now - document["until"] + PROCESS_GOOD_FOR
    if silent > PROCESS_GOOD_FOR:
        yield "", f"the service has not been heard of for {silent:.0f} s"
    if document["rules_refused"]:
        yield "", f"rules: {document['rules_refused']}"
    for name, row in document["accounts"].items():
        if row["until"] <= now or row["state"] == "refused":
            yield name, f"{row['state']}{': ' if row['why'] else ''}{row['why']}"
