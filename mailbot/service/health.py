"""What the heartbeat file says of the running service. Run every half minute in small containers: imports next to nothing."""

import json
import time
from pathlib import Path

NAME = "heartbeat.json"
PROCESS_GOOD_FOR = 90.0     # seconds that the service vouches for itself; renewed every 30


def ill(state: Path, account: str | None = None) -> list[str]:
    """What is wrong, a line each; empty where all is well. Never raises for what stands in the file."""
    try:
        document = json.loads((state / NAME).read_bytes())
        now = time.time()
        silent = now - document["until"] + PROCESS_GOOD_FOR
        lines = [f"the service has not been heard of for {silent:.0f} s"] if silent > PROCESS_GOOD_FOR else []
        if document["rules_refused"]:
            lines.append(f"rules: {document['rules_refused']}")
        rows = document["accounts"]
        if account is not None and account not in rows:
            return [*lines, f"{account}: no such account in the running service"]
        for name, row in rows.items():
            if account in (None, name) and (row["until"] <= now or row["state"] == "refused"):
                lines.append(f"{name}: {row['state']}{': ' if row['why'] else ''}{row['why']}")
    except FileNotFoundError:
        return [f"no heartbeat in {state}: is `mailbot run` running, with the same MAILBOT_STATE?"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        return [f"the heartbeat in {state} cannot be read: {problem}"]
    return lines
