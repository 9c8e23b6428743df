"""Log events, not sentences: one JSON object a line on stderr, readable lines where stderr is a terminal."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from structlog.typing import Processor

Format = Literal["console", "json"]


class Log:
    """`log.info("action.applied", rule=…, uids=…)`; the names of events are those of operating.md, "Log"."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def debug(self, event: str, **fields: object) -> None:
        self.log(logging.DEBUG, event, **fields)

    def info(self, event: str, **fields: object) -> None:
        self.log(logging.INFO, event, **fields)

    def warning(self, event: str, **fields: object) -> None:
        self.log(logging.WARNING, event, **fields)

    def error(self, event: str, **fields: object) -> None:
        self.log(logging.ERROR, event, **fields)

    def exception(self, event: str, **fields: object) -> None:
        """An error with the traceback of what is being handled."""
        self.log(logging.ERROR, event, exc_info=True, **fields)

    def log(self, level: int, event: str, **fields: object) -> None:
        """`level`: as in logging."""
        if _waiting is not None:
            if level < _waiting[0]:
                return
            _set_up()
        import structlog

        structlog.get_logger(self._name).log(level, event, **fields)


# The least level, and what is left to do before the first event: structlog takes a fifth of what a command's start takes, and
# most commands have nothing to say.
_waiting: tuple[int, Callable[[], None]] | None = None


def get_logger(name: str) -> Log:
    return Log(name)


def configure(form: Format | None = None, level: str = "info", *, color: bool | None = None) -> None:
    """Sets the process up. Without `form` the terminal decides; `color` is for the console alone, None: if it is one."""
    global _waiting
    least = logging.getLevelNamesMapping()[level.upper()]
    _waiting = least, lambda: _configure(form, least, color=color)
    # Its debug log holds search strings and, before login, the password's line.
    logging.getLogger("imapclient").setLevel(logging.INFO)
    if "structlog" in sys.modules:
        _set_up()


def _set_up() -> None:
    global _waiting
    if _waiting is not None:
        now, _waiting = _waiting[1], None
        now()


def _configure(form: Format | None, least: int, *, color: bool | None) -> None:
    import structlog

    terminal = sys.stderr.isatty()
    if form is None:
        form = "console" if terminal else "json"
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            *(_console(color=terminal if color is None else color) if form == "console" else _json()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),    # stderr as it is then: it may be replaced meanwhile
        cache_logger_on_first_use=False,
    )


def _json() -> list["Processor"]:
    import structlog

    # Python's own traceback carries no local variables; structlog's dictionaries would (show_locals).
    return [structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.format_exc_info, _in_order,
            structlog.processors.JSONRenderer(default=str)]


def _console(*, color: bool) -> list["Processor"]:
    """For a person: the time of where they are, and the mistakes of a rules file below, as `check` shows them."""
    import structlog

    render = structlog.dev.ConsoleRenderer(colors=color, exception_formatter=structlog.dev.plain_traceback)

    def rendered(logger: object, method: str, fields: MutableMapping[str, Any]) -> str:
        problems = [line for problem in fields.pop("problems", ()) for line in str(problem).splitlines()]
        return "\n".join((str(render(logger, method, fields)), *(f"    {escaped(line)}" for line in problems)))

    return [structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False), _escaped, rendered]


def _in_order(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: fields.pop(name) for name in ("event", "level", "timestamp")} | dict(fields)


def _escaped(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Names and words of strangers must not move the cursor of the reader's terminal. (JSON escapes them by itself.)"""
    return {name: escaped(value) if isinstance(value, str) else value for name, value in fields.items()}


def escaped(text: str) -> str:
    r"""Control characters (C0, DEL, C1, bidi marks, line separators) as \x1b, \u202e."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
