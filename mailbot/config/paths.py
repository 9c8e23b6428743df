"""Where the rules, the state and the saved files are (operating.md, "Configuration"). No code detects a container."""

from collections.abc import Mapping
from pathlib import Path

from mailbot.errors import ConfigError


def config_path(given: str | Path | None, environ: Mapping[str, str]) -> Path:
    """The rules file, or a directory of them: as given, else $MAILBOT_CONFIG, else ./rules.yaml."""
    return Path(given or environ.get("MAILBOT_CONFIG") or "rules.yaml")


def state_folder(environ: Mapping[str, str]) -> Path:
    """Absolute: $MAILBOT_STATE, else `mailbot` in the XDG state folder."""
    if environ.get("MAILBOT_STATE"):
        return Path(environ["MAILBOT_STATE"]).absolute()
    if environ.get("XDG_STATE_HOME"):
        return Path(environ["XDG_STATE_HOME"]).absolute() / "mailbot"
    if environ.get("HOME"):
        return Path(environ["HOME"]).absolute() / ".local" / "state" / "mailbot"
    raise ConfigError("no folder for the state: set MAILBOT_STATE (there is no HOME)")


def files_folder(environ: Mapping[str, str]) -> Path:
    """Absolute: $MAILBOT_FILES, else the current folder; saved files with relative paths go there."""
    return Path(environ.get("MAILBOT_FILES") or ".").absolute()
