"""RFC 2047: `=?charset?B?…?=` in header text, as it is misused: in quotes, in parameters, cut in characters."""

import binascii
import re

from mailbot.mail import charsets
from mailbot.mail.transfer import base64_octets

# The text may hold spaces and question marks (it must not, and does); it never runs into the beginning of another word.
# RFC 2231 5: a language may follow the charset behind an asterisk.
_WORD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?((?:(?!=\?[^=\s]).)*?)\?=", re.DOTALL)


def _octets(encoding: str, text: str) -> bytes:
    raw = text.encode(errors="replace")
    if encoding in "bB":
        return base64_octets(raw)
    return binascii.a2b_qp(raw.replace(b"=\r", b"=3D\r").replace(b"=\n", b"=3D\n"), header=True)


def decode_words(text: str) -> str:
    """`text` with its encoded words decoded; of neighbours in one charset the octets are joined first."""
    if "=?" not in text:
        return text
    out: list[str] = []
    charset, pending = "", b""
    at = 0
    for word in _WORD.finditer(text):
        between = text[at:word.start()]
        if not pending or between.strip(" \t\r\n") or word[1].lower() != charset:
            out.append(charsets.decode(pending, charset) if pending else "")
            # RFC 2047 6.2: white space between two encoded words is not part of the text.
            out.append(between if between.strip(" \t\r\n") or at == 0 else "")
            pending = b""
        charset = word[1].lower()
        pending += _octets(word[2], word[3])
        at = word.end()
    out.append(charsets.decode(pending, charset) if pending else "")
    out.append(text[at:])
    return "".join(out)
