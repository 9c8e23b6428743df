"""Whether an account's server can do what the rules ask: what `check --connect` says."""

from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.effects import Fields, Folders, Mailbox, Wanted
from mailbot.errors import Refused
from mailbot.plan.flags import Storable
from mailbot.plan.scope import applicable, folders_of, of_account
from mailbot.plan.wanted import deletes
from mailbot.rules.actions import CopyTo, MoveTo, Trash
from mailbot.rules.folders import expand
from mailbot.rules.kinds import Flagging
from mailbot.rules.rule import Rule, Ruleset
from mailbot.search.needs import server_keys

NO_MESSAGE = (4_294_967_295,)       # the highest UID there can be: a SEARCH over it is answered at once

MISSING = {
    "IDLE": "no IDLE: new mail is looked for every minute",
    "MOVE": "no MOVE: a move is a copy, proved, and then the removal of the original",
    "UIDPLUS": r"no UIDPLUS: what is moved or deleted stays behind, marked \Deleted, until your mail program expunges",
    "ESEARCH": "no ESEARCH: searches go one at a time",
}


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    wrong: bool = False         # a rule cannot work as it stands


def findings(mailbox: Mailbox, capabilities: frozenset[str], ruleset: Ruleset) -> list[Finding]:
    """Changes nothing; give it a read-only Mailbox."""
    there = mailbox.folders(refresh=True)
    names = folders_of(ruleset.rules, account=mailbox.account, folders=there)
    found = [Finding(f"logged in; {len(there.rows):,} folders; rules look at {', '.join(names) or 'none of them'}")]
    found += [Finding(said) for capability, said in MISSING.items() if capability not in capabilities]
    for rule in of_account(ruleset.rules, mailbox.account):
        found += _of_rule(rule, there)
    for name in names:
        rules = applicable(ruleset.rules, account=mailbox.account, folder=name, folders=there)
        found += _of_folder(mailbox, name, rules)
    return found


def _of_rule(rule: Rule, there: Folders) -> Iterator[Finding]:
    for pattern in rule.folders:
        if not expand((pattern,), there):
            yield Finding(f"rule {rule.name}: no folder is called {pattern}, so it does nothing there")
    for action in rule.then:
        if isinstance(action, Trash) and r"\Trash" not in there.special:
            yield Finding(rf"rule {rule.name}: no folder carries \Trash: say `move: NAME` instead", wrong=True)
        if not isinstance(action, CopyTo | MoveTo):
            continue
        if action.to.special and action.to.special not in there.special:
            yield Finding(f"rule {rule.name}: no folder carries {action.to.special}: name the folder itself", wrong=True)
        target = None if action.to.special else action.to.plain
        if target and target not in there:
            yield Finding(f"rule {rule.name}: the folder {target} will be created" if action.create else
                          f"rule {rule.name}: there is no folder {target}, and create: false", wrong=not action.create)


def _of_folder(mailbox: Mailbox, name: str, rules: tuple[Rule, ...]) -> Iterator[Finding]:
    try:
        state = mailbox.select(name)
    except Refused as refused:
        yield Finding(f"{name}: {refused}", wrong=True)
        return
    asked = {node: rule for rule in rules for node in (*server_keys(rule.when), *([rule.when] if deletes(rule) else []))}
    for block in mailbox.gather(Wanted(Fields(), uids=NO_MESSAGE, ask=tuple(asked))):
        for node, answer in block.answers.items():
            if answer is None:
                rule = asked[node]
                yield Finding(f"{name}: the server refuses the SEARCH of rule {rule.name}: it would stay in doubt", wrong=True)
    kept = Storable(state)
    for rule in rules:
        lost = frozenset().union(*(kept.lost(action.flags) for action in rule.then if isinstance(action, Flagging)))
        if lost:
            yield Finding(f"{name}: rule {rule.name}: the server keeps no flag {' '.join(sorted(lost))} there", wrong=True)

