"""Modified UTF-7 (RFC 3501 5.1.3), in which Gmail wants its labels."""

import base64
import re

_WIDE = re.compile(r"[^\x20-\x7e]+")


def utf7(text: str) -> str:
    return _WIDE.sub(_shifted, text.replace("&", "&-"))


def _shifted(match: re.Match[str]) -> str:
    octets = base64.b64encode(match[0].encode("utf-16-be"), b"+,")
    return f"&{octets.decode('ascii').rstrip('=')}-"
