"""`tests:` in the rules file: read, and run."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbot.config.load import Config, load
from mailbot.config.self_test import raise_if_failing, results
from mailbot.errors import ConfigError
from mailbot.plan.tests import Result, told

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PDF = b"""\
From: Acme <billing@acme.example>\r
Subject: =?utf-8?q?Rechnung_M=C3=A4rz?=\r
Content-Type: application/pdf; name="r.pdf"\r
\r
%PDF\r
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(rules: str, tests: str, head: str = "") -> Config:
    Path("rules.yaml").write_text(f"version: 1\n{head}rules:\n{rules}tests:\n{tests}")
    return load(Path("rules.yaml"), ENVIRON)


ENVIRON = {"MAILBOT_STATE": "/data/state", "MAILBOT_FILES": "/data/files"}


def ran(rules: str, tests: str, head: str = "") -> tuple[Result, ...]:
    return results(read(rules, tests, head), ENVIRON, NOW)


def passes(rules: str, message: str, matched: str = "[r]", then: str = "", head: str = "") -> bool:
    expect = f"{{rules: {matched}{', then: ' + then if then else ''}}}"
    result, = ran(rules, f"  - {{message: {message}, expect: {expect}}}\n", head)
    return result.passed


def rule(when: str, then: str = "[{flag: seen}]", more: str = "") -> str:
    return f"  - {{name: r, when: {when}, then: {then}{more}}}\n"


@pytest.mark.parametrize(("when", "message"), [
    ("{subject: café}", "{subject: Un café}"),
    ("{header: {List-Id: true}}", "{List-Id: <dev.example.org>}"),
    ("{header: {X-Empty: true}}", "{X-Empty: ''}"),
    ("{header: {received: by mx}}", "{Received: [from a by b, from b by mx]}"),
    ("{body: ünder}", "{body: 'an ÜNDERscore'}"),
    ("{text: hello}", "{subject: hello}"),
    ("{flagged: true, keyword: $x}", r"{flags: [\Flagged, $x]}"),
    ("{deleted: true}", "{flags: deleted}"),
    ("{uid: '7'}", "{uid: 7}"),
    ("{on: 2026-01-05}", "{received: 2026-01-05}"),
    ("{older: 30d}", "{received: 2026-01-05}"),
    ("{younger: 1d}", "{received: 2026-01-05, now: 2026-01-05 18:00}"),
    ("{younger: 1h}", "{subject: now}"),
    ("{smaller: 100}", "{subject: small}"),
    ("{sentsince: 2026-01-05}", "{date: 'Mon, 5 Jan 2026 10:00:00 +0100'}"),
    ("{attachment: {type: application/pdf}}", "{content-type: 'application/pdf; name=\"a.pdf\"', body: x}"),
    ("{all: true}", "{}"),
])
def test_a_message_is_made_of_what_the_test_says(when: str, message: str) -> None:
    assert passes(rule(when), message)
    assert not passes(rule(f"{{none: [{when}]}}"), message)


def test_a_sample_is_found_beside_the_rules_file() -> None:
    Path("samples").mkdir()
    Path("samples/bill.eml").write_bytes(PDF)
    save = '[{save: {to: "in/{received:%Y}/{from.domain}-{name}"}}, {flag: [seen, $bill]}, {move: "A/{received:%m}"}]'
    message = "{file: samples/bill.eml, received: 2026-03-01}"
    for file in ("r.pdf", "in/2026/acme.example-r.pdf", "/data/files/in/2026/acme.example-r.pdf"):
        then = f"[{{save: {file}}}, {{flag: [$Bill, seen]}}, {{move: A/03}}]"
        assert passes(rule("{subject: märz}", save), message, then=then)
    assert not passes(rule("{subject: märz}", save), message, then="[{save: q.pdf}, {flag: [$bill, seen]}, {move: A/03}]")


def test_accounts_and_folders_are_those_of_the_test() -> None:
    accounts = "accounts: {home: {host: h, user: u, password: {env: P}}, work: {host: h, user: u, password: {env: P}}}\n"
    assert passes(rule("{all: true}", more=", accounts: home"), "{}", head=accounts)
    assert passes(rule("{all: true}", more=", accounts: home"), "{account: work}", "[]", head=accounts)
    assert passes(rule("{all: true}", more=r", folders: [\Junk]"), r"{folder: \junk}")
    assert passes(rule("{all: true}", more=", folders: ['Lists/*']"), "{folder: Lists/dev}")
    assert passes(rule("{all: true}"), "{folder: Lists/dev}", "[]")


def test_special_folders_are_called_by_their_use() -> None:
    then = r"[{copy: \Archive/old}, trash]"
    assert passes(rule("{all: true}", then), "{}", then=then)
    assert passes(rule("{seen: true}", "[delete]"), "{flags: seen}", then="[delete]")


