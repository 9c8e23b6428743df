"""The one account that the environment can hold (operating.md, "Configuration")."""

from collections.abc import Mapping

from mailbot.accounts.account import Account
from mailbot.accounts.load import account
from mailbot.document.problems import Position, Problems
from mailbot.document.values import Mapping as MappingValue
from mailbot.document.values import Scalar, Value
from mailbot.errors import ConfigError

NAME = "default"
_KEYS = {"host": "MAILBOT_HOST", "port": "MAILBOT_PORT", "tls": "MAILBOT_TLS", "user": "MAILBOT_USER"}
_PASSWORD, _PASSWORD_FILE = "MAILBOT_PASSWORD", "MAILBOT_PASSWORD_FILE"


def account_from_environment(environ: Mapping[str, str]) -> Account | None:
    """None where none of its variables is set; an empty one counts as not set. Raises ConfigError."""
    variables = (*_KEYS.values(), _PASSWORD, _PASSWORD_FILE)
    given = {variable: environ[variable] for variable in variables if environ.get(variable)}
    if not given:
        return None
    missing = [variable for variable in (_KEYS["host"], _KEYS["user"]) if variable not in given]
    if _PASSWORD not in given and _PASSWORD_FILE not in given:
        missing.append(f"{_PASSWORD_FILE} (or {_PASSWORD})")
    if missing:
        raise ConfigError(f"the environment has {' '.join(given)}, but not {' and '.join(missing)}")
    if _PASSWORD in given and _PASSWORD_FILE in given:
        raise ConfigError(f"{_PASSWORD} and {_PASSWORD_FILE} are both set: unset one of them")
    entries: list[tuple[Scalar, Value]] = [(_scalar(key, variable), _scalar(given[variable], variable))
                                           for key, variable in _KEYS.items() if variable in given]
    if _PASSWORD in given:
        entries.append((_scalar("password", _PASSWORD), _scalar(given[_PASSWORD], _PASSWORD)))
    else:
        file = _scalar("file", _PASSWORD_FILE), _scalar(given[_PASSWORD_FILE], _PASSWORD_FILE)
        entries.append((_scalar("password", _PASSWORD_FILE), MappingValue((file,), Position(_PASSWORD_FILE))))
    problems = Problems()
    found = account(_scalar(NAME, _KEYS["host"]), MappingValue(tuple(entries), Position(_KEYS["host"])), problems)
    problems.raise_if_any()
    return found


def _scalar(text: str, variable: str) -> Scalar:
    """A value that stands in a variable; its position names that."""
    if variable == _KEYS["port"] and text.isdecimal():
        return Scalar(text, "int", int(text[:9]), quoted=False, position=Position(variable))
    return Scalar(text, "text", text, quoted=False, position=Position(variable))
