"""What commands that act have in common: the question, Ctrl-C, and what came of it."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType, TracebackType

from mailbot.cli.output import json_document
from mailbot.cli.style import say
from mailbot.document.problems import visible
from mailbot.engine.engine import Pass
from mailbot.plan.steps import counted


def agreed(question: str = "Do this?") -> bool:
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False


class Interruptible:
    """Ctrl-C ends the work after the block in hand: consistent, and said how far it got. A second one: at once."""

    def __enter__(self) -> threading.Event:
        self._stop = threading.Event()
        self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self._stop

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def report(options: argparse.Namespace, done: Sequence[Pass], **more: object) -> int:
    """The exit code: 1 where something was not done. `more` stands in the document too."""
    if options.json:
        print(json_document({**_document(done), **more}))
    else:
        _print(done)
    return 1 if any(one.failed or one.skipped or one.cut_short for one in done) else 0


def _print(done: Sequence[Pass]) -> None:
    for one in done:
        said = f"{one.account}/{one.folder}: {counted(one.done, 'step')} done"
        said += f", {one.failed:,} failed" if one.failed else ""
        said += ", stopped early; the rest is as it was" if one.cut_short else ""
        say(said + (f" (pass {one.id})" if one.id else ""))
        for uid, setback in one.setbacks.items():
            print(visible(f"  #{uid}: {setback.why}"), file=sys.stderr)
        for uid, why in one.skipped.items():
            print(visible(f"  #{uid} left as it is: {why}"), file=sys.stderr)
        for uid, why in one.done_before.items():
            print(visible(f"  #{uid} not again: {why}"), file=sys.stderr)


def _document(done: Sequence[Pass]) -> dict[str, object]:
    return {"folders": [
        {"account": one.account, "folder": one.folder, "pass": one.id,
         "done": one.done, "failed": one.failed, "cut_short": one.cut_short,
         "setbacks": [{"uid": uid, "why": setback.why} for uid, setback in one.setbacks.items()],
         "skipped": [{"uid": uid, "why": why} for uid, why in one.skipped.items()],
         "done_before": [{"uid": uid, "why": why} for uid, why in one.done_before.items()]} for one in done]}
