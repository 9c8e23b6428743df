"""mailbot beside others: `make bench`, or `make bench BENCH="new-mail backlog-10k"` for some of it.

Every figure of every run goes to build/bench/figures.jsonl; what is printed are medians.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from bench.backlog import Backlog
from bench.clients import CACHE
from bench.new_mail import NewMail
from bench.report import Figures, table
from bench.startup import startup

FAR = 0.05
# imapautofiler asks for each message by itself: 13 minutes at 50 ms.
PARTS: Mapping[str, Callable[[int], Iterator[Figures]]] = {
    "new-mail": NewMail("Dovecot", 50, FAR),
    "new-mail-200": NewMail("Dovecot", 200, FAR),
    "new-mail-cyrus": NewMail("Cyrus", 50, FAR),
    "backlog-1k": Backlog(1_000, FAR, once=("imapautofiler",)),
    "backlog-10k": Backlog(10_000, FAR, left_out=("imapautofiler",)),
    "backlog-10k-near": Backlog(10_000, 0.0, once=("imapautofiler",)),
    "backlog-100k": Backlog(100_000, 0.0, left_out=("imapautofiler",), plans=True),
    "startup": startup,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench BENCH=…", description="mailbot beside imapfilter, imapautofiler and a plain loop")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all without any")
    parser.add_argument("--runs", type=int, default=3, help="of each program, in turn (3)")
    options = parser.parse_args()
    if unknown := sorted(set(options.parts) - PARTS.keys()):
        parser.error(f"no part is called {', '.join(unknown)}: there are {', '.join(PARTS)}")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "figures.jsonl").open("a") as file:
        for name in options.parts or PARTS:
            began, figures = time.monotonic(), list[Figures]()
            for found in PARTS[name](options.runs):
                figures.append(found)
                about = {"part": name, "at": datetime.now(UTC).isoformat(), "python": platform.python_version()}
                print(json.dumps(about | found), file=file, flush=True)
            print(*table(figures), f"({name}: {time.monotonic() - began:.0f} s)", "", sep="\n", flush=True)
    print(f"every run: {CACHE / 'figures.jsonl'}")


if __name__ == "__main__":
    main()
