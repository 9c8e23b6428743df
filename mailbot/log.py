"""Log events, not sentences: one JSON object a line on stderr, readable lines where stderr is a terminal."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import FilteringBoundLogger, Processor

Format = Literal["console", "json"]


def get_logger(name: str) -> FilteringBoundLogger:
    """`log.info("action.applied", rule=…, uids=…)`; the names of events are those of operating.md, "Log"."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


def configure(form: Format | None = None, level: str = "info", *, color: bool | None = None) -> None:
    """Sets the process up. Without `form` the terminal decides; `color` is for the console alone, None: if it is one."""
    terminal = sys.stderr.isatty()
    if form is None:
        form = "console" if terminal else "json"
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            *(_console(color=terminal if color is None else color) if form == "console" else _json()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),    # stderr as it is then: it may be replaced meanwhile
        cache_logger_on_first_use=False,
    )
    # Its debug log holds search strings and, before login, the password's line.
    logging.getLogger("imapclient").setLevel(logging.INFO)


def _json() -> list[Processor]:
    # Python's own traceback carries no local variables; structlog's dictionaries would (show_locals).
    return [structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.format_exc_info, _in_order,
            structlog.processors.JSONRenderer(default=str)]


def _console(*, color: bool) -> list[Processor]:
    """For a person: the time of where they are, and the mistakes of a rules file below, as `check` shows them."""
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
