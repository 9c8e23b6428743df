"""Which rules never get a message because earlier ones take it all."""

from collections import defaultdict
from collections.abc import Iterator

from mailbot.rules.actions import Action, CopyTo, MoveTo, SaveParts
from mailbot.rules.folders import within
from mailbot.rules.implied import alternatives, demands, text_of, wider
from mailbot.rules.rule import Rule
from mailbot.search.needs import names_deleted
from mailbot.search.nodes import ALL, And, Node

# Texts that contain other texts are looked for among so many; beyond, only the same condition is found.
_MOST_TEXTS = 1000


class Takers:
    """Rules that take or stop, in their order; asked for each later rule."""

    def __init__(self) -> None:
        self._exactly: dict[Node, list[Rule]] = defaultdict(list)      # a demand that is enough, or the first of them
        self._texts: dict[str, dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
        self._whole: list[Rule] = []

    def add(self, rule: Rule) -> None:
        if rule.when == ALL:
            self._whole.append(rule)
        self._exactly[rule.when].append(rule)
        for node in alternatives(rule.when):
            if isinstance(node, And):
                for first in demands(node)[:1]:
                    self._exactly[first].append(rule)
                continue
            self._exactly[node].append(rule)
            if (looked_for := text_of(node)) is not None:
                self._texts[looked_for[0]][looked_for[1]].append(rule)

    def before(self, rule: Rule) -> Rule | None:
        """An earlier rule that takes whatever this one matches (the first of them, where it takes several)."""
        takers = [self._taker(node, rule) for node in alternatives(rule.when)]
        return takers[0] if takers and all(takers) else None

    def _taker(self, node: Node, rule: Rule) -> Rule | None:
        return next((taker for taker in self._candidates(node) if _reaches(taker, rule)), None)

    def _candidates(self, node: Node) -> Iterator[Rule]:
        """Rules that match whatever `node` matches."""
        yield from self._whole
        wanted = demands(node)
        for one in dict.fromkeys(general for each in wanted for general in (each, *wider(each))):
            for taker in self._exactly.get(one, ()):
                enough = (demands(way) for way in alternatives(taker.when))
                if one == taker.when or any(one in way and {*way} - {one} <= {*wanted} for way in enough):
                    yield taker
            if (looked_for := text_of(one)) is not None:
                header, text = looked_for
                known = self._texts.get(header, {})
                if len(known) <= _MOST_TEXTS:
                    yield from (taker for part in known if part in text for taker in known[part])


def _reaches(taker: Rule, rule: Rule) -> bool:
    """Whether `taker` is judged wherever and whenever `rule` is."""
    return (
        taker.schedule == rule.schedule
        and (names_deleted(taker.when) or not names_deleted(rule.when))
        and all(any(within(name, glob) for glob in taker.accounts) for name in rule.accounts)
        and all(any(within(name, glob) for glob in taker.folders) for name in rule.folders)
    )


def takes(rule: Rule) -> bool:
    """Whether later rules leave whatever this one matches.

    A save that finds no part ends the rule before it takes; a field that a message lacks is a doubt, which leaves flags to others.
    """
    sure = not any(isinstance(action, SaveParts) or _may_lack(action) for action in rule.then)
    return rule.enabled and not rule.dry_run and sure and (rule.stop or any(action.takes for action in rule.then))


def _may_lack(action: Action) -> bool:
    return isinstance(action, CopyTo | MoveTo) and action.to.may_lack
