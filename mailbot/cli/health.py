"""`mailbot health`: 0 and silent where all is well, 1 and the reasons where not."""

import argparse
import json
import os

from mailbot.config.paths import state_folder
from mailbot.service.health import ill


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser      # the global ones are enough


def main(options: argparse.Namespace) -> int:
    reasons = ill(state_folder(os.environ), options.account)
    if options.json:
        print(json.dumps({"version": 1, "healthy": not reasons, "reasons": reasons}))
    else:
        print("\n".join(reasons) or "well")
    return 1 if reasons else 0
