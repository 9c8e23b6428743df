"""Phase two of a plan: rule by rule over all messages of the folder (rules.md 5, 9: taking, stop, doubts, limits)."""

from collections.abc import Iterable, Sequence

from mailbot.effects import Copy, Effect, Flags, FolderState, Order, Save
from mailbot.plan.chain import Chain, Chains, Hold, Standing
from mailbot.plan.judge import Hit
from mailbot.plan.named import sentence
from mailbot.plan.plan import Done, Judgement, Step, Verdict
from mailbot.rules.rule import Rule


class Merge:
    """Rules are given in order, each once, with all their hits; then `steps`, `trial` and `verdicts` are complete."""

    def __init__(self, state: FolderState, only: str | None) -> None:
        self._chains, self._only = Chains(state), only
        self._standing: dict[int, Standing] = {}
        self._verdicts: list[Verdict] = []
        self.steps: list[Step] = []
        self.trial: list[Step] = []

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """By UID, then rule."""
        return tuple(sorted(self._verdicts, key=_uid))      # stable: they were given rule by rule

    def stand(self, uid: int, flags: Flags, done: Iterable[Done]) -> None:
        """A message as it is before the first rule."""
        known = {row.effect: row for row in done}
        self._standing[uid] = Standing(flags, known) if known else Standing(flags)

    def rule(self, rule: Rule, hits: Sequence[Hit]) -> None:
        chains = []
        for hit in sorted(hits, key=_uid):
            standing = self._standing[hit.uid]
            if self._left_alone(rule, hit, standing):
                continue
            if hit.doubt:
                self._doubt(rule, hit, standing)
                continue
            chains.append(self._chains.chain(hit, standing))
        touched = [chain for chain in chains if chain.steps]
        if rule.limit is not None and len(touched) > rule.limit:
            self._over_limit(rule, touched)
            chains = [chain for chain in chains if not chain.steps]
        for chain in chains:
            self._settle(rule, chain)
        if self._shows(rule):
            (self.trial if rule.dry_run else self.steps).extend(_grouped(rule, chains))

    def unread(self, uid: int, why: str) -> None:
        """A message that could not be read at all: in doubt for every rule, so it is said once."""
        self._verdicts.append(Verdict("", uid, Judgement.DOUBT, why=sentence(why), again=True))

    def _left_alone(self, rule: Rule, hit: Hit, standing: Standing) -> bool:
        """Whether an earlier rule keeps the message from this one. A doubt about what is settled anyway is none."""
        if standing.taken_by:
            judgement, by = Judgement.TAKEN, standing.taken_by
        elif standing.over_by:
            judgement, by = Judgement.OVER_LIMIT, standing.over_by
        else:
            return False
        if not hit.doubt:
            self._say(rule, Verdict(rule.name, hit.uid, judgement, by=by))
        return True

    def _doubt(self, rule: Rule, hit: Hit, standing: Standing) -> None:
        self._say(rule, Verdict(rule.name, hit.uid, Judgement.DOUBT, why=sentence(hit.doubt), again=hit.again))
        if not rule.dry_run and standing.hold is None:
            standing.hold = Hold(rule.name, hit.again)

    def _over_limit(self, rule: Rule, touched: Sequence[Chain]) -> None:
        why = f"{len(touched)} messages, and its limit is {rule.limit}"
        for chain in touched:
            self._say(rule, Verdict(rule.name, chain.uid, Judgement.OVER_LIMIT, why=why))
            if not rule.dry_run:
                self._standing[chain.uid].over_by = rule.name

    def _settle(self, rule: Rule, chain: Chain) -> None:
        why = "; ".join(dict.fromkeys([chain.kept_back, *chain.notes] if chain.kept_back else chain.notes))
        judgement = Judgement.DOUBT if chain.kept_back else Judgement.MATCHED
        self._say(rule, Verdict(rule.name, chain.uid, judgement, by=chain.by, why=why, again=chain.again))
        if rule.dry_run:
            return
        standing = self._standing[chain.uid]
        # A rule whose step is done, or left out for another's doubt, takes all the same: what comes after it in the
        # file was written for mail that this rule leaves.
        if rule.stop or (not chain.ended and any(action.takes for action in rule.then)):
            standing.taken_by = rule.name
        if self._shows(rule):
            standing.flags = chain.flags
            kept: list[Effect] = [effect for _, effect in chain.steps if isinstance(effect, Copy | Save)]
            if kept:
                standing.planned = {**standing.planned, **dict.fromkeys(kept, rule.name)}

    def _shows(self, rule: Rule) -> bool:
        return self._only in (None, rule.name)

    def _say(self, rule: Rule, verdict: Verdict) -> None:
        if self._shows(rule):
            self._verdicts.append(verdict)


def _uid(of: Hit | Verdict) -> int:
    return of.uid


def _grouped(rule: Rule, chains: Sequence[Chain]) -> Iterable[Step]:
    """By action, equal effects together. A save stands alone: its file is its message's own."""
    groups: dict[tuple[int, Effect, int], list[int]] = {}
    for chain in chains:
        for position, effect in chain.steps:
            groups.setdefault((position, effect, chain.uid if isinstance(effect, Save) else 0), []).append(chain.uid)
    # Sorting is stable: the parts of one message stay in their order.
    for (position, effect, _), uids in sorted(groups.items(), key=_action):
        yield Step(rule.name, rule.then[position].name, Order(effect, tuple(uids)))


def _action(group: tuple[tuple[int, Effect, int], list[int]]) -> int:
    return group[0][0]
