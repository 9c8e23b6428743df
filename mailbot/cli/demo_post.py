"""Who delivers the demo's mail, edits its rules, and ends the service when all is done."""

import select
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mailbot.cli.demo_mail import ADDED, FIRST, MORE, SECOND, USER, Letter
from mailbot.cli.demo_story import UNREAD, Event, Story
from mailbot.service.wake import Wake
from mailbot.sim.server import Server

PAUSE = 2.1         # seconds between deliveries: half a minute in all
PATIENCE = 10.0     # seconds for the service to do its part


class Post:
    """`heard` is told of each event in the service's log."""

    def __init__(self, server: Server, rules: Path, *, fast: bool) -> None:
        self._server, self._rules = server, rules
        self._pause = 0.0 if fast else PAUSE
        self._attended = sys.stdin.isatty() and not fast
        self._wake, self._over = Wake(), threading.Event()
        self._seen: Counter[str] = Counter()
        self._delivered = self._judged = 0
        self._end: Callable[[], None] = self._over.set

    def heard(self, event: Event) -> None:
        if event["event"] == "pass.done":
            self._judged += int(event["messages"])
        if event["event"] == UNREAD:
            self._end_service()
        self._seen[str(event["event"])] += 1
        self._wake.set("heard")

    @contextmanager
    def delivering(self, story: Story, end: Callable[[], None]) -> Iterator[None]:
        """In a thread of its own, as long as the service runs inside; `end` ends that."""
        self._end = end
        thread = threading.Thread(target=self._run, args=(story,), name="post")
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._wake.set("over")
            thread.join()
            self._wake.close()

    def _run(self, story: Story) -> None:
        self._until(lambda: self._seen["idle.started"] > 0, PATIENCE)
        self._deliver(FIRST, story)
        if not self._over.is_set():
            self._edit(story)
        self._deliver(SECOND, story)
        if self._attended and not self._over.is_set():
            self._invite(story)
        self._end_service()

    def _end_service(self) -> None:
        if not self._over.is_set():
            self._over.set()
            self._end()

    def _deliver(self, groups: Iterable[Sequence[Letter]], story: Story) -> None:
        for group in groups:
            if self._over.is_set():
                return
            self._delivered += len(group)
            with story.together():
                story.say()
                uids = self._server.deliver(USER, *(letter.octets() for letter in group))
                for uid, letter in zip(uids, group, strict=True):
                    story.line("mail", "bold", f"#{uid} {letter.name}: {letter.subject}")
            self._until(lambda: self._judged >= self._delivered, PATIENCE)
            self._until(lambda: False, self._pause)

    def _edit(self, story: Story) -> None:
        story.say()
        story.line("edit", "bold", f"the demo adds a rule for tickets to {self._rules.name}")
        answered = self._answers
        with self._rules.open("a") as file:
            file.write(ADDED)
        self._until(lambda: self._answers > answered, PATIENCE)
        self._until(lambda: False, self._pause)

    def _invite(self, story: Story) -> None:
        story.say(f"\nNow you. Change a rule in\n  {self._rules}\nand save it: each time three more messages come in. Enter ends the demo.")
        answered = self._answers
        while not self._over.is_set() and not self._person_is_done():
            if self._answers > answered:
                answered = self._answers
                self._deliver([MORE], story)

    @property
    def _answers(self) -> int:
        """How often the rules file was read and found good or bad."""
        return self._seen["rules.loaded"] + self._seen["rules.rejected"]

    def _person_is_done(self) -> bool:
        """Waits for Enter, or for whatever happens."""
        poll = select.poll()
        poll.register(sys.stdin, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll()}
        self._wake.take()
        return sys.stdin.fileno() in ready

    def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._over.is_set() and not condition() and (left := end - time.monotonic()) > 0:
            self._wake.wait(left)
