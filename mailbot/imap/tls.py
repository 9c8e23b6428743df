"""Verified TLS, and errors of connecting in one line each."""

import functools
import socket
import ssl
from pathlib import Path

from mailbot.errors import ConfigError, Unreachable


def context(ca_file: str) -> ssl.SSLContext:
    """One for all connections with these authorities: each would hold its own copy of the system's."""
    return _context(ca_file, _changed(ca_file) if ca_file else 0)


def _changed(ca_file: str) -> int:
    try:
        return Path(ca_file).stat().st_mtime_ns
    except OSError as error:
        raise ConfigError(f"ca_file {ca_file}: {error.strerror}: give a PEM file that can be read") from error


@functools.lru_cache(maxsize=16)
def _context(ca_file: str, _changed_at: int) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"ca_file {ca_file}: not a certificate in PEM form ({error})") from error


def unreachable(peer: str, error: OSError) -> Unreachable:
    """The one line that a person reads, for any error of a socket or of TLS."""
    match error:
        case ssl.SSLCertVerificationError():
            why = error.verify_message.rstrip(".")
            what = f"its certificate is not trusted ({why}): is the name right? for a private authority set ca_file"
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            what = "the server closed the connection"
        case ssl.SSLError():
            what = f"TLS failed ({error.reason or error}): is this the port for TLS? (993 implicit, 143 starttls)"
        case socket.gaierror():
            what = f"no such host name ({error.strerror})"
        case TimeoutError():
            what = "no answer in time"
        case ConnectionRefusedError():
            what = "connection refused: is the port right, and the server running?"
        case _:
            what = f"connection lost ({error.strerror or error})"
    return Unreachable(f"{peer}: {what}")
