"""Which messages of the selected folder can match: what the server's SEARCH finds, and what it may have overlooked.

A large folder is searched in stretches of UIDs: while the candidates of one are read and decided, the server searches the next.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from mailbot.effects import Wanted
from mailbot.errors import Refused
from mailbot.imap.command import LONGEST_LINE, Answer
from mailbot.imap.fetching import refused
from mailbot.imap.overlooked import looks, told
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.searching import Question, Searching
from mailbot.imap.selected import Selected
from mailbot.imap.uidset import HIGHEST, sets
from mailbot.search.needs import server_keys

BLOCK = 1_000           # messages that are read at once
SPREAD = 4              # UIDs for each message, up to which those of a folder are looked through before they are known
_ROOM = LONGEST_LINE // 2       # of a SEARCH's line for its UIDs; the other half for its words


@dataclass(frozen=True, slots=True)
class Scope:
    """The UIDs in question."""

    wanted: Wanted
    most: int                   # UIDs that a command names at most

    def is_new(self, uid: int) -> bool:
        return self.wanted.since is not None and uid >= self.wanted.since

    def whole(self) -> list[bytes]:
        """All of them, in as few sets as lines allow."""
        if self.wanted.since is None:
            return self.sets(sorted(self.wanted.uids))
        uid_sets = self.sets(sorted(uid for uid in self.wanted.uids if not self.is_new(uid)))
        new = b"%d:*" % max(1, self.wanted.since)
        return [uid_sets[0] + b"," + new, *uid_sets[1:]] if uid_sets else [new]

    def sets(self, uids: Sequence[int]) -> list[bytes]:
        return [uid_set for uid_set, _ in sets(uids, octets=_ROOM, most=self.most)]

    def among(self, found: frozenset[int] | set[int]) -> list[int]:
        """Those of `found` that are in it, ascending."""
        named = set(self.wanted.uids)
        return sorted(uid for uid in found if uid in named or self.is_new(uid))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of the scope. `windows`: sets that a FETCH may name, and that hold it."""

    uid_sets: Sequence[bytes]
    uids: Sequence[int] | None = None   # None: not known yet
    windows: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A write in flight: the searches, what they may overlook, how many there are."""

    stretch: _Stretch
    narrow: Question | None
    searches: Sequence[Answer] = ()
    looks: Sequence[Answer] = ()
    counts: Sequence[Answer] = ()


@dataclass(slots=True)
class Candidates:
    pipeline: Pipeline
    searching: Searching
    selected: Selected
    scope: Scope
    most: int                   # messages that are searched at once
    _left: deque[_Stretch] | None = field(default=None)     # None: not begun
    _ahead: _Asked | None = field(default=None)

    def ask(self) -> None:
        """The next stretch is searched now, behind what else was asked for, unless it is already."""
        if self._left is None:
            self._left = deque(self._stretches())
        if self._ahead is None and self._left:
            self._ahead = self._post(self._left.popleft())

    def read(self) -> tuple[int, list[int]] | None:
        """Of the next stretch: how many messages are in it, and the UIDs of those that can match, ascending. None: that was all."""
        self.ask()
        asked, self._ahead = self._ahead, None
        while asked is not None:
            if asked.narrow is None:
                uids = self._uids(asked.stretch)
                return len(uids), list(uids)
            if (found := self._found(asked, asked.narrow)) is not None:
                return found
            again = self._post(asked.stretch)
            # Refused for now only: then it is not asked again here.
            asked = _Asked(asked.stretch, None) if again.narrow == asked.narrow else again
        return None

    def _stretches(self) -> list[_Stretch]:
        scope, wanted = self.scope, self.scope.wanted
        whole, beyond = scope.whole(), self.selected.current().uidnext
        if wanted.narrow is None:
            return [_Stretch(whole)]
        new = beyond - wanted.since if beyond and wanted.since is not None and not wanted.uids else None
        if new is not None and new <= SPREAD * self.most and min(new, self.selected.exists) <= self.most:
            first = max(1, wanted.since or 1)
            return self._blind(first, max(beyond, first + 1))
        uids = self._search(whole)
        return [self._stretch(uids[cut:cut + self.most]) for cut in range(0, max(1, len(uids)), self.most)]

    def _stretch(self, uids: Sequence[int]) -> _Stretch:
        exactly = self.scope.sets(uids)
        together = exactly if self.scope.wanted.uids or not uids else [b"%d:%d" % (uids[0], uids[-1])]
        return _Stretch(together, uids, exactly)

    def _blind(self, first: int, beyond: int) -> list[_Stretch]:
        """Before it is known which UIDs are there: one stretch, or two where there may be many. More would be round trips more."""
        if beyond - first < 2 or min(beyond - first, self.selected.exists) <= self.most // 2:
            return [self._window(first, beyond, b"*")]
        middle = (first + beyond) // 2
        # Not `*`: where nothing is behind the middle, it would name the last message before it (RFC 3501 6.4.8).
        return [self._window(first, middle, b"%d" % (middle - 1)), self._window(middle, beyond, b"%d" % HIGHEST)]

    def _window(self, first: int, beyond: int, last: bytes) -> _Stretch:
        cuts = range(first, beyond, self.scope.most)
        ends = [*(b"%d" % (cut - 1) for cut in cuts[1:]), last]
        return _Stretch([b"%d:%b" % (first, last)], windows=[b"%d:%b" % window for window in zip(cuts, ends, strict=True)])

    def _post(self, stretch: _Stretch) -> _Asked:
        narrow = self._narrowing(stretch.uid_sets) if stretch.uid_sets else None
        if narrow is None:
            return _Asked(stretch, None)
        overlooked = looks(stretch.windows, narrow.headers) if narrow.headers else []
        counts = [self.searching.command(uid_set, count=True) for uid_set in stretch.uid_sets] \
            if self.searching.extended and stretch.uids is None and not overlooked else []
        answers = self.pipeline.post([*narrow.commands, *overlooked, *counts])
        searched, looked = len(narrow.commands), len(narrow.commands) + len(overlooked)
        return _Asked(stretch, narrow, answers[:searched], answers[searched:looked], answers[looked:])

    def _narrowing(self, uid_sets: Sequence[bytes]) -> Question | None:
        """None where nothing narrows."""
        condition = self.scope.wanted.narrow
        if condition is None:
            return None
        # The headers of a block cost a server no more than to search them, and here they are all decoded (docs/rules.md);
        # but not its bodies.
        by_text = self.selected.exists > BLOCK or bool(server_keys(condition))
        narrow = self.searching.narrowing(condition, uid_sets, by_text=by_text)
        return narrow if narrow.commands else None

    def _found(self, asked: _Asked, narrow: Question) -> tuple[int, list[int]] | None:
        """As `read`; None where the server did not say."""
        self.pipeline.settle([*asked.searches, *asked.looks, *asked.counts])
        found = self.searching.answer(narrow, asked.searches, exists=self.selected.exists)
        if found is None:
            return None
        if asked.counts:
            candidates = self.scope.among(found)
            return max(sum(map(self.searching.count, asked.counts)), len(candidates)), candidates
        trusted = told(asked.looks)
        if asked.stretch.uids is None and asked.looks and all(answer.ok for answer in asked.looks):
            uids: Sequence[int] = self.scope.among(found | trusted.keys())
        else:
            uids = self._uids(asked.stretch)
        return len(uids), [uid for uid in uids if uid in found or (asked.looks and not trusted.get(uid, False))]

    def _uids(self, stretch: _Stretch) -> Sequence[int]:
        return self._search(stretch.uid_sets) if stretch.uids is None else stretch.uids

    def _search(self, uid_sets: Sequence[bytes]) -> list[int]:
        """All that are there."""
        answers = self.pipeline.run([self.searching.command(uid_set) for uid_set in uid_sets])
        found: set[int] = set()
        for answer in answers:
            uids = self.searching.uids(answer, exists=self.selected.exists)
            if uids is None:
                raise refused(answer)
            found.update(uids)
        there = self.scope.among(found)
        # GNU Mailutils 3.21 knows no `*` in SEARCH. Where another client has just emptied the folder, nothing is missed either.
        if list(uid_sets) == [b"1:*"] and not there and self.selected.exists:
            raise Refused("UID SEARCH", "OK", f"it finds none of {self.selected.exists} messages: this server cannot be searched")
        return there
