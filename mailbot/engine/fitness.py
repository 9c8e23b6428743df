"""Whether an account's server can do what the rules ask: what `check --connect` says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from mailbot.effects import Fields, Folders, FolderState, Mailbox, Wanted
from mailbot.errors import Refused
from mailbot.plan.flags import Storable
from mailbot.plan.scope import applicable, folders_of, of_account
from mailbot.plan.wanted import deletes
from mailbot.rules.actions import CopyTo, MoveTo, Trash
from mailbot.rules.folders import expand
from mailbot.rules.kinds import Flagging
from mailbot.rules.rule import Rule, Ruleset
from mailbot.search.asked import GMAIL
from mailbot.search.needs import keys, mentions, server_keys
from mailbot.search.nodes import Node

NO_MESSAGE = (4_294_967_295,)       # the highest UID there can be: a SEARCH over it is answered at once
BIG = 10_000                        # messages of a folder in which reading every body takes its time
GMAIL_KEYS = ("gmail", "gmail_label")
SLOW = ("body", "text")

MISSING = {
    "IDLE": "no IDLE: new mail is looked for every minute",
    "MOVE": "no MOVE: a move is a copy, proved, and then the removal of the original",
    "UIDPLUS": r"no UIDPLUS: what is moved or deleted stays behind, marked \Deleted, until your mail program expunges",
    "ESEARCH": "no ESEARCH: searches go one at a time",
    "SPECIAL-USE": r"no SPECIAL-USE: \Trash and the like are guessed from the folders' names",
}


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    wrong: bool = False         # a rule cannot work as it stands


def findings(mailbox: Mailbox, capabilities: frozenset[str], ruleset: Ruleset,
             opened: Callable[[str], FolderState]) -> list[Finding]:
    """Changes nothing, given a read-only Mailbox. `opened` SELECTs a folder over another connection.

    EXAMINE need not tell which flags a folder keeps (Dovecot: `PERMANENTFLAGS ()`); a SELECT does. All that it changes is
    that the folder's mail is no longer \\Recent: `opened` is called only where none is.
    """
    there = mailbox.folders(refresh=True)
    names = folders_of(ruleset.rules, account=mailbox.account, folders=there)
    found = [Finding(f"logged in; {len(there.rows):,} folders; rules look at {', '.join(names) or 'none of them'}")]
    found += [Finding(said) for capability, said in MISSING.items() if capability not in capabilities]
    for rule in of_account(ruleset.rules, mailbox.account):
        found += _of_rule(rule, there, capabilities)
    for name in names:
        rules = applicable(ruleset.rules, account=mailbox.account, folder=name, folders=there)
        found += _of_folder(mailbox, name, rules, opened)
    return found


def _of_rule(rule: Rule, there: Folders, capabilities: frozenset[str]) -> Iterator[Finding]:
    if mentions(rule.when, *GMAIL_KEYS) and GMAIL not in capabilities:
        named = " and ".join(f"`{name}`" for name in dict.fromkeys(key.name for key in keys(rule.when)) if name in GMAIL_KEYS)
        yield _wrong(rule, f"{named} can be asked of Gmail alone, and this server is another one: take it out of `when`, "
                           "or keep the rule to another account by `accounts`")
    for pattern in rule.folders:
        if not expand((pattern,), there):
            yield Finding(f"rule {rule.name}: no folder is called {pattern}, so it does nothing there")
    yield from _of_labels(rule, there, gmail=GMAIL in capabilities)
    for action in rule.then:
        if isinstance(action, Trash) and r"\Trash" not in there.special:
            yield _wrong(rule, r"no folder carries \Trash: say `move: NAME` instead")
        if not isinstance(action, CopyTo | MoveTo):
            continue
        if action.to.special and action.to.special not in there.special:
            yield _wrong(rule, f"no folder carries {action.to.special}: name the folder itself")
        target = None if action.to.special else action.to.plain
        if not target or target in there:
            continue
        if not action.create:
            yield _wrong(rule, f"there is no folder {target}, and create: false")
        elif leaf := _leaf_above(target, there):
            yield _wrong(rule, f"the folder {target} cannot be created: {leaf} takes no folders below it (\\Noinferiors)")
        else:
            yield Finding(f"rule {rule.name}: the folder {target} will be created")


def _leaf_above(target: str, there: Folders) -> str | None:
    """A folder above it that can have none (RFC 3501 7.2.2), as each one that is an mbox file."""
    levels = target.split("/")
    above = ("/".join(levels[:count]) for count in range(1, len(levels)))
    return next((name for name in above if name in there and r"\Noinferiors" in there.rows[name].attributes), None)


def _of_labels(rule: Rule, there: Folders, *, gmail: bool) -> Iterator[Finding]:
    """Where one message stands in several folders at once: developers.google.com/workspace/gmail/imap/imap-extensions."""
    looked_at = expand(rule.folders, there)
    everything = there.special.get(r"\All")
    if everything in looked_at:
        yield Finding(f"rule {rule.name}: {everything} holds all mail, also what was sent, filed or is in other folders that rules "
                      "look at: name the folders that are meant")
    if gmail and deletes(rule):
        for_good = {there.special.get(use) for use in (r"\Trash", r"\Junk")}
        if kept := [name for name in looked_at if name not in for_good]:
            yield Finding(f"rule {rule.name}: at Gmail `delete` in {', '.join(kept)} only takes the label away, and the mail stays in "
                          "All Mail (unless its settings say otherwise): say `trash`; what lies there Gmail deletes after 30 days")


def _of_folder(mailbox: Mailbox, name: str, rules: Sequence[Rule], opened: Callable[[str], FolderState]) -> Iterator[Finding]:
    try:
        state = mailbox.select(name)
    except Refused as refused:
        yield Finding(f"{name}: {refused}", wrong=True)
        return
    yield from _searches(mailbox, name, rules)
    if state.exists >= BIG:
        for rule in rules:
            if mentions(rule.when, *SLOW):
                yield Finding(f"{name}: {state.exists:,} messages, and rule {rule.name} searches their bodies: slow in `plan`, "
                              "`apply` and on a schedule")
    flagging = [rule for rule in rules if _flags(rule)]
    if not flagging:
        return
    if not state.permanent_flags:
        if state.exists and state.recent != 0:
            yield Finding(rf"{name}: which flags it keeps was not asked: some of its mail is \Recent, and opening it ends that")
            return
        state = opened(name)
        if state.read_only:
            yield Finding(f"{name}: it is read-only: of what the rules do, only copies and saves will be done", wrong=True)
            return
    kept = Storable(replace(state, examined=False))
    for rule in flagging:
        if lost := kept.lost(_flags(rule)):
            yield Finding(f"{name}: rule {rule.name}: the server keeps no flag {' '.join(sorted(lost))} there", wrong=True)


def _searches(mailbox: Mailbox, name: str, rules: Sequence[Rule]) -> Iterator[Finding]:
    """Each condition put to the server; one that only it can answer must be taken."""
    narrowing: dict[Node, Rule] = {rule.when: rule for rule in reversed(rules) if not mentions(rule.when, *GMAIL_KEYS)}
    needed: dict[Node, Rule] = {node: rule for rule in reversed(rules) for node in server_keys(rule.when)
                                if not mentions(node, *GMAIL_KEYS)}
    needed |= {rule.when: rule for rule in reversed(rules) if deletes(rule) and rule.when in narrowing}
    for block in mailbox.gather(Wanted(Fields(), uids=NO_MESSAGE, ask=tuple({**narrowing, **needed}))):
        refused = [node for node, answer in block.answers.items() if answer is None]
        for node in refused:
            if node in needed:
                yield _wrong(needed[node], f"the server refuses its SEARCH, and it would stay in doubt ({name})")
            elif node in narrowing:
                yield Finding(f"rule {narrowing[node].name}: the server refuses its SEARCH; what it reads is fetched ({name})")


def _flags(rule: Rule) -> frozenset[str]:
    return frozenset().union(*(action.flags for action in rule.then if isinstance(action, Flagging)))


def _wrong(rule: Rule, what: str) -> Finding:
    return Finding(f"rule {rule.name}: {what}", wrong=True)
