"""Plans on stdout: as text that fits the terminal, or as the JSON document."""

import argparse
from collections.abc import Sequence

from mailbot.cli.output import json_document
from mailbot.cli.style import coloured, paint, say, width
from mailbot.config.load import Config
from mailbot.engine.database import utc_now
from mailbot.plan.columns import plain
from mailbot.plan.document import Saved, document
from mailbot.plan.plan import Plan
from mailbot.plan.text import Page, summary


def page(options: argparse.Namespace, config: Config) -> Page:
    return Page(width=width(), timezone=config.ruleset.timezone, now=utc_now(), paint=paint if coloured(options) else plain)


def saved(config: Config, plans: Sequence[Plan]) -> Saved:
    return Saved(utc_now(), config.ruleset.sha256, tuple(plans))


def show(options: argparse.Namespace, config: Config, plans: Sequence[Plan], remark: str, **more: object) -> None:
    """`remark` follows the summary: what has been done, or not. `more` stands in the document too."""
    if options.json:
        print(json_document({**document(saved(config, plans)), **more}))
        return
    on = page(options, config)
    for plan in plans:
        print("\n".join(on.lines(plan)))
    say(f"{summary(plans)} {remark}".rstrip())
