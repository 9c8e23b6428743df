"""What a process costs: seconds, seconds of the processor, memory at the most."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOKS = 0.02        # seconds between two looks at the memory


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    cpu: float
    megabytes: float        # resident, at the most, as seen in /proc up to a fiftieth of a second before the end


def megabytes(pid: int, what: str = "VmHWM") -> float:
    """0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/status").read_text().split(f"{what}:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return 0.0


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(command: Sequence[str], home: Path, environment: Mapping[str, str], *, seconds: float = 1800) -> Cost:
    """To its end, which must be a good one."""
    log = home / "stderr"
    with log.open("wb") as stderr:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
        # ru_maxrss would do, but counts what the parent had when it forked.
        peak, over = [0.0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, over))
        watcher.start()
        alarm = threading.Timer(seconds, process.kill)
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        alarm.cancel()
        over.set()
        watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: ended with {process.returncode}: {log.read_text()[-2_000:]}")
    return Cost(took, usage.ru_utime + usage.ru_stime, peak[0])


def _watch(pid: int, peak: list[float], over: threading.Event) -> None:
    while not over.wait(LOOKS):
        peak[0] = max(peak[0], megabytes(pid))
