"""Classic slips in YAML's own syntax: place, problem and way out."""

import pytest

from tests.unit.documents import plain, read, told

# text, place, what is wrong, the way out
SLIPS = [
    ("from: *@example.com\n", "1:7", "begins with * is an alias", 'from: "*@example.com"'),
    ("name: *.pdf\n", "1:7", "begins with * is an alias", 'name: "*.pdf"'),
    ("folders: [*]\n", "1:11", "begins with *", '"*"'),
    ("folders:\n  - *\n", "2:5", "begins with *", '"*"'),
    ("from: @example.com\n", "1:7", "can begin with @", 'from: "@example.com"'),
    ("from: [a, @example.com, b]\n", "1:11", "can begin with @", '"@example.com"'),
    ("folders: %\n", "1:10", "can begin with %", 'folders: "%"'),
    ("subject: `x`\n", "1:10", "can begin with `", 'subject: "`x`"'),
    ("subject: [Call] for papers\n", "1:10", "begins with [ is a list", 'subject: "[Call] for papers"'),
    ("  - subject: [JIRA] Update # all\n", "1:14", "begins with [ is a list", 'subject: "[JIRA] Update"'),
    ("move: {from.domain}/x\n", "1:7", "begins with { is a mapping", 'move: "{from.domain}/x"'),
    ("- move: {list_id}-x\n", "1:9", "begins with { is a mapping", 'move: "{list_id}-x"'),
    ('subject: "Re" hello\n', "1:10", "goes on behind its closing quote", """subject: '"Re" hello'"""),
    ("subject: 'it's'\n", "1:10", "goes on behind its closing quote", """subject: "it's\""""),
    ("subject: >50% off\n", "1:10", "begins with > is a block", 'subject: ">50% off"'),
    ("subject: |x\n", "1:10", "begins with | is a block", 'subject: "|x"'),
    ("subject: & more\n", "1:10", "begins with & is an anchor", 'subject: "& more"'),
    ("subject: Re: hello\n", "1:10", "a colon and a space inside a value", 'subject: "Re: hello"'),
    (r'flag: "\Seen"' + "\n", "1:7", r"\S is no escape", r"'\Seen'"),
    (r'flag: ["\Seen", "\Flagged"]' + "\n", "1:8", r"\S is no escape", r"'\Seen'"),
    ('matches: {subject: "\\d+"}\n', "1:20", r"\d is no escape", r"'\d+'"),
    ("rules:\n\t- name: x\n", "2:1", "a tab cannot indent", "use spaces"),
    ("\trules:\n", "1:1", "a tab cannot indent", "use spaces"),
    ("subject:x\nfrom: y\n", "1:8", "a space is missing", "key: value"),
    ("a: b\nrules\nc: d\n", "2:1", "without its colon", "key: value"),
    ('subject: "hello\nfrom: x\n', "1:10", "never closed", 'end the text with "'),
    ("to: [a, b\nfrom: x\n", "1:5", "the [ that opens here is not closed", "]"),
    ("to: {a: b\n", "1:5", "the { that opens here is not closed", "}"),
    ("a: b\n c: d\n", "2:3", "a mapping cannot begin here", "same column"),
    ("a:\n  b: c\n d: e\n", "3:2", "a key was expected here", "same column"),
    ("- a\nb: c\n", "2:1", "a list item was expected", "begin it with -"),
    ("a: - b\n", "1:4", "a list cannot begin here", "[a, b]"),
    ("a: }\n", "1:4", "a value was expected", ""),
]


@pytest.mark.parametrize(("text", "place", "what", "hint"), SLIPS)
def test_a_slip_is_named_with_its_place_and_way_out(text: str, place: str, what: str, hint: str) -> None:
    _, problems = read(text)
    first = told(problems)[0]
    assert first.startswith(f"{place}: ")
    assert what in first
    assert hint in first


def test_what_follows_a_slip_is_read_as_if_it_were_written_right() -> None:
    text = "from: *@a.example\nto: @b\nflag: \"\\Seen\"\nsubject: Re: x\nlarger:5\nkey: 1\nkey: 2\n"
    found, problems = read(text)
    assert [line.split(" ")[0] for line in told(problems)] == ["1:7:", "2:5:", "3:7:", "4:10:", "5:7:", "7:1:"]
    assert found is not None
    assert plain(found) == {"from": ("text", "*@a.example"), "to": ("text", "@b"), "flag": ("text", r"\Seen"),
                            "subject": ("text", "Re: x"), "larger": ("int", "5"), "key": ("int", "1")}


def test_slips_in_one_line_are_each_told_at_their_own_place() -> None:
    found, problems = read('- {from: @a, to: *@b, flag: "\\Seen", x: *nobody}\n')
    assert [line.split(": ")[0] for line in told(problems)] == ["1:10", "1:18", "1:29", "1:41"]
    assert found is not None
    assert plain(found) == [{"from": ("text", "@a"), "to": ("text", "*@b"), "flag": ("text", r"\Seen"), "x": ("text", "*nobody")}]


def test_a_guess_that_does_not_help_is_not_told_as_a_mistake() -> None:
    _, problems = read('flag: "\\Seen" x\n')
    assert [line.split(": ")[0] for line in told(problems)] == ["1:7"]


def test_the_source_line_is_shown_as_it_is_with_a_caret_under_the_mistake() -> None:
    _, problems = read("a:\n      - to: @büro # x\n")
    line, source, caret = str(problems.items[-1]).splitlines()
    assert line.startswith("r.yaml:2:13: ")
    assert source == "    2 |       - to: @büro # x"
    assert caret == "                    ^^^^^"


def test_a_long_line_is_shown_around_the_mistake() -> None:
    _, problems = read("a: [" + "x, " * 3000 + "@y]\n")
    _, source, caret = str(problems.items[0]).splitlines()
    assert len(source) < 140
    assert source[caret.index("^"):].startswith("@y")


def test_what_a_terminal_would_obey_is_not_shown_to_it() -> None:
    _, problems = read('"a\\eb": 1\n"a\\eb": 2\n\u202eb: @x\n')
    assert problems.items
    for problem in problems.items:
        assert all(char.isprintable() or char == "\n" for char in str(problem))


@pytest.mark.parametrize("secret", [
    "@hunter2", "*hunter2", '"hun\\Ster2"', "{hunter2}-x", "hunter2: x", "!hunter2", "[hunter2] x", '"hunter2" x', "'hunter2",
    "%hunter2", ">hunter2",
])
@pytest.mark.parametrize("key", ["password", "pasword", "  - client_secret", "{user: x, refresh_token"])
def test_a_mistake_in_the_line_of_a_password_does_not_tell_it(key: str, secret: str) -> None:
    _, problems = read(f"{key}: {secret}\n")
    assert problems.items
    for problem in problems.items:
        assert "ter2" not in str(problem)
        assert problem.position.line == 1
