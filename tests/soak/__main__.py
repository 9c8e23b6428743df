"""`make soak`: prints the figures; 1 where the invariant does not hold, or memory or descriptors have grown."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.soak import Figures, Soak

MOST_LINES = 30
MOST_GROWTH = 4_096         # kilobytes, from the second quarter of the bot's last life to its last


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=10, help="messages a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, help="keep rules, state and files of the bot in this folder, which is empty")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        figures = Soak(options.home or Path(home), options.seconds, options.rate, options.seed).run()
    kilobytes, descriptors, threads = figures.grown()
    print("\n".join(lines(figures)))
    print(f"memory, descriptors, threads: {kilobytes:+,} kB, {descriptors:+}, {threads:+} from the second quarter of "
          f"{len(figures.samples):,} samples to the last ({figures.samples[-1].kilobytes:,} kB, {figures.samples[-1].descriptors}, "
          f"{figures.samples[-1].threads} in the end); MB by tenths: "
          f"{', '.join(f'{tenth / 1000:.1f}' for tenth in figures.tenths())}")
    return 1 if figures.wrong or kilobytes > MOST_GROWTH or descriptors > 0 or threads > 0 else 0


def lines(figures: Figures) -> list[str]:
    deeds = ", ".join(f"{count:,} {name}" for name, count in sorted(figures.deeds.items()))
    return [
        (f"{figures.sent:,} messages in {figures.seconds:,.0f} s ({figures.sent / figures.seconds:.1f} a second); {figures.cuts:,} times "
        f"cut, {figures.connections:,} connections, {figures.reloads:,} reloads, killed {figures.kills} times"),
        (f"the second client: {deeds}; {figures.touched:,} messages moved or deleted by it, {figures.doubled:,} of them doubled by two "
        "moves at once"),
        f"all done {figures.settled:.0f} s after the weather cleared up; {figures.waiting} parked",
        *(f"alert: {row['event']} {row.get('why', '')}" for row in figures.alerts),
        *(f"wrong: {what}" for what in figures.wrong[:MOST_LINES]),
        f"{len(figures.wrong)} messages lost, doubled, changed or not done",
    ]


sys.exit(main())
