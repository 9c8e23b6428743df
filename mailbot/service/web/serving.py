"""`MAILBOT_HTTP` and `MAILBOT_HTTP_SUBJECTS`, read once at start."""

import importlib.util
import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mailbot.errors import ConfigError
from mailbot.log import get_logger
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.telemetry import Telemetry

log = get_logger(__name__)


def subjects(environ: Mapping[str, str]) -> bool:
    """Whether the status page may show subjects and addresses."""
    value = environ.get("MAILBOT_HTTP_SUBJECTS", "")
    if value not in ("", "0", "1"):
        raise ConfigError(f"MAILBOT_HTTP_SUBJECTS: {value!r} is neither 0 nor 1")
    return value == "1"


@contextmanager
def serving(environ: Mapping[str, str], telemetry: Telemetry, heartbeat: Heartbeat) -> Iterator[None]:
    """Answers on MAILBOT_HTTP for as long as the context lasts; nothing is imported or opened where it is not set."""
    if not environ.get("MAILBOT_HTTP"):
        yield
        return
    if importlib.util.find_spec("prometheus_client") is None:
        raise ConfigError("MAILBOT_HTTP is set, and prometheus-client is not installed: "
                          "pip install 'imap-mailbot[metrics]', or leave MAILBOT_HTTP out")
    from mailbot.service.web.address import Address
    from mailbot.service.web.requests import Site
    from mailbot.service.web.server import Server

    server = Server(Address.parse(environ["MAILBOT_HTTP"]), Site(telemetry, heartbeat, subjects=subjects(environ)))
    where = ipaddress.ip_address(server.socket.getsockname()[0])
    if not where.is_loopback:
        log.warning("config.warned", why=f"MAILBOT_HTTP listens on {where}: whoever reaches it can read the status page")
    server.begin()
    try:
        yield
    finally:
        server.end()
