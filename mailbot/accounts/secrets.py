"""Where a secret comes from. Read again at each login, so that a rotated one is found; shown nowhere."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from mailbot.document.problems import visible
from mailbot.errors import ConfigError

PATIENCE = 30.0     # seconds for a command: an agent may have to be unlocked
LARGEST = 65_536    # octets: Microsoft's refresh tokens have two thousand


@dataclass(frozen=True, slots=True)
class Plain:
    """Written into the file or the environment."""

    text: str = field(repr=False)

    def read(self, what: str = "password") -> str:
        """`what` it is, for errors."""
        return _one_line(self.text, f"the {what}", what)


@dataclass(frozen=True, slots=True)
class FromFile:
    path: Path

    def read(self, what: str = "password") -> str:
        where = f"the {what} file {self.path}"
        try:
            with self.path.open("rb") as file:
                octets = file.read(LARGEST)
        except OSError as error:
            raise ConfigError(f"{where}: {error.strerror}") from error
        return _decoded(octets, where, what)


@dataclass(frozen=True, slots=True)
class FromEnv:
    name: str

    def read(self, what: str = "password") -> str:
        """Of NAME, or of the file that NAME_FILE names."""
        path = os.environ.get(f"{self.name}_FILE")
        if self.name in os.environ:
            if path:
                raise ConfigError(f"{self.name} and {self.name}_FILE are both set: unset one of them")
            return _one_line(os.environ[self.name], f"the {what} in {self.name}", what)
        if path:
            return FromFile(Path(path)).read(what)
        raise ConfigError(f"the {what} is to come from the environment: {self.name} is not set there, nor {self.name}_FILE")


@dataclass(frozen=True, slots=True)
class FromCredential:
    """A credential that systemd hands to the service (systemd.exec(5), LoadCredential=)."""

    name: str

    def read(self, what: str = "password") -> str:
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            raise ConfigError(f"the {what} is to be the systemd credential {self.name}, but CREDENTIALS_DIRECTORY is not set: "
                              f"the unit needs LoadCredential={self.name}:…")
        return FromFile(Path(directory) / self.name).read(what)


@dataclass(frozen=True, slots=True)
class FromCommand:
    argv: tuple[str, ...]

    def read(self, what: str = "password") -> str:
        """Runs it without a shell; of what it says on stderr the last line is told, of stdout nothing."""
        import subprocess  # 3 ms, for few

        where = f"the {what} command {self.argv[0]}"
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
        return _decoded(done.stdout, f"the answer of {where}", what)


Secret = Plain | FromFile | FromEnv | FromCredential | FromCommand


def _decoded(octets: bytes, where: str, what: str) -> str:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        # Without its cause, which holds the octets.
        raise ConfigError(f"{where} is not UTF-8") from None
    return _one_line(text, where, what)


def _one_line(text: str, where: str, what: str) -> str:
    """`text` less one trailing newline."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ConfigError(f"{where} is empty")
    if any(char in text for char in "\r\n\0"):
        raise ConfigError(f"{where} has more than one line: it must hold the {what} alone")
    return text
