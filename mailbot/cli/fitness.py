"""What one server says to the rules: `check --connect`."""

from contextlib import ExitStack

from mailbot.accounts.account import Account
from mailbot.config.load import Config
from mailbot.effects import FolderState
from mailbot.engine.fitness import Finding, findings
from mailbot.imap.session import Session
from mailbot.service.connect import connect


def fitness(account: Account, config: Config) -> list[Finding]:
    """Raises Unreachable and LoginRefused."""
    with ExitStack() as stack:
        session = stack.enter_context(connect(account, read_only=True))
        second: list[Session] = []

        def opened(folder: str) -> FolderState:
            if not second:
                second.append(stack.enter_context(connect(account)))
            return second[0].select(folder)

        return findings(session, session.capabilities, config.ruleset, opened)
