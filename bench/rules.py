"""The same rules for each program, and which message is whose: a rule finds its mark in one header, and no other rule's."""

from collections.abc import Sequence
from dataclasses import dataclass

# (header, what stands in it): three digits, so that no mark holds another.
_MARKS = (("from", "shop-{:03}.example"), ("subject", "[proj-{:03}]"), ("list-id", "list-{:03}.example.org"),
          ("to", "plus-{:03}@example.com"), ("subject", "Report {:03}:"))


@dataclass(frozen=True, slots=True)
class Rule:
    """Moves to `folder`, or sets `flag`."""

    name: str
    header: str
    mark: str
    folder: str = ""
    flag: str = ""


def rules(count: int) -> list[Rule]:
    """Nine of ten move, each into a folder of its own; the last tenth flags or marks as read."""
    made = []
    for number in range(count):
        header, mark = _MARKS[number % len(_MARKS)]
        moves = number < count - count // 10
        flag = "" if moves else ("flagged", "seen")[number % 2]
        made.append(Rule(f"rule {number:03}", header, mark.format(number), f"Sorted/{number:03}" if moves else "", flag))
    return made


def mailbot(rules: Sequence[Rule], port: int, user: str) -> str:
    lines = ["version: 1", "accounts:",
             f"  bench: {{host: 127.0.0.1, port: {port}, tls: none, user: {user}, password: {{env: MAIL_PASSWORD}}}}", "rules:"]
    for rule in rules:
        when = f'header: {{{rule.header}: "{rule.mark}"}}' if rule.header == "list-id" else f'{rule.header}: "{rule.mark}"'
        then = f"move: {rule.folder}" if rule.folder else f"flag: {rule.flag}"
        lines.append(f"  - {{name: {rule.name}, when: {{{when}}}, then: [{{{then}}}]}}")
    return "\n".join(lines) + "\n"


def imapfilter(rules: Sequence[Rule], port: int, user: str, password: str, *, idles: bool) -> str:
    """As its manual has it: a search a rule, and what it found is moved."""
    lines = ["options.timeout = 600", "options.starttls = false", "options.info = false",
             f"account = IMAP {{ server = '127.0.0.1', port = {port}, username = '{user}', password = '{password}' }}",
             "inbox = account['INBOX']", "function filter()"]
    for rule in rules:
        found = f"inbox:contain_field('List-Id', '{rule.mark}')" if rule.header == "list-id" else \
            f"inbox:contain_{rule.header}('{rule.mark}')"
        then = f"move_messages(account['{rule.folder}'])" if rule.folder else f"mark_{rule.flag}()"
        lines.append(f"  {found}:{then}")
    lines += ["end", *(["while true do", "  inbox:enter_idle()", "  filter()", "end"] if idles else ["filter()"])]
    return "\n".join(lines) + "\n"


def imapautofiler(rules: Sequence[Rule], port: int, user: str, password: str) -> str:
    lines = [f"server: {{hostname: 127.0.0.1, port: {port}, ssl: false, username: {user}, password: {password}}}",
             "mailboxes:", "  - name: INBOX", "    rules:"]
    for rule in rules:
        then = f"{{name: move, dest-mailbox: {rule.folder}}}" if rule.folder else f"{{name: {_AUTOFILER[rule.flag]}}}"
        lines.append(f'      - {{headers: [{{name: {rule.header}, substring: "{rule.mark}"}}], action: {then}}}')
    return "\n".join(lines) + "\n"


_AUTOFILER = {"flagged": "flag", "seen": "mark_read"}
