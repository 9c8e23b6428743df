"""`mailbot demo`: the service at work on a mail server in memory, with rules to edit while it runs."""

import argparse
import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from mailbot.cli import state
from mailbot.cli.demo_mail import PASSWORD, write_rules
from mailbot.cli.demo_post import Post
from mailbot.cli.demo_story import Story
from mailbot.cli.showing import page
from mailbot.cli.style import coloured, paint, width
from mailbot.config.load import Config, load
from mailbot.engine.engine import Engine
from mailbot.engine.execute import carry_out
from mailbot.engine.history import Deed, history, last
from mailbot.engine.report import to
from mailbot.engine.undo import plan_undo
from mailbot.plan.columns import plain
from mailbot.service.connect import connect
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.supervisor import Service
from mailbot.service.work import Work
from mailbot.sim.server import Server


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fast", action="store_true", help="without pauses, and without waiting for you at the end")


def main(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="mailbot-demo-") as folder, Server(password=PASSWORD) as server:
        home = Path(folder)
        for name in ("config", "files", "state"):
            (home / name).mkdir()
        # This process has no other mailbox than the demo's: nothing of the user's own is read or written.
        for own in [name for name in os.environ if name.startswith("MAILBOT_")]:
            del os.environ[own]
        os.environ.update(MAILBOT_STATE=str(home / "state"), MAILBOT_FILES=str(home / "files"))
        rules = write_rules(home / "config", server.port)
        post = Post(server, rules, fast=options.fast)
        story = Story(width=width(), paint=paint if coloured(options) else plain, folders=(home / "files", rules.parent),
                      tell=post.heard)
        story.say("mailbot on a mail server in memory: nothing else is touched. Ctrl-C ends it.")
        story.say(f"Its rules, to look at and to edit while it runs:\n  {rules}\n")
        story.listen()
        _run(options, rules, post, story)
    return 0


def _run(options: argparse.Namespace, rules: Path, post: Post, story: Story) -> None:
    """As `mailbot run` does, until the post ends it, or Ctrl-C; then what came of it."""
    stop = threading.Event()
    locks = state.locks(stop.wait)
    config, engine = load(rules, os.environ), state.acting_engine(locks, patience=None)
    try:
        service = Service(rules, os.environ, config, Work(engine, carry_out, read_only=False), Heartbeat(None), stop)
        with locks.run(), post.delivering(story, service.stop):
            service.run()
        if deeds := sorted(history(engine.journal), key=lambda deed: deed.id):
            _tell_history(deeds, story)
            _tell_undo(engine, options, config, story)
    finally:
        engine.journal.close()


def _tell_history(deeds: Sequence[Deed], story: Story) -> None:
    """Each message in one pass, under its ID."""
    story.say("\nWhat was done, as the journal has it:")
    for deed in deeds:
        done = ", ".join(f"{row.action} {story.shortened(to(row.effect))}".strip() for row in deed.rows if row.state == "done")
        story.row(deed.began, str(deed.id), "cyan", f"{deed.rows[0].rule}: {done}")


def _tell_undo(engine: Engine, options: argparse.Namespace, config: Config, story: Story) -> None:
    story.say("\nWhat it would take to undo the last of it:")
    with connect(config.accounts[0], read_only=True) as session:
        plans = plan_undo(engine, session, last(engine.journal)).plans
    for plan in plans:
        story.say("\n".join(page(options, config).lines(plan)))