def test_taken_and_doubted_rules_have_not_matched_and_the_reason_is_shown() -> None:
    result, = ran(rule("{all: true}", "[trash]") + "  - {name: s, when: {all: true}, then: [{flag: seen}]}\n"
                  "  - {name: t, when: {gmail: x}, then: [{flag: seen}]}\n",
                  "  - {message: {}, expect: {rules: [r, s, t]}}\n")
    assert not result.passed
    assert result.rules == ((" ", "r"), ("-", "s"), ("-", "t"))
    assert result.remarks == ("s: #1 taken by r",)


def test_a_rule_whose_move_waits_for_the_doubt_of_another_has_matched_and_does_the_rest() -> None:
    result, = ran(rule("{gmail: x}", "[trash]") + "  - {name: s, when: {all: true}, then: [{flag: seen}, {move: A}]}\n",
                  "  - {message: {}, expect: {rules: [s], then: [{flag: seen}]}}\n")
    assert result.passed


def test_trial_rules_match_and_do_nothing() -> None:
    assert passes(rule("{all: true}", more=", dry_run: true"), "{}", then="[]")


def test_a_failure_in_one_sentence_names_the_place_and_both_sides() -> None:
    result, = ran(rule("{all: true}", "[{flag: seen}, {move: A}]"),
                  "  - {name: here, message: {}, expect: {rules: r, then: [{flag: seen}, {move: B}]}}\n")
    assert told(result) == ('rules.yaml:5:5: the test "here" fails: '
                            "then: expected flag: [seen], move: B, got flag: [seen], move: A")


def test_every_failing_test_is_told_at_once() -> None:
    config = read(rule("{subject: x}"), "  - {message: {file: gone.eml}, expect: {rules: []}}\n"
                  "  - {message: {subject: x}, expect: {rules: []}}\n  - {message: {}, expect: {rules: []}}\n")
    with pytest.raises(ConfigError) as caught:
        raise_if_failing(config, ENVIRON, NOW)
    assert [problem.split(": ")[0] for problem in caught.value.problems] == ["rules.yaml:5:5", "rules.yaml:6:5"]


def test_samples_count_as_what_the_configuration_was_read_from() -> None:
    tests = "  - {message: {file: a.eml}, expect: {rules: []}}\n"
    before = read(rule("{subject: x}"), tests)
    Path("a.eml").write_bytes(PDF)
    after = read(rule("{subject: x}"), tests)
    assert before.sha256 != after.sha256
    assert Path("a.eml") in after.lists


@pytest.mark.parametrize(("test", "at", "what"), [
    ("{message: {}, expect: {rules: [R2]}}", "R2]", 'unknown rule "R2"'),
    ("{message: {}, expect: {then: []}}", "{then", "needs `rules`"),
    ("{message: {}, expect: {rules: [], then: [mvoe]}}", "mvoe", 'did you mean "move"?'),
    ("{message: {}, expect: {rules: [], then: [{trash: x}]}}", "trash", "written bare"),
    ("{message: {}, expect: {rules: [], then: [flag]}}", "flag", "flag needs a value"),
    (r"{message: {}, expect: {rules: [], then: [{flag: \Sen}]}}", r"\Sen", r"unknown system flag \Sen"),
    ("{message: {}, expect: {rules: [], then: [{move: {to: x}}]}}", "{to", "text was expected"),
    ("{message: {}, expect: {rules: [], then: [7]}}", "7]", "an action was expected"),
    ("{message: {received: yesterday}, expect: {rules: []}}", "yesterday", "2026-01-05"),
    ("{message: {now: [1]}, expect: {rules: []}}", "[1]", "a date was expected"),
    ("{message: {uid: 0}, expect: {rules: []}}", "0}", "out of range"),
    ("{message: {folder: 'a*'}, expect: {rules: []}}", "'a*'", "in one folder"),
    ("{message: {'a b': x}, expect: {rules: []}}", "'a b'", "not the name of a header"),
    ("{message: {Flags: seen}, expect: {rules: []}}", "Flags", "small letters: flags"),
    ("{message: {from: {a: b}}, expect: {rules: []}}", "{a: b}", "text was expected"),
    ("{message: {file: x.eml, body: y}, expect: {rules: []}}", "body", "leave one of them out"),
    ("{message: {account: homme}, expect: {rules: []}}", "homme", 'did you mean "home"?'),
])
def test_a_mistake_in_a_test_is_told_at_its_place(test: str, at: str, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(rule("{seen: true}"), f"  - {test}\n",
             head="accounts: {home: {host: h, user: u, password: {env: P}}}\n")
    problem, = caught.value.problems
    assert problem.startswith(f"rules.yaml:6:{len('  - ') + test.index(at) + 1}: ")
    assert what in problem.splitlines()[0]
