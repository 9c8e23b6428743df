import json

from mailbot.plan.explain import documents, explained, lines
from tests.unit.planned import NOW, mail, planned, ruleset

RULES = """
- name: bills
  when: {any: [{subject: bill}, {from: shop}], not: {flagged: true}, body: total}
  then: [flag: $bill, move: A]
- {name: rest, when: {all: true}, then: [flag: seen]}
"""


def told(text, message, answers=None):
    rules = ruleset(text)
    made = planned(rules, message, answers=answers)
    return explained(rules, message, made, answers=answers or {}, now=NOW)


def answers(uids):
    return {ruleset(RULES)[0].when.nodes[-1]: frozenset(uids)}


def test_each_key_carries_what_was_read_and_its_verdict():
    assert lines(told(RULES, mail(1, "A bill"), answers({1})), width=100) == [
        "✓ bills",
        "    ✓ all:",
        "      ✓ any:",
        "        ✓ subject: bill  (A bill)",
        "        ✗ from: shop  (Ada <ada@example.org>)",
        "      ✓ not:",
        "        ✗ flagged: true  (flags: none)",
        "      ✓ body: total  (as the server says)",
        "    flag    $bill",
        "    move    → A",
        "✓ rest  taken by bills",
        "    ✓ all: true",
    ]


def test_a_key_that_nobody_answered_is_a_question_mark_up_to_the_rule():
    shown = lines(told(RULES, mail(1, "A bill")), width=100)
    assert shown[0] == "? bills  in doubt: `body` cannot be decided: the server did not say"
    assert [line.strip()[0] for line in shown[1:8]] == ["?", "✓", "✓", "✗", "✓", "✗", "?"]


def test_a_rule_that_does_not_match_is_a_cross():
    assert lines(told(RULES, mail(1, "other"), answers({1})), width=100)[0] == "✗ bills"


def test_a_rule_that_deletes_shows_what_the_server_said():
    rule = "- {name: old, when: {subject: old}, then: [delete]}"
    when = ruleset(rule)[0].when
    assert lines(told(rule, mail(1, "old"), {when: frozenset()}), width=120) == [
        "? old  in doubt: `delete` needs the server's answer too, and its search does not find this message",
        "    ✓ subject: old  (old)", "    delete: the server's own search does not find it"]


def test_mail_marked_deleted_is_not_judged_by_a_rule_that_does_not_name_it():
    shown = lines(told(RULES, mail(1, "", r"\Deleted")), width=120)
    assert shown[-2:] == [r"✗ rest  the message is marked \Deleted, and the condition does not name `deleted`",
                          "    ✓ all: true"]


def test_no_line_is_wider_than_the_terminal_or_holds_what_it_would_obey():
    shown = lines(told(RULES, mail(1, "bill \x1b[31m\u202e" + "x" * 200)), width=40)
    assert max(map(len, shown)) <= 40
    assert all(line.isprintable() for line in shown)


def test_the_document_has_the_same_tree():
    bills, rest = json.loads(json.dumps(documents(told(RULES, mail(1, "A bill"), answers({1})))))
    assert list(bills) == ["rule", "verdict", "condition", "steps"]
    assert bills["condition"]["verdict"] is True
    assert bills["condition"]["all"][0]["any"][1] == {
        "key": "from", "value": "shop", "verdict": False, "read": "Ada <ada@example.org>"}
    assert bills["steps"][1] == {"rule": "bills", "action": "move", "uids": [1], "to": "A"}
    assert rest == {"rule": "rest", "verdict": "taken", "by": "bills", "condition": {"all": [], "verdict": True}}


def test_an_unknown_key_has_a_verdict_of_null_in_the_document():
    bills = documents(told(RULES, mail(1, "A bill")))[0]
    assert (bills["verdict"], bills["condition"]["verdict"]) == ("doubt", None)
