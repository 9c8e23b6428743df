"""The list of actions of a rule."""

from dataclasses import dataclass

from mailbot.document.problems import Placed, Problems, nearest
from mailbot.document.values import Mapping, Scalar, Sequence, Value, described
from mailbot.rules.actions import ACTIONS, Action
from mailbot.rules.context import Scope
from mailbot.rules.elsewhere import in_other_words


@dataclass(frozen=True, slots=True)
class Placement:
    """An action, and where it stands."""

    action: Action
    at: Placed


def then(value: Value, problems: Problems, scope: Scope) -> tuple[Placement, ...]:
    """Those actions that could be read. One that takes the message and is not the last is a mistake."""
    if not isinstance(value, Sequence):
        hint = "begin each action with a dash" if isinstance(value, Mapping) else f"write - {_as_written(value)}"
        problems.add(value, "`then` is a list of actions", hint)
        return ()
    if not value.items:
        problems.add(value, "`then` has no action", "for example - flag: seen; a rule that only stops has no `then`")
        return ()
    found = [_action(item, problems, scope) for item in value.items]
    for placed in found[:-1]:
        if placed and placed.action.takes:
            hint = "nothing can be done to a message that is gone: put it last"
            problems.add(placed.at, f"{placed.action.name} must be the last action", hint)
    return tuple(placed for placed in found if placed)


def _action(item: Value, problems: Problems, scope: Scope) -> Placement | None:
    match item:
        case Scalar(kind="null"):
            problems.add(item, "an action is missing after the dash", f"for example - {ACTIONS['flag'].example}")
        case Scalar():
            return _bare(item, problems, scope)
        case Mapping(entries=((key, value),)):
            return _with_value(key, value, problems, scope)
        case Mapping(entries=(_, (second, _), *_)):
            problems.add(second, "one action behind each dash", f"begin a new line with - {second.text}:")
        case _:
            hint = f"for example - {ACTIONS['flag'].example}"
            problems.add(item, f"an action was expected, not {described(item)}", hint)
    return None


def _bare(item: Scalar, problems: Problems, scope: Scope) -> Placement | None:
    kind = _kind(item, problems)
    if kind is None:
        return None
    if kind.schema is not None:
        problems.add(item, f"{kind.name} needs a value", f"for example - {kind.example}")
        return None
    action = kind.read(item, problems, scope)
    return None if action is None else Placement(action, item)


def _with_value(key: Scalar, value: Value, problems: Problems, scope: Scope) -> Placement | None:
    kind = _kind(key, problems)
    if kind is None:
        return None
    if kind.schema is None:
        folder = isinstance(value, Scalar) and value.text
        instead = f", or for another folder - move: {folder}" if kind.name == "trash" and folder else ""
        problems.add(key, f"{kind.name} is written bare", f"- {kind.name}{instead}")
        return None
    action = kind.read(value, problems, scope)
    return None if action is None else Placement(action, key)


def _kind(name: Scalar, problems: Problems) -> type[Action] | None:
    kind = ACTIONS.get(name.text)
    if kind is None:
        hint = in_other_words(name.text) or nearest(name.text, ACTIONS) or f"there are {' '.join(ACTIONS)}"
        problems.add(name, f'unknown action "{name.text}"', hint)
    return kind


def _as_written(value: Value) -> str:
    return value.text if isinstance(value, Scalar) else "…"
