"""Figures of reading rules: `python -m bench.rule_files [FILES]` reads so many fuzzed files (100,000), and 1,000 rules.

Each file must be a Config or a clear error within 1 s and 64 MB; the first that is not ends it, and is kept.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from mailbot.config.load import load
from mailbot.errors import ConfigError
from tests.unit.fuzzed import files

ENVIRON = {"MAILBOT_STATE": "/data/state", "MAILBOT_FILES": "/data/files"}
MOST_SECONDS, MOST_MB = 1.0, 64.0
RULE = """\
  - name: rule NUMBER
    when:
      from: [aNUMBER@example.org, bNUMBER@example.org]
      subject: word NUMBER
      not: {to: cNUMBER@example.org}
    then:
      - flag: [seen, $fNUMBER]
      - move: "Archive/{received:%Y}/NUMBER"
"""


def read(path: Path) -> tuple[float, bool]:
    """Seconds of this thread's own time, and whether it was refused."""
    began, refused = time.thread_time(), False
    try:
        load(path, ENVIRON)
    except ConfigError:
        refused = True
    return time.thread_time() - began, refused


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fuzz(folder: Path, count: int, seed: int) -> str:
    path, slowest, refusals, base = folder / "rules.yaml", 0.0, 0, megabytes()
    for number, octets in enumerate(files(Random(seed), count)):
        path.write_bytes(octets)
        seconds, refused = read(path)
        slowest, refusals = max(slowest, seconds), refusals + refused
        if seconds > MOST_SECONDS or megabytes() - base > MOST_MB:
            kept = Path(tempfile.gettempdir()) / f"mailbot-fuzz-{seed}-{number}.yaml"
            kept.write_bytes(octets)
            raise SystemExit(f"{kept}: {seconds:.2f} s, {megabytes() - base:.0f} MB more than at the start")
    return (f"{count:,} files: {refusals:,} refused, {count - refusals:,} loaded, none failed otherwise; "
            f"slowest {slowest * 1000:.0f} ms, at most {megabytes() - base:.0f} MB more than at the start")


def thousand_rules(folder: Path) -> str:
    rules = "".join(RULE.replace("NUMBER", str(number)) for number in range(1000))
    path = folder / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n{rules}")
    times = sorted(read(path)[0] for _ in range(5))
    return f"1,000 rules ({path.stat().st_size:,} octets): read and checked in {times[2] * 1000:.0f} ms (median of 5)"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        print(thousand_rules(Path(name)), flush=True)
        print(fuzz(Path(name), count, seed=20261122))


if __name__ == "__main__":
    main()
