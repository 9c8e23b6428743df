"""No file takes much time or memory, and none ends in a traceback."""

import random
import re
import time
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailbot.document.load import load
from mailbot.document.problems import SHOWN, DocumentError, Problems
from mailbot.document.scalars import text
from mailbot.document.values import Sequence
from tests.unit.documents import read, told, value

SECONDS = 2.0               # of this process; 1 s is promised, on a machine that is not as busy as one that tests
OCTETS = 64 * 2**20

BOMB = "x: &a0 [y, y, y, y, y, y, y, y, y]\n" + "".join(
    f"x{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 15))
NESTED_ALIASES = "- &a0 [1]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 40))


@pytest.mark.parametrize(("source", "what"), [
    pytest.param("[" * 999_999, "more than 32 levels", id="brackets"),
    pytest.param("{" * 999_999, "more than 32 levels", id="braces"),
    pytest.param("- " * 499_000, "more than 32 levels", id="dashes"),
    pytest.param("? " * 499_000, "more than 32 levels", id="question marks"),
    pytest.param("\n".join(" " * depth + "a:" for depth in range(1300)), "more than 32 levels", id="indentation"),
    pytest.param(NESTED_ALIASES, "more than 32 levels", id="aliases inside each other"),
    pytest.param(BOMB, "what an alias stands for counts each time", id="exploding aliases"),
    pytest.param("a:\n" + "- a\n" * 249_000, "more than 60,000 values", id="items"),
    pytest.param("[" + "a," * 499_000, "more than 60,000 values", id="flow items"),
    pytest.param("".join(f"k{n}: 1\n" for n in range(90_000)), "more than 60,000 values", id="keys"),
    pytest.param("a: b\n" * 190_000, "stands twice", id="the same key"),
    pytest.param("[" + "!x a," * 190_000, "is a tag", id="tags"),
    pytest.param("[" + "*x," * 330_000, "is an alias", id="aliases of nothing"),
    pytest.param("a: @x\n" * 160_000, "can begin with @", id="slips"),
    pytest.param("a: b: c\n" * 120_000, "a colon and a space", id="colons"),
    pytest.param('a: "' + "\\q" * 490_000 + '"', "no escape", id="escapes"),
    pytest.param('a: "' + "\n" * 990_000, "never closed", id="an open quote"),
    pytest.param("a: b" + " " * 990_000 + "c: d", "a colon and a space", id="spaces"),
    pytest.param("a: " + "&a " * 330_000, "anchor", id="anchors"),
    pytest.param("\x01" * 990_000, "U+0001", id="control characters"),
    pytest.param("password: @" + "x " * 490_000, "can begin with @", id="a long password"),
])
def test_a_monstrous_file_is_refused_in_bounded_time_and_memory(source: str, what: str) -> None:
    octets = source.encode()
    tracemalloc.start()
    try:
        problems = Problems()
        load(octets, "r.yaml", problems)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert what in "\n".join(told(problems))
    assert peak < OCTETS
    began = time.process_time()
    _, problems = read(octets)
    _ = [str(problem) for problem in problems.items]
    assert time.process_time() - began < SECONDS


def test_a_list_of_some_ten_thousand_values_is_read() -> None:
    found = value("".join(f"- p{n}@example.org\n" for n in range(40_000)))
    assert isinstance(found, Sequence)
    assert len(found.items) == 40_000


def test_32_levels_are_read_and_33_are_not() -> None:
    assert value("[" * 32 + "a" + "]" * 32)
    _, problems = read("[" * 33 + "a" + "]" * 33)
    assert told(problems) == ["1:34: more than 32 levels inside each other: lay it out flatter"]


def test_the_first_mistakes_are_shown_and_the_rest_counted() -> None:
    found, problems = read("".join(f"- {{n{n}: 1, n{n}: 2}}\n" for n in range(SHOWN + 7)))
    assert found is not None
    with pytest.raises(DocumentError) as caught:
        problems.raise_if_any()
    assert len(caught.value.problems) == SHOWN + 1
    assert caught.value.problems[-1] == "and 7 more"
    assert str(caught.value).startswith("r.yaml:1:11: ")


def test_a_mistake_in_what_an_alias_repeats_is_told_once() -> None:
    found, problems = read('- &a ""\n- *a\n- *a\n')
    assert isinstance(found, Sequence)
    for item in found.items:
        text(item, problems)
    assert [line.split(" ")[0] for line in told(problems)] == ["1:3:"]


def test_mistakes_are_told_in_the_order_of_the_file() -> None:
    found, problems = read('- ""\n- {x}\n- ""\n')
    assert isinstance(found, Sequence)
    for item in reversed(found.items):
        text(item, problems)
    assert [problem.position.line for problem in problems.items] == [1, 2, 3]


def clear(octets: bytes) -> None:
    """A value, or problems that each have a place in the text."""
    found, problems = read(octets)
    assert found is not None or problems.items
    lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", octets.decode(errors="replace").removeprefix("\ufeff"))
    for problem in problems.items:
        assert problem.what
        assert 1 <= problem.position.line <= len(lines)
        assert 1 <= problem.position.column <= len(lines[problem.position.line - 1]) + 1 or problem.position.column == 1
        assert str(problem).startswith(str(problem.position))


@given(st.text(st.one_of(st.sampled_from("[]{}:,-?&*#!|>'\"%@`\\ \t\n\r"), st.characters()), max_size=60))
@example("a: b: \x85c")
@example("&")
@example("- :\n%")
@settings(deadline=None, max_examples=400)
def test_any_text_gives_a_value_or_clear_problems(source: str) -> None:
    clear(source.encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_octets_give_a_value_or_clear_problems(octets: bytes) -> None:
    clear(octets)


GOOD = """\
version: 1
accounts:
  home: {host: imap.example.org, user: ada, password: {file: /run/secrets/home}}
x-vip: &vip [ada@example.org, "bob@example.org"]
rules:
  - name: invoices
    when:
      any:
        - to: [billing@example.org, 'rechnung@example.org']
        - from: *vip
      not: {subject: "[draft]"}
      attachment: {type: application/pdf, larger: 20kB}
    then:
      - save: {parts: {name: "*.pdf"}, to: "/data/{received:%Y}/{from.domain}-{name}"}
      - flag: [seen, $invoice]
      - move: "Archive/{received:%Y}"     # kept
"""


def test_a_good_file_broken_at_random_gives_a_value_or_clear_problems() -> None:
    random_of = random.Random(20261122)
    pieces = [*"[]{}:,-?&*#!|>'\"%@`\\ \t\n", "<<: ", "*vip", "&a ", "!!str ", "---\n", "\0", "\x85", "é", "    "]
    for _ in range(1000):
        source = GOOD
        for _ in range(random_of.randint(1, 4)):
            at, length = random_of.randrange(len(source)), random_of.choice([0, 0, 1, 5, 40])
            source = source[:at] + random_of.choice(["", *pieces]) + source[at + length:]
        clear(source.encode())
