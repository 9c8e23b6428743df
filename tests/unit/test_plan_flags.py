import pytest

from mailbot.effects import AddFlags, FolderState, RemoveFlags, SetFlags
from mailbot.plan.flags import Storable, after


def flags(*names):
    return frozenset(names)


@pytest.mark.parametrize(("effect", "before", "then"), [
    (AddFlags(flags(r"\Seen", "$todo")), flags(r"\Flagged"), flags(r"\Flagged", r"\Seen", "$todo")),
    (AddFlags(flags(r"\seen", "$TODO", "$new")), flags(r"\Seen", "$todo"), flags(r"\Seen", "$todo", "$new")),
    (RemoveFlags(flags("$Todo")), flags(r"\Seen", "$todo"), flags(r"\Seen")),
    (SetFlags(flags("$a")), flags(r"\Seen", r"\Deleted", r"\Recent", "$b"), flags("$a", r"\Deleted", r"\Recent")),
    (SetFlags(flags()), flags(r"\Seen"), flags()),
])
def test_a_flag_effect_changes_what_it_names(effect, before, then):
    assert after(effect, before) == then


@pytest.mark.parametrize(("effect", "before"), [
    (AddFlags(flags("$TODO")), flags("$todo", r"\Seen")),
    (RemoveFlags(flags("$x")), flags(r"\Seen")),
    (SetFlags(flags(r"\Seen")), flags(r"\Seen", r"\Recent", r"\Deleted")),
])
def test_an_effect_that_changes_nothing_gives_the_very_same_flags(effect, before):
    assert after(effect, before) is before


def state(*permanent, examined=False):
    return FolderState("INBOX", 1, 2, 0, frozenset(permanent), read_only=examined, examined=examined)


@pytest.mark.parametrize(("permanent", "asked", "lost"), [
    ((r"\Seen", r"\*"), (r"\Seen", "$new"), ()),
    ((r"\Seen", r"\*"), (r"\Flagged", "$new"), (r"\Flagged",)),
    ((r"\Seen", "$Known"), (r"\seen", "$known", "$new"), ("$new",)),
    ((), (r"\Seen",), (r"\Seen",)),
])
def test_what_permanentflags_does_not_name_is_lost(permanent, asked, lost):
    assert Storable(state(*permanent)).lost(flags(*asked)) == flags(*lost)


def test_an_examined_folder_says_nothing_of_what_it_keeps():
    assert Storable(state(examined=True)).lost(flags(r"\Seen", "$new")) == flags()
