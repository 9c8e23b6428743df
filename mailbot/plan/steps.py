"""A step in words: `move → Archive/2026`."""

from mailbot.document.problems import visible
from mailbot.effects import AddFlags, Copy, Delete, Effect, Flags, Move, RemoveFlags, Save, SetFlags
from mailbot.plan.columns import Piece, columns, cut_front
from mailbot.plan.plan import Step

PATH = 20       # columns: less says nothing
STYLES = {"delete": "red", "trash": "yellow"}
NAMES: dict[type[Effect], str] = {AddFlags: "flag", RemoveFlags: "unflag", SetFlags: "set_flags", Copy: "copy", Move: "move",
                                  Delete: "delete", Save: "save"}


def in_a_line(step: Step) -> tuple[Piece, ...]:
    """Behind a message that has this step alone."""
    return (step.action, STYLES.get(step.action, "")), (_object(step.order.effect), "")


def in_words(effect: Effect) -> str:
    """Of which nobody knows the action any more: a `trash` is a move."""
    return NAMES[type(effect)] + _object(effect)


def on_its_own(step: Step, width: int) -> tuple[Piece, ...]:
    """On a line of `width` columns; of a long path the end is shown."""
    action: Piece = (f"{step.action:<7}", STYLES.get(step.action, ""))
    if not isinstance(step.order.effect, Save):
        return action, (_object(step.order.effect), "")
    part = step.order.effect.part
    which = f"part {visible(part.number)}" if part.number else "message"
    about = f" {which}  {visible(part.name)}  {octets_written(part.size)} → "
    if width - 7 - columns(about) < PATH:
        about = f" {which} → "      # the path ends in the name, as a rule
    path = cut_front(visible(step.order.effect.path), width - 7 - columns(about))
    return action, (about, ""), (path, "")


def _object(effect: Effect) -> str:
    """What stands behind the action's name, with a space before it."""
    match effect:
        case Copy(to) | Move(to):
            return f" → {visible(to)}"
        case Save(path=path):
            return f" → {visible(path)}"
        case Delete():
            return ""
    return f" {visible(flags_written(effect.flags))}"


def flags_written(flags: Flags) -> str:
    """System flags first."""
    return " ".join(sorted(flags, key=lambda flag: (not flag.startswith("\\"), flag))) or "(none)"


def counted(number: int, thing: str) -> str:
    """`1 message`, `1,204 messages`"""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def octets_written(size: int) -> str:
    """`214 kB`"""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            value = size / factor
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{size} B"
