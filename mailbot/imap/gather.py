"""What is in the selected folder: messages in blocks, with the server's answers (architecture.md, "A match").

New mail is read as it is: one UID FETCH of what came since, and the SEARCHes behind it, in one write. A folder is searched
first for what can match at all; the candidates are fetched block by block, the next asked for before one is given out.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from mailbot.effects import Gathered, Wanted
from mailbot.errors import Refused
from mailbot.imap.candidates import BLOCK, Candidates, Scope
from mailbot.imap.command import Answer, Command
from mailbot.imap.fetching import LATER, Fetch, Fetched, refused
from mailbot.imap.pipeline import Pipeline
from mailbot.imap.searching import Question, Searching
from mailbot.imap.selected import Selected
from mailbot.mail.message import Message
from mailbot.search.nodes import Node

_Answers = dict[Node, frozenset[int] | None]


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
    stretch: int                # messages that are searched at once

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
        if self.wanted.since is not None and not self.wanted.aside:
            self.selected.gathered(self.wanted.since, up_to, highest_uid)

    def _at_most_waiting(self) -> int:
        new = 0 if self.wanted.since is None else max(0, self.selected.current().uidnext - self.wanted.since)
        return new + len(self.wanted.uids)

    # -- new mail

    def _new_mail(self) -> list[Gathered] | None:
        """None where the one FETCH was refused, or could not be read: then it is tried in parts."""
        announced = self.selected.exists
        uid_sets = self._scope.whole()
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
            for uid in [uid for uid in found if uid not in named and not self._scope.is_new(uid)]:
                del found[uid]      # RFC 3501 6.4.8: "n:*" also names the last message when n is past it
        return self._in_blocks(fetched, answers)

    def _in_blocks(self, fetched: Fetched, answers: _Answers) -> list[Gathered]:
        messages = tuple(fetched.messages.values())
        cuts = range(0, max(1, len(messages)), BLOCK)
        return [self._block(messages[cut:cut + BLOCK], fetched.broken if cut == 0 else {}, answers, 0) for cut in cuts]

    # -- a folder

    def _folder(self) -> Iterator[Gathered]:
        candidates = self._candidates()
        announced = self.selected.exists
        while (stretch := candidates.read()) is not None:
            total, uids = stretch
            self._mark(announced, uids[-1] if uids else 0)
            aside = total - len(uids)
            ahead = self._post_block(uids[:BLOCK])
            for cut in range(0, max(1, len(uids)), BLOCK):
                asked, ahead = ahead, self._post_block(uids[cut + BLOCK:cut + 2 * BLOCK])
                if cut + 2 * BLOCK >= len(uids):
                    candidates.ask()
                yield self._read(asked, aside)
                aside = 0

    def _read(self, asked: _Asked, aside: int) -> Gathered:
        self.pipeline.settle(asked.fetches)
        fetched = self._fetch.read(self.pipeline, asked.fetches, asked.uids)
        here = set(asked.uids)
        answers = self._answers(asked)
        messages = tuple(message for uid, message in fetched.messages.items() if uid in here)
        return self._block(messages, fetched.broken, answers, aside)

    def candidates(self) -> list[int]:
        """The UIDs of the messages of the scope that can match, ascending."""
        found: list[int] = []
        candidates = self._candidates()
        announced = self.selected.exists
        with self._asking():
            while (stretch := candidates.read()) is not None:
                candidates.ask()
                found += stretch[1]
        self._mark(announced, found[-1] if found else 0)
        return found

    def _candidates(self) -> Candidates:
        return Candidates(self.pipeline, self.searching, self.selected, self._scope, self.stretch)

    def _post_block(self, uids: Sequence[int]) -> _Asked:
        if not uids:
            return _Asked([], [])
        return self._post(self._fetch.commands(uids, self.most), self._scope.sets(uids), uids)

    # -- both

    @property
    def _scope(self) -> Scope:
        return Scope(self.wanted, self.most)

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
