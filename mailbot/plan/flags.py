"""What a flag effect changes, and what the folder can keep. The case of a flag says nothing (RFC 9051, 2.3.2)."""

from mailbot.effects import AddFlags, FlagEffect, Flags, FolderState, RemoveFlags, SetFlags

UNTOUCHED = frozenset({r"\recent", r"\deleted"})    # not for rules to set: SetFlags leaves them as they are


def after(effect: FlagEffect, flags: Flags) -> Flags:
    """The flags of a message that had `flags`. The very same object where nothing changes."""
    named = {flag.lower() for flag in effect.flags}
    have = {flag.lower() for flag in flags}
    match effect:
        case AddFlags():
            return flags if named <= have else flags | {flag for flag in effect.flags if flag.lower() not in have}
        case RemoveFlags():
            return frozenset(flag for flag in flags if flag.lower() not in named) if named & have else flags
        case SetFlags():
            if named == have - UNTOUCHED:
                return flags
            return effect.flags | {flag for flag in flags if flag.lower() in UNTOUCHED}


class Storable:
    """Which flags a folder keeps (PERMANENTFLAGS, RFC 3501 section 7.1)."""

    def __init__(self, state: FolderState) -> None:
        # EXAMINE answers `PERMANENTFLAGS ()` whatever a SELECT would say: then nothing is known, and nothing refused.
        self._unknown = state.examined
        self._kept = {flag.lower() for flag in state.permanent_flags}
        self._new_keywords = r"\*" in state.permanent_flags

    def lost(self, flags: Flags) -> Flags:
        """Those of `flags` that the folder would not keep."""
        return frozenset(flag for flag in flags if not self._keeps(flag))

    def _keeps(self, flag: str) -> bool:
        return self._unknown or flag.lower() in self._kept or (self._new_keywords and not flag.startswith("\\"))
