"""Rules that would move the same mail round and round, if each were run again and again."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from mailbot.rules.actions import MoveTo, Trash
from mailbot.rules.folders import fits, is_glob, meets
from mailbot.rules.rule import Rule
from mailbot.search.nodes import ALL

Following = Mapping[int, Sequence[int]]     # by place: a rule -> those that look where it moves mail to


def circles(rules: Sequence[Rule]) -> Iterator[tuple[Rule, ...]]:
    """Each once, in the order in which mail would meet the rules, beginning with the first of the file."""
    following = _following(rules)
    told: set[int] = set()
    for start in sorted(following):
        path = () if start in told else _way_back(start, following)
        if path:
            told.update(path)
            yield tuple(rules[place] for place in path)


def _following(rules: Sequence[Rule]) -> Following:
    """By a folder that both name; or by a glob, where both look for the same mail, or the one behind for any."""
    named: dict[str, list[int]] = defaultdict(list)
    same: dict[object, list[int]] = defaultdict(list)
    for place, rule in enumerate(rules):
        for folder in rule.folders:
            named[folder].append(place)
        if any(map(is_glob, rule.folders)):
            same[rule.when].append(place)
    found = {}
    for place, rule in enumerate(rules):
        target = _target(rule)
        if target is None or rule.dry_run:
            continue
        by_glob = (other for other in (*same[rule.when], *same[ALL]) if any(fits(glob, target) for glob in rules[other].folders))
        # A move to where the message is does nothing.
        moving = (other for other in dict.fromkeys((*named[target], *by_glob)) if _target(rules[other]) != target)
        found[place] = [other for other in moving if meets(rule.accounts, rules[other].accounts)]
    return found


def _target(rule: Rule) -> str | None:
    last = rule.then[-1] if rule.then else None
    return last.to.sample if isinstance(last, MoveTo) else r"\Trash" if isinstance(last, Trash) else None


def _way_back(start: int, following: Following) -> tuple[int, ...]:
    """The shortest way from a rule to itself."""
    reached, came_from = [start], {start: start}
    for place in reached:
        for other in following.get(place, ()):
            if other == start:
                return _steps(start, place, came_from)
            if other not in came_from:
                came_from[other] = place
                reached.append(other)
    return ()


def _steps(start: int, last: int, came_from: Mapping[int, int]) -> tuple[int, ...]:
    steps = [last]
    while steps[-1] != start:
        steps.append(came_from[steps[-1]])
    return tuple(reversed(steps))
