"""Octets to text under the charset names that mail carries. Nothing here raises; no text holds a lone surrogate."""

import codecs
import re
from functools import lru_cache

# A superset where senders use the name for more than it covers, and names that Python does not know.
_REALLY = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "x-euc-cn": "gb18030",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949",
    "windows-949": "cp949", "x-windows-949": "cp949",
    "big5": "cp950", "x-x-big5": "cp950", "iso-2022-jp": "iso2022_jp_ext", "windows-874": "cp874", "utf8mb4": "utf-8",
    "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8",
}
# Text codecs that are no charsets: some are quadratic, some run escapes.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
_SURROGATE = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    """Python's name for a charset; None where it is unknown or no charset at all."""
    name = charset.strip().strip("\"'").lower()
    try:
        info = codecs.lookup(_REALLY.get(name, name))
        b" ".decode(info.name, "replace")   # LookupError for what is not from octets to text (hex, zlib)
    except (LookupError, ValueError):   # ValueError: a NUL or a surrogate in the name
        return None
    return None if info.name in _NO_CHARSETS else info.name


def known(charset: str) -> bool:
    return len(charset) <= 60 and _codec(charset) is not None


def undeclared(octets: bytes) -> str:
    """8-bit text that names no charset: UTF-8 (RFC 6532), else Latin-1.

    A UTF-8 text that was cut inside a character, or damaged in few places, stays UTF-8.
    """
    try:
        return octets.decode()
    except UnicodeDecodeError:
        damaged = octets.decode(errors="replace")
    broken = damaged.count("\ufffd")
    good = sum(character > "\x7f" for character in damaged) - broken
    return damaged if good > 4 * broken else octets.decode("latin-1")


def decode(octets: bytes, charset: str) -> str:
    """Text in a declared charset; an unknown one counts as undeclared, octets that it does not have become U+FFFD."""
    codec = _codec(charset) if len(charset) <= 60 else None
    if codec is None or codec == "ascii":
        return undeclared(octets)
    try:
        text = octets.decode(codec, "replace")
    except UnicodeError:    # some multi-byte codecs raise whatever is asked of them
        return undeclared(octets)
    return _SURROGATE.sub("\ufffd", text)      # UTF-7 can spell half a pair


def one_line(text: str) -> str:
    """Without CR, LF and NUL, and without white space around it: also what an encoded word smuggled in."""
    return text.replace("\r", " ").replace("\n", " ").replace("\0", "").strip()
