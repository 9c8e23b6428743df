"""Containers by podman, and checks that print a line each."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# The hardening of docs/: nothing but what the program needs.
HARDENED = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--pids-limit", "256"]


class Checks:
    """Counts and prints what holds and what does not."""

    def __init__(self) -> None:
        self.failed = 0

    def that(self, name: str, holds: Callable[[], object]) -> None:
        try:
            good, why = bool(holds()), ""
        except (AssertionError, LookupError, OSError, ValueError, subprocess.SubprocessError) as error:
            good, why = False, f": {type(error).__name__} {error}"
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} - {name}{why}", flush=True)


def podman(*arguments: str) -> str:
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"podman {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


class Container:
    """By name or number."""

    def __init__(self, name: str) -> None:
        self._name = name

    def run(self, *command: str) -> int:
        return subprocess.run(["podman", "exec", self._name, *command], capture_output=True, check=False).returncode

    def healthy(self) -> bool:
        probe = ["podman", "healthcheck", "run", self._name]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0

    def state(self, field: str) -> str:
        return podman("inspect", self._name, "--format", f"{{{{.State.{field}}}}}")

    def process(self, file: str) -> str:
        return Path("/proc", self.state("Pid"), file).read_text()

    def log(self) -> list[str]:
        # podman keeps the container's two streams apart; the program logs on stderr
        done = subprocess.run(["podman", "logs", self._name], capture_output=True, text=True, check=True)
        return done.stderr.splitlines()

    def events(self) -> list[dict[str, Any]]:
        """ValueError where a line is no JSON."""
        return [json.loads(line) for line in self.log()]

    def seen(self, event: str) -> list[dict[str, Any]]:
        return [row for row in self.events() if row["event"] == event]

    def terminate(self) -> float:
        """Seconds from SIGTERM to the end."""
        began = time.monotonic()
        podman("kill", "--signal", "TERM", self._name)
        podman("wait", self._name)
        return time.monotonic() - began

    def wait(self) -> int:
        """Its exit code, when it has ended of itself."""
        return int(podman("wait", self._name))

    def remove(self) -> None:
        podman("rm", "--force", "--time", "1", self._name)


@contextmanager
def running(image: str, *options: str) -> Iterator[Container]:
    """The server of the tests is on the host's loopback: so is the container."""
    container = Container(podman("run", "--detach", "--pull=never", "--network", "host", "--memory", "256m", *HARDENED, *options, image))
    try:
        yield container
    finally:
        container.remove()
