"""The program as a user runs it: a process, its rules file, its log, its exit code."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.dovecot import PASSWORD, Dovecot
from tests.lab.until import until
from tests.unit.test_docs_events import strays

ACCOUNT = """\
version: 1
accounts:
  home: {{host: localhost, port: {port}, ca_file: {ca}, user: {user}, password: {{env: MAIL_PASSWORD}}}}
"""
PLAIN = """\
version: 1
accounts:
  home: {{host: 127.0.0.1, port: {port}, tls: none, user: {user}, password: {{env: MAIL_PASSWORD}}}}
"""


def over_tls(server: Dovecot, user: str) -> str:
    return ACCOUNT.format(port=server.tls_port, ca=server.ca, user=user)


def in_the_clear(port: int, user: str) -> str:
    """For tests that read the wire."""
    return PLAIN.format(port=port, user=user)


def environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "MAILBOT_STATE": str(home / "state"), "MAILBOT_FILES": str(home / "files"),
            "MAIL_PASSWORD": PASSWORD, **more}


def mailbot(home: Path, *arguments: str, stdin: str | None = None, seconds: float = 60, **more: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end; `home` is its current folder and holds its state."""
    return subprocess.run([sys.executable, "-m", "mailbot", *arguments], cwd=home, env=environment(home, more), input=stdin,
                          stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=True, timeout=seconds, check=False)


class Bot:
    """`mailbot run` in the background; its log is read as it comes."""

    def __init__(self, home: Path, *arguments: str, **more: str) -> None:
        self.home = home
        self.events: list[dict[str, Any]] = []
        self.other: list[str] = []          # lines of stderr that are no JSON: there should be none
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mailbot", "run", "--log-format", "json", *arguments], cwd=home, env=environment(home, more),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self.out: list[str] = []
        self._readers = [threading.Thread(target=self._read_log, daemon=True), threading.Thread(target=self._read_out, daemon=True)]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(5)
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()
        if kind is None:
            assert strays({name: value for name, value in row.items() if name != "_at"} for row in self.events) == []

    def seen(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        return [row for row in list(self.events) if row.get("event") == event and all(row.get(k) == v for k, v in fields.items())]

    def wait(self, event: str, count: int = 1, seconds: float = 20, **fields: Any) -> list[dict[str, Any]]:
        """Until the log holds `count` such events."""
        until(lambda: len(self.seen(event, **fields)) >= count or self._process.poll() is not None, deadline=seconds,
              what=f"{count} {event} {fields} in the log")
        found = self.seen(event, **fields)
        assert len(found) >= count, f"the bot ended with {self._process.poll()} before {event}: {self.events[-5:]} {self.other}"
        return found

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> tuple[int, float]:
        """SIGTERM; the exit code, and the seconds it took."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(timeout=20)
        return code, time.monotonic() - began

    def _read_log(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            try:
                self.events.append({**json.loads(line), "_at": time.time()})
            except ValueError:
                self.other.append(line)

    def _read_out(self) -> None:
        assert self._process.stdout
        self.out.extend(self._process.stdout)
