import pytest

from mailbot.effects import Folder, Folders
from mailbot.rules.folders import absent, expand, fits, meets, within
from tests.unit.rule_texts import HERE


@pytest.mark.parametrize(("glob", "name", "hit"), [
    ("*", "a/b/c", True),
    ("%", "a", True),
    ("%", "a/b", False),
    ("a/%", "a/b", True),
    ("a/%", "a/b/c", False),
    ("a/*", "a", False),
    ("a*", "a/b", True),
    ("%/c", "a/c", True),
    ("inbox/*", "INBOX/x", True),
    ("*b.c", "a/bxc", False),
    ("a%b*c", "a-b/c", True),
    ("*%*", "a/b", True),
])
def test_globs_mean_what_they_mean_in_list(glob: str, name: str, hit: bool) -> None:
    assert fits(glob, name) is hit


@pytest.mark.parametrize(("patterns", "found"), [
    (("INBOX",), ("INBOX",)),
    (("*",), ("Archive", "INBOX", "Lists/dev")),
    (("Lists/%", "INBOX", "*"), ("Lists/dev", "INBOX", "Archive")),
    ((r"\Trash", r"\Junk", "Sent"), ("Papierkorb", "Junk", "Sent")),
    (("Lists",), ()),
    (("Nowhere", r"\Drafts"), ()),
])
def test_patterns_stand_for_folders_that_are_there(patterns: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert expand(patterns, HERE) == found


def test_a_glob_leaves_out_special_use_and_others_folders_however_they_are_known() -> None:
    folders = Folders({
        "Bin": Folder("Bin", frozenset()),                              # by its well-known name alone
        "All": Folder("All", frozenset({r"\All"})),                     # by its attribute alone
        "user/bob": Folder("user/bob", frozenset(), own=False),
        "Old": Folder("Old", frozenset({r"\NonExistent"})),
        "Mine": Folder("Mine", frozenset({r"\Archive"})),
    }, {r"\Trash": "Bin"})
    assert expand(("*",), folders) == ("Mine",)
    assert expand(("user/bob", "All"), folders) == ("user/bob", "All")


def test_names_that_stand_for_nothing_are_told() -> None:
    assert absent(("INBOX", "Nowhere", "No*", r"\Drafts", r"\Trash", "Lists"), HERE) == ("Nowhere", r"\Drafts", "Lists")


def test_many_stars_do_not_take_for_ever() -> None:
    assert not fits("*a" * 12 + "b", "a" * 300)
    assert fits("*" * 500, "a" * 300)


@pytest.mark.parametrize(("narrow", "wide", "answer"), [
    ("a", "*", True), ("a", "a", True), ("a*", "*", False), ("a*", "a*", True), (r"\Junk", "*", False), ("a", "b", False),
])
def test_one_pattern_lies_within_another(narrow: str, wide: str, answer: bool) -> None:
    assert within(narrow, wide) is answer
    assert meets([narrow], [wide]) is answer
