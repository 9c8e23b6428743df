"""When two texts are the same but for case, and how thousands of texts are looked for."""

import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.search.fold import fold
from mailbot.search.lines import Lines


@pytest.mark.parametrize(("one", "other"), [
    ("ada", "ADA"), ("café", "CAFÉ"), ("cafe\u0301", "CAFÉ"), ("Ωμέγα", "ΩΜΈΓΑ"), ("ΟΔΟΣ", "οδος"), ("жук", "ЖУК"), ("a  b",
        "A B"), ("a \t b", "a b"),
    ("ǆ", "Ǆ"), ("Ⅷ", "ⅷ"), ("\u1e9b\u0323", "\u1e9b\u0323"),
])
def test_these_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("text", "inside"), [
    ("cafe", "café"), ("resume", "résumé"), ("ss", "ß"), ("fi", "ﬁ"), ("k", "\u212a"), (";", "\u037e"), ("i", "ı"), ("i", "İ"),
    ("s", "ſ"), ("abc", "ａｂｃ"), ("muller", "müller"),
])
def test_ascii_is_found_in_nothing_else(text: str, inside: str) -> None:
    assert fold(text) not in fold(inside)


def test_no_character_beyond_ascii_folds_to_an_ascii_one() -> None:
    """So that a server's answer to an ASCII text holds all our matches, however it folds."""
    wide = [chr(code) for code in range(128, sys.maxunicode + 1) if unicodedata.category(chr(code)) not in {"Cn", "Co", "Cs"}]
    folded = fold("\n".join(wide)).split("\n")
    assert len(folded) == len(wide)
    assert [char for char, made in zip(wide, folded, strict=True) if any(map(str.isascii, made))] == []


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_how_accents_are_encoded_makes_no_difference(text: str) -> None:
    kept = "".join(char for char in text if char not in "\u037e\u1fef\u212a")
    assert fold(unicodedata.normalize("NFD", kept)) == fold(unicodedata.normalize("NFC", kept))


@given(st.lists(st.text("abé ", min_size=1, max_size=6), max_size=30), st.text("abcé ", max_size=20))
def test_a_list_finds_what_any_of_its_texts_would(texts: list[str], text: str) -> None:
    found = Lines("names.txt", texts).found(fold(text))
    assert (found is not None) == any(fold(one) in fold(text) for one in texts)
    assert found is None or (found in texts and fold(found) in fold(text))


def test_lists_with_the_same_texts_are_equal() -> None:
    assert Lines("a", ["x", "y", "x"]) == Lines("a", ["x", "y"])
    assert hash(Lines("a", ["x", "y", "x"])) == hash(Lines("a", ["x", "y"]))
    assert Lines("a", ["x"]) != Lines("a", ["y"])
    assert Lines("a", ["x"]) != Lines("b", ["x"])


@pytest.mark.parametrize("texts", [
    [f"person{n}@example{n}.org" for n in range(20_000)],
    [f"noreply@{n}.example.org" for n in range(20_000)],    # all begin alike
])
def test_twenty_thousand_texts_cost_microseconds_a_header(texts: list[str]) -> None:
    lines = Lines("names.txt", texts)
    headers = [fold(f"Somebody <noreply@somewhere{n}.test>") for n in range(1000)]
    began = time.process_time()
    assert not any(map(lines.found, headers))
    assert time.process_time() - began < 0.3       # 0.01 here
