"""Where a password comes from. Read again at each login, so that a rotated one is found; shown nowhere."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from mailbot.document.problems import visible
from mailbot.errors import ConfigError

PATIENCE = 30.0     # seconds for a command: an agent may have to be unlocked


@dataclass(frozen=True, slots=True)
class Plain:
    """Written into the file or the environment."""

    text: str = field(repr=False)

    def read(self) -> str:
        return _one_line(self.text, "the password")


@dataclass(frozen=True, slots=True)
class FromFile:
    path: Path

    def read(self) -> str:
        where = f"the password file {self.path}"
        try:
            octets = self.path.read_bytes()
        except OSError as error:
            raise ConfigError(f"{where}: {error.strerror}") from error
        return _decoded(octets, where)


@dataclass(frozen=True, slots=True)
class FromEnv:
    name: str

    def read(self) -> str:
        if self.name not in os.environ:
            raise ConfigError(f"the password is to come from the environment: {self.name} is not set there")
        return _one_line(os.environ[self.name], f"the password in {self.name}")


@dataclass(frozen=True, slots=True)
class FromCommand:
    argv: tuple[str, ...]

    def read(self) -> str:
        """Runs it without a shell; of what it says on stderr the last line is told, of stdout nothing."""
        where = f"the password command {self.argv[0]}"
        try:
            done = subprocess.run(self.argv, stdin=subprocess.DEVNULL, capture_output=True,    # noqa: S603 - the owner's command
                                  timeout=PATIENCE, check=False)
        except OSError as error:
            raise ConfigError(f"{where}: {error.strerror}") from error
        except subprocess.TimeoutExpired:
            # Without its cause, which holds what the command had printed.
            raise ConfigError(f"{where} gave no answer within {PATIENCE:.0f} s") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            why = f": {visible(said[-1])[:200]}" if said else ""
            raise ConfigError(f"{where} ended with exit code {done.returncode}{why}")
        return _decoded(done.stdout, f"the answer of {where}")


Secret = Plain | FromFile | FromEnv | FromCommand


def _decoded(octets: bytes, where: str) -> str:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        # Without its cause, which holds the octets.
        raise ConfigError(f"{where} is not UTF-8") from None
    return _one_line(text, where)


def _one_line(text: str, where: str) -> str:
    """`text` less one trailing newline."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ConfigError(f"{where} is empty")
    if any(char in text for char in "\r\n\0"):
        raise ConfigError(f"{where} has more than one line: it must hold the password alone")
    return text
