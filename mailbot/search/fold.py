"""When two texts are the same but for case.

The rule: Unicode's one-to-one titlecase of each character (as i;unicode-casemap, RFC 5051, has it), then NFC. So `CAFÉ`,
`café` and `cafe` + U+0301 are one text; `cafe` is another, and so are `ss` and `ß`, `fi` and the ligature. Spaces and tabs
in a row count as one space: what a fold of the line leaves behind is nobody's intention.

It is narrower than any server's own folding where ASCII is concerned: nothing but an ASCII letter folds to an ASCII
letter. A server that is asked for an ASCII text therefore names every message in which we find it (docs/servers.md).
"""

import re
import unicodedata
from functools import lru_cache

# NFC makes ASCII of these three (; ` K): noncharacters, which no mail holds, keep them apart.
_APART = {"\u037e": "\ufdd0", "\u1fef": "\ufdd1", "\u212a": "\ufdd2"}
_LOOKALIKES = re.compile("[\u037e\u1fef\u212a]")
_WIDE = re.compile("[^\x00-\x7f]+")
_BLANKS = re.compile(r"[ \t]*\t[ \t]*|  +")


def fold(text: str) -> str:
    """`text` as it is compared."""
    if "  " in text or "\t" in text:
        text = _BLANKS.sub(" ", text)
    return text.upper() if text.isascii() else _fold_wide(text)


def _fold_wide(text: str) -> str:
    composed = unicodedata.normalize("NFC", _LOOKALIKES.sub(lambda found: _APART[found[0]], text))
    titled = _WIDE.sub(lambda found: "".join(map(_title, found[0])), composed)
    # bytes.upper changes ASCII alone.
    return unicodedata.normalize("NFC", titled.encode(errors="surrogatepass").upper().decode(errors="surrogatepass"))


@lru_cache(maxsize=4096)
def _title(char: str) -> str:
    """Of one character beyond ASCII. ı and ſ have ASCII capitals, ß a capital of two letters: all three stay as they are."""
    title = char.title()
    return char if len(title) > 1 or title.isascii() else title
