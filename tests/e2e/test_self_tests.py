"""`mailbot test`, and what a running bot makes of rules that fail their own tests."""

import json
from pathlib import Path

from tests.e2e.bot import Bot, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot

RULES = """
version: 1
rules:
  - {name: r, when: {subject: hello}, then: [{flag: seen}, {move: A}]}
tests:
  - {name: greeting, message: {subject: hello}, expect: {rules: [r], then: [{flag: seen}, {move: A}]}}
  - {name: other mail, message: {subject: bye}, expect: {rules: [r]}}
"""


def test_a_failing_test_is_1_and_shows_what_was_expected_and_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    ended = mailbot(tmp_path, "test")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == """\
✓ greeting
✗ other mail  rules.yaml:7:5
    rules:
      - r
    ✗ r
        ✗ subject: hello  (bye)
- expected  + got
2 tests, 1 failed
"""


def test_one_test_is_chosen_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(RULES)
    ended = mailbot(tmp_path, "test", "mine.yaml", "-k", "GREET")
    assert (ended.returncode, ended.stdout) == (0, "✓ greeting\n1 test, all passed\n")
    assert mailbot(tmp_path, "test", "mine.yaml", "-k", "nothing").returncode == 64


def test_colours_are_for_those_who_ask(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    assert "\033[31m" in mailbot(tmp_path, "test", "--color", "always").stdout


def test_the_document_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    document = json.loads(mailbot(tmp_path, "test", "--json").stdout)
    assert (document["version"], document["passed"]) == (1, False)
    right, wrong = document["tests"]
    assert right == {"name": "greeting", "file": "rules.yaml", "line": 6, "passed": True,
                     "rules": {"expected": ["r"], "got": ["r"]},
                     "then": {"expected": ["flag: [seen]", "move: A"], "got": ["flag: [seen]", "move: A"]}}
    assert (wrong["rules"], wrong["why"][0]["verdict"]) == ({"expected": ["r"], "got": []}, "no_match")


def test_rules_that_fail_their_own_tests_never_come_into_force(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    path = tmp_path / "rules.yaml"
    begin = over_tls(dovecot, user) + "rules:\n  - {name: r, when: {subject: hello}, then: [{move: %s}]}\n"
    test = "tests:\n  - {name: '%s', message: {subject: hello}, expect: {rules: [r], then: [{move: After}]}}\n"
    path.write_text(begin % "Before")
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        path.write_text(begin % "Wrong" + test % "is filed" + (test % "is filed again").removeprefix("tests:\n"))
        refusal = bot.wait("rules.rejected")[0]
        dovecot.deliver(user, message("hello"))
        bot.wait("action.applied", action="move", to="Before")
        path.write_text(begin % "After" + test % "is filed")
        bot.wait("rules.loaded", count=2)
        assert bot.stop()[0] == 0
    assert [f'the test "{name}" fails: then: expected move: After, got move: Wrong' in problem
            for name, problem in zip(("is filed", "is filed again"), refusal["problems"], strict=True)] == [True, True]


def test_a_sample_that_comes_later_than_its_test_is_seen(dovecot: Dovecot, tmp_path: Path) -> None:
    """An editor or a deployment need not write the files in our order."""
    path = tmp_path / "rules.yaml"
    begin = over_tls(dovecot, dovecot.user()) + "rules:\n  - {name: r, when: {subject: hello}, then: [{move: A}]}\n"
    path.write_text(begin)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        path.write_text(begin + "tests:\n  - {message: {file: hello.eml}, expect: {rules: [r]}}\n")
        assert 'the sample "hello.eml"' in bot.wait("rules.rejected")[0]["problems"][0]
        (tmp_path / "hello.eml").write_bytes(message("hello"))
        bot.wait("rules.loaded", count=2)
        assert bot.stop()[0] == 0
