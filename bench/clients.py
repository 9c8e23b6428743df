"""The programs that are compared: how each is started on a mailbox, and why it cannot be here."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import rules as rule_files
from bench.rules import Rule
from tests.lab.server import PASSWORD

CACHE = Path("build/bench").absolute()
ROOT = Path(__file__).parent.parent
AUTOFILER = CACHE / "imapautofiler"


def no_reason() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Client:
    """`backlog` and `watch` write what is needed into the folder and give the command; None: it cannot."""

    name: str
    backlog: Callable[[Path, Sequence[Rule], int, str], list[str]]
    watch: Callable[[Path, Sequence[Rule], int, str], list[str]] | None
    missing: Callable[[], str] = no_reason


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "MAILBOT_STATE": str(home / "state"),
            "MAILBOT_FILES": str(home / "files"), "MAIL_PASSWORD": PASSWORD}


def mailbot(home: Path, rules: Sequence[Rule], port: int, user: str, *arguments: str) -> list[str]:
    (home / "rules.yaml").write_text(rule_files.mailbot(rules, port, user))
    return [sys.executable, "-m", "mailbot", *arguments]


def _imapfilter(home: Path, rules: Sequence[Rule], port: int, user: str, *, idles: bool) -> list[str]:
    (home / "config.lua").write_text(rule_files.imapfilter(rules, port, user, PASSWORD, idles=idles))
    (home / ".imapfilter").mkdir(exist_ok=True)
    return ["imapfilter", "-c", str(home / "config.lua")]


def _imapautofiler(home: Path, rules: Sequence[Rule], port: int, user: str) -> list[str]:
    (home / "rules.yml").write_text(rule_files.imapautofiler(rules, port, user, PASSWORD))
    return [str(AUTOFILER / "bin" / "imapautofiler"), "-c", str(home / "rules.yml")]


def _loop(rules: Sequence[Rule], port: int, user: str, what: str) -> list[str]:
    return [sys.executable, "-m", "bench.loop", what, str(port), user, str(len(rules))]


def _no_imapfilter() -> str:
    return "" if shutil.which("imapfilter") else "imapfilter is not installed (apt-get install imapfilter)"


def _no_imapautofiler() -> str:
    """Installs it, into a virtual environment of its own."""
    if (AUTOFILER / "bin" / "imapautofiler").exists():
        return ""
    venv.create(AUTOFILER, with_pip=True)
    install = [str(AUTOFILER / "bin" / "pip"), "install", "--quiet", "imapautofiler"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"imapautofiler cannot be installed: {done.stderr.strip().splitlines()[-1]}"


MAILBOT = Client(
    "mailbot", lambda home, rules, port, user: mailbot(home, rules, port, user, "apply", "--yes"),
    lambda home, rules, port, user: mailbot(home, rules, port, user, "run"))
IMAPFILTER = Client(
    "imapfilter", lambda home, rules, port, user: _imapfilter(home, rules, port, user, idles=False),
    lambda home, rules, port, user: _imapfilter(home, rules, port, user, idles=True), _no_imapfilter)
AUTOFILER_CLIENT = Client("imapautofiler", _imapautofiler, None, _no_imapautofiler)
LOOP = Client(
    "IMAPClient loop", lambda _home, rules, port, user: _loop(rules, port, user, "backlog"),
    lambda _home, rules, port, user: _loop(rules, port, user, "watch"))
CLIENTS = (MAILBOT, IMAPFILTER, AUTOFILER_CLIENT, LOOP)
