"""What is in the selected folder: messages in blocks, with the server's answers (architecture.md, "A match").

New mail is read as it is: one UID FETCH of what came since, and the SEARCHes behind it, in one write. A folder is searched
first for what can match at all; the candidates are fetched block by block, the next asked for before one is given out.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from mailbot.effects import Gathered, Wanted
from mailbot.errors import Refused
from mailbot.imap.command import LONGEST_LINE, Answer, Command
from mailbot.imap.fetching import LATER, Fetch, Fetched, refused
from mailbot.imap.overlooked import AT_ONCE, Overlooked, told
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.searching import Question, Searching
from mailbot.imap.selected import Selected
from mailbot.imap.uidset import sets
from mailbot.mail.message import Message
from mailbot.search.needs import server_keys
from mailbot.search.nodes import Node

_Answers = dict[Node, frozenset[int] | None]

BLOCK = 1_000
_ROOM = LONGEST_LINE // 2       # of a SEARCH's line for its UIDs; the other half for its words


@dataclass(slots=True)
class _Asked:
    """A write in flight: the FETCHes, then the SEARCHes."""

    fetches: list[Answer]
    searches: list[tuple[Question, list[Answer]]]
    uid_sets: Sequence[bytes] = ()
    uids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Gathering:
    pipeline: Pipeline
    searching: Searching
    selected: Selected
    wanted: Wanted
    most: int                   # UIDs that a command names at most

    @property
    def _fetch(self) -> Fetch:
        return Fetch(self.wanted.fields, self.searching.capabilities)

    def blocks(self) -> Iterator[Gathered]:
        """At least one, so that the caller learns how the folder stands."""
        if self.wanted.since is None and not self.wanted.uids:
            yield self._block((), {}, {}, 0)
            return
        with self._asking():
            yield from self._found()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except Refused:
            self.selected.put_off()
            raise

    def _found(self) -> Iterator[Gathered]:
        if self.wanted.narrow is None and self._at_most_waiting() <= min(BLOCK, self.most):
            blocks = self._new_mail()
            if blocks is not None:
                yield from blocks
                return
        yield from self._folder()

    def _mark(self, up_to: int, highest_uid: int) -> None:
        if self.wanted.since is not None:
            self.selected.gathered(self.wanted.since, up_to, highest_uid)

    def _at_most_waiting(self) -> int:
        new = 0 if self.wanted.since is None else max(0, self.selected.current().uidnext - self.wanted.since)
        return new + len(self.wanted.uids)

    # -- new mail

    def _new_mail(self) -> list[Gathered] | None:
        """None where the one FETCH was refused, or could not be read: then it is tried in parts."""
        announced = self.selected.exists
        uid_sets = self._scope()
        asked = self._post([self._fetch.command(uid_set) for uid_set in uid_sets], uid_sets)
        self.pipeline.settle(asked.fetches)
        failed = [answer for answer in asked.fetches if answer.status == "NO" and answer.code != "EXPUNGEISSUED"]
        if any(refused(answer).cause not in LATER for answer in failed):
            return None
        fetched = self._fetch.read(self.pipeline, asked.fetches)
        if fetched.unnamed:
            return None
        self._mark(max(announced, fetched.highest), max((*fetched.messages, *fetched.broken), default=0))
        answers = self._answers(asked)
        named = set(self.wanted.uids)
        for found in (fetched.messages, fetched.broken):
            for uid in [uid for uid in found if uid not in named and not self._is_new(uid)]:
                del found[uid]      # RFC 3501 6.4.8: "n:*" also names the last message when n is past it
        return self._in_blocks(fetched, answers)

    def _is_new(self, uid: int) -> bool:
        return self.wanted.since is not None and uid >= self.wanted.since

    def _in_blocks(self, fetched: Fetched, answers: _Answers) -> list[Gathered]:
        messages = tuple(fetched.messages.values())
        cuts = range(0, max(1, len(messages)), BLOCK)
        return [self._block(messages[cut:cut + BLOCK], fetched.broken if cut == 0 else {}, answers, 0) for cut in cuts]

    # -- a folder

    def _folder(self) -> Iterator[Gathered]:
        total, candidates = self.candidates()
        aside = total - len(candidates)
        ahead = self._post_block(candidates[:BLOCK])
        for cut in range(0, max(1, len(candidates)), BLOCK):
            asked, ahead = ahead, self._post_block(candidates[cut + BLOCK:cut + 2 * BLOCK])
            self.pipeline.settle(asked.fetches)
            fetched = self._fetch.read(self.pipeline, asked.fetches, asked.uids)
            here = set(asked.uids)
            answers = self._answers(asked)
            messages = tuple(message for uid, message in fetched.messages.items() if uid in here)
            yield self._block(messages, fetched.broken, answers, aside)
            aside = 0

    def candidates(self) -> tuple[int, list[int]]:
        """How many messages are in the scope, and the UIDs of those that can match."""
        announced = self.selected.exists
        with self._asking():
            total, found = self._candidates()
        self._mark(announced, found[-1] if found else 0)
        return total, found

    def _candidates(self) -> tuple[int, list[int]]:
        uid_sets = self._scope()
        while (narrow := self._narrowing(uid_sets)) is not None:
            narrowed = self._narrowed_by_text(narrow, uid_sets) if narrow.headers else self._narrowed(narrow, uid_sets)
            if narrowed is not None:
                return narrowed
            if self._narrowing(uid_sets) == narrow:
                break           # refused for now only: not asked again here
        uids = self._uids(uid_sets)
        return len(uids), uids

    def _narrowed(self, narrow: Question, uid_sets: Sequence[bytes]) -> tuple[int, list[int]] | None:
        """As `candidates`; None where the server did not say."""
        searching = self.searching
        counts = [searching.command(uid_set, count=True) for uid_set in uid_sets] if searching.extended else []
        answers = self.pipeline.run([*narrow.commands, *counts])
        found = searching.answer(narrow, answers[:len(narrow.commands)], exists=self.selected.exists)
        if found is None:
            return None
        total = sum(map(searching.count, answers[len(narrow.commands):])) if counts else len(self._uids(uid_sets))
        candidates = self._in_scope(found)
        return max(total, len(candidates)), candidates

    def _narrowed_by_text(self, narrow: Question, uid_sets: Sequence[bytes]) -> tuple[int, list[int]] | None:
        """The same, and what the search may have overlooked. It is looked through in the same write where the UIDs are dense
        enough that it can be said before they are known.
        """
        overlooked, windows = Overlooked(self.pipeline, narrow.headers), self._windows()
        looks = overlooked.commands(windows)
        answers = self.pipeline.run([*narrow.commands, *looks])
        found = self.searching.answer(narrow, answers[:len(narrow.commands)], exists=self.selected.exists)
        if found is None:
            return None
        rows = told(answers[len(narrow.commands):])
        trusted = {uid for uid, trusted in rows.items() if trusted}
        if windows and all(answer.ok for answer in answers[len(narrow.commands):]):
            uids = self._in_scope(found | rows.keys())
        else:
            uids = self._uids(uid_sets)
            rest = [uid for uid in uids if uid not in found and uid not in trusted]
            batches = (self._sets(rest[cut:cut + AT_ONCE]) for cut in range(0, len(rest), AT_ONCE))
            trusted.update(overlooked.trusted(batches))
        return len(uids), [uid for uid in uids if uid in found or uid not in trusted]

    def _windows(self) -> list[bytes]:
        """All UIDs of the scope that there can be, in sets that a command may name; none where they are too many."""
        first, beyond = self.wanted.since or 1, self.selected.current().uidnext
        if self.wanted.uids or not beyond or beyond - first > AT_ONCE:
            return []
        cuts = range(first, max(beyond, first + 1), self.most)
        return [b"%d:%d" % (cut, cut + self.most - 1) for cut in cuts[:-1]] + [b"%d:*" % cuts[-1]]

    def _narrowing(self, uid_sets: Sequence[bytes]) -> Question | None:
        if self.wanted.narrow is None:
            return None
        # The headers of a block cost a server no more than to search them, and here they are all decoded (docs/rules.md);
        # but not its bodies.
        by_text = self.selected.exists > BLOCK or bool(server_keys(self.wanted.narrow))
        narrow = self.searching.narrowing(self.wanted.narrow, uid_sets, by_text=by_text)
        return narrow if narrow.commands else None

    def _uids(self, uid_sets: Sequence[bytes]) -> list[int]:
        answers = self.pipeline.run([self.searching.command(uid_set) for uid_set in uid_sets])
        found: set[int] = set()
        for answer in answers:
            uids = self.searching.uids(answer, exists=self.selected.exists)
            if uids is None:
                raise refused(answer)
            found.update(uids)
        return self._in_scope(found)

    def _in_scope(self, found: frozenset[int] | set[int]) -> list[int]:
        named = set(self.wanted.uids)
        return sorted(uid for uid in found if uid in named or self._is_new(uid))

    def _post_block(self, uids: Sequence[int]) -> _Asked:
        if not uids:
            return _Asked([], [])
        return self._post(self._fetch.commands(uids, self.most), self._sets(uids), uids)

    # -- both

    def _scope(self) -> list[bytes]:
        """The UIDs in question, as few sets as lines allow."""
        if self.wanted.since is None:
            return self._sets(sorted(self.wanted.uids))
        uid_sets = self._sets(sorted(uid for uid in self.wanted.uids if not self._is_new(uid)))
        new = b"%d:*" % max(1, self.wanted.since)
        return [uid_sets[0] + b"," + new, *uid_sets[1:]] if uid_sets else [new]

    def _sets(self, uids: Sequence[int]) -> list[bytes]:
        return [uid_set for uid_set, _ in sets(uids, octets=_ROOM, most=self.most)]

    def _post(self, fetches: Sequence[Command], uid_sets: Sequence[bytes], uids: Sequence[int] = ()) -> _Asked:
        questions = [self.searching.question(node, uid_sets) for node in self.wanted.ask]
        answers = iter(self.pipeline.post([*fetches, *(command for question in questions for command in question.commands)]))
        return _Asked(
            [next(answers) for _ in fetches],
            [(question, [next(answers) for _ in question.commands]) for question in questions], uid_sets, uids)

    def _answers(self, asked: _Asked) -> _Answers:
        found: _Answers = dict.fromkeys(self.wanted.ask)
        for question, answers in asked.searches:
            self.pipeline.settle(answers)
            heard = self.searching.answer(question, answers, exists=self.selected.exists)
            if heard is None:
                again = self.searching.question(question.node, asked.uid_sets)
                if again.commands not in ((), question.commands):       # the server wants it in ASCII
                    heard = self.searching.answer(again, self.pipeline.run(again.commands), exists=self.selected.exists)
            found[question.node] = heard
        return found

    def _block(self, messages: tuple[Message, ...], broken: dict[int, str], answers: _Answers, aside: int) -> Gathered:
        """`aside`: messages that it stands for without holding them."""
        named = frozenset(message.uid for message in messages)
        heard = {node: None if uids is None else uids & named for node, uids in answers.items()}
        return Gathered(self.selected.gathered_state(), messages, heard, len(messages) + len(broken) + aside, broken)
