"""SEARCH and ESEARCH (RFC 3501 6.4.4, RFC 4731), by mailbot's own grammar and its own reading of messages."""

from collections.abc import Sequence
from datetime import UTC, datetime

from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.search.arguments import Wrong
from mailbot.search.evaluate import decide
from mailbot.search.facts import Facts
from mailbot.search.grammar import program
from mailbot.search.needs import mentions
from mailbot.search.nodes import Node
from mailbot.sim.store import Mail
from mailbot.sim.syntax import Token, bad, no, ranges, text, words
from mailbot.sim.view import View


def search(view: View, arguments: Sequence[Token], *, tag: str, by_uid: bool, extended: bool) -> bytes:
    """The untagged answer. `extended`: RETURN is known."""
    wanted, rest = _returned(arguments) if extended else (None, arguments)
    if not rest:
        raise bad("what for?")
    node = _node(rest, view)
    holds, now = decide(node), datetime.now(UTC)
    found = [mail.uid if by_uid else number for number, mail in enumerate(view.mails, 1)
             if holds(Facts(_message(mail, view), {}, now))]
    if wanted is None:
        return b"SEARCH" + b"".join(b" %d" % number for number in found)
    values: dict[str, Sequence[object]] = {
        "MIN": found[:1], "MAX": found[-1:], "ALL": [ranges(found)] if found else [], "COUNT": [len(found)]}
    said = [f"{name} {values[name][0]}" for name in values if name in wanted and values[name]]
    return " ".join(["ESEARCH", f'(TAG "{tag}")', *(["UID"] if by_uid else []), *said]).encode()


def _returned(arguments: Sequence[Token]) -> tuple[set[str] | None, Sequence[Token]]:
    """What RETURN names, ALL where it names nothing; None without RETURN."""
    if not arguments or arguments[0] != "RETURN":
        return None, arguments
    wanted = {word.upper() for word in words(arguments[1])} if len(arguments) > 1 else set()
    if not wanted <= {"MIN", "MAX", "ALL", "COUNT"}:
        raise bad("no result option")
    return wanted or {"ALL"}, arguments[2:]


def _node(arguments: Sequence[Token], view: View) -> Node:
    if str(arguments[0]).upper() == "CHARSET" and len(arguments) > 1:
        if text(arguments[1]).upper() not in ("UTF-8", "US-ASCII"):
            raise no("[BADCHARSET] US-ASCII and UTF-8 are known")
        arguments = arguments[2:]
    try:
        node = program(_text(arguments, str(view.mails[-1].uid) if view.mails else "1"))
    except Wrong as error:
        raise bad(str(error)) from error
    if mentions(node, "gmail", "gmail_label"):
        raise bad("this is not Gmail")
    return node


def _text(arguments: Sequence[Token], last: str) -> str:
    """The program in one line, as the grammar reads it: literals in quotes, `*` of a set of UIDs as the UID that it means."""
    written: list[str] = []
    for token in arguments:
        if isinstance(token, list):
            written.append(f"({_text(token, last)})")
        elif isinstance(token, bytes):
            quoted = token.decode("utf-8", "replace").replace("\\", "\\\\").replace('"', '\\"')
            written.append(f'"{quoted}"')
        else:
            written.append(token.replace("*", last) if written and written[-1].upper() == "UID" else token)
    return " ".join(written)


def _message(mail: Mail, view: View) -> Message:
    recent = frozenset({"\\Recent"}) if mail.uid in view.recent else frozenset()
    return Message(mail.uid, mail.flags | recent, mail.received.astimezone(UTC), len(mail.octets), Headers.parse(mail.octets),
                   body=mail.octets)
