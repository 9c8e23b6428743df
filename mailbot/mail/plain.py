"""Headers of which every server makes the text that we make: its SEARCH for a word of ASCII can be trusted there.

Whatever else is read here. No search tells where that is: asked for `=?`, Dovecot 2.3, Cyrus 3.6 and Courier 5.0 find what
they have decoded, and of what they could not decode some have U+FFFD, some a sentence, some nothing.
"""

import binascii
import re

_MOST = 8_000       # octets; of longer ones a server may search the beginning alone
_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n"
# An encoded word as RFC 2047 has it: between white space, of 75 octets at most, nothing in it that is to be guessed.
_WORD = re.compile(
    rb"(?<=[\s:])=\?([A-Za-z0-9_-]{2,20})\?"
    rb"(?:[qQ]\?((?:[!-<>@-~]|=[0-9A-Fa-f]{2}){1,70})|[bB]\?((?:[A-Za-z0-9+/]{4}){0,17}(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}[A-Za-z0-9+/=]=)))"
    rb"\?=(?=\s|$)")
# In each of them ASCII is ASCII, and those three servers know it (tests/server/test_search_narrowed_by_all.py).
CHARSETS = frozenset({
    "utf-8", "us-ascii", *(f"iso-8859-{number}" for number in (1, 2, 5, 7, 9, 15)), *(f"windows-{number}" for number in range(1250, 1258)),
    "koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5", "iso-2022-jp", "shift_jis", "euc-jp", "euc-kr"})
_SPACE_BEFORE_COLON = re.compile(rb"^\S+[ \t]+:", re.MULTILINE)     # RFC 5322 4.5.8; Courier does not see such a header


def is_plain(block: bytes) -> bool:
    """Of header fields as they came."""
    if len(block) > _MOST or block.translate(None, _PRINTABLE) or block.count(b"\r") != block.count(b"\r\n"):
        return False
    if (b" :" in block or b"\t:" in block) and _SPACE_BEFORE_COLON.search(block):
        return False
    return b"=?" not in block or b"=?" not in _WORD.sub(_doubtful, block)


def _doubtful(word: re.Match[bytes]) -> bytes:
    """The word if a server might not decode it, or otherwise than we; nothing if any does."""
    charset, quoted, encoded = word.groups()
    name = charset.decode().lower()
    if name not in CHARSETS:
        return word[0]
    octets = binascii.a2b_base64(encoded) if quoted is None else binascii.a2b_qp(quoted, header=True)
    try:
        text = octets.decode(name)
    except UnicodeDecodeError:
        return word[0]
    return b"" if text.replace("\u00a0", " ").isprintable() else word[0]
