"""Questions on a terminal; where stdin is none, its lines are the answers."""

import sys
from collections.abc import Sequence

try:
    import readline
except ImportError:         # a Python that was built without it, or Windows: no completion, and all else works
    readline = None         # type: ignore[assignment]


def ask(prompt: str, words: Sequence[str] = ()) -> str | None:
    """The answer without white space around it; None at the end of the input. Tab completes `words`."""
    if readline is not None and sys.stdin.isatty():
        readline.set_completer_delims("")       # folder names hold spaces
        readline.set_completer(lambda begun, at: dict(enumerate(_fitting(begun, words))).get(at))
        readline.parse_and_bind("tab: complete")
    try:
        return input(prompt).strip()
    except EOFError:
        print()
        return None


def _fitting(begun: str, words: Sequence[str]) -> list[str]:
    return [word for word in words if word.lower().startswith(begun.lower())]
