import pytest

from tests.unit.rule_texts import ruleset


def told(*rules: str) -> list[str]:
    """The warnings of rules written as flow mappings, without their names: those are a, b, c …"""
    text = "rules:\n" + "".join(f"  - {{name: {chr(97 + number)}, {rule}}}\n" for number, rule in enumerate(rules))
    return list(ruleset(text).warnings)


def one(*rules: str) -> str:
    (warning,) = told(*rules)
    return warning


@pytest.mark.parametrize("key", ["recent", "new", "old"])
def test_keys_that_depend_on_other_clients(key: str) -> None:
    assert f"`{key}`" in one(f"when: {{any: [{{{key}: true}}, {{from: x}}]}}, then: [flag: $x]")


def test_uids_do_not_last() -> None:
    assert "`uid`" in one("when: {uid: '1:5'}, then: [flag: $x]")


def test_older_does_not_match_on_arrival() -> None:
    assert "schedule" in one("when: {older: 30d}, then: [trash]")
    assert "schedule" in one("when: {any: [{from: x}, {not: {younger: 30d}}]}, then: [trash]")
    assert told("when: {older: 30d}, then: [trash], schedule: 6h") == []
    assert told("when: {not: {older: 30d}, from: x}, then: [trash]", "when: {younger: 30d}, then: [trash]") == []
    assert told("when: {none: [{from: x}, {all: [{younger: 30d}, {unseen: true}]}]}, then: [trash]") == []


def test_the_body_of_whole_folders_is_slow() -> None:
    assert "`body`" in one("when: {body: x}, then: [trash], schedule: 6h")
    assert told("when: {body: x}, then: [trash]") == []


def test_a_rule_that_rests_is_left_alone() -> None:
    assert told("when: {older: 30d}, then: [trash], enabled: false") == []


@pytest.mark.parametrize("when", [
    "{seen: true, unseen: true}",
    "{seen: false, flagged: true, all: [{seen: true}]}",
    "{from: a, not: {from: a}}",
    "{from: ADA, none: [{from: bob}, {header: {From: ada}}]}",
    "{subject: invoice, all: [{not: {subject: voi}}]}",
    "{header: {List-Id: dev.example.org}, none: [{header: {list-id: Example}}]}",
    "{keyword: $a, unkeyword: $A}",
    "{larger: 5, smaller: 6}",
    "{since: 2026-01-05, before: 2026-01-05}",
    "{any: [{since: 2026-01-05, before: 2026-01-01}, {larger: 9, smaller: 3}]}",
    "{since: 2026-01-05, on: 2026-01-04}",
    "{senton: 2026-01-05, sentbefore: 2026-01-05}",
    "{attachment: false, all: [{attachment: {type: a/b}}]}",
    "{all: [{header: {X-A: false}}, {header: {X-A: b}}]}",
    "{smaller: 0}",
    "{not: {all: true}}",
    "{none: [{seen: true}, {unseen: true}]}",
    "{search: SEEN UNSEEN}",
])
def test_what_can_never_match(when: str) -> None:
    assert "never match" in one(f"when: {when}, then: [trash]")


@pytest.mark.parametrize("when", [
    "{seen: true, any: [{seen: false}, {flagged: true}]}",
    "{larger: 5, smaller: 7}",
    "{from: a, to: a, not: {from: b}}",
    "{since: 2026-01-05, before: 2026-01-06}",
    "{since: 2026-01-05, on: 2026-01-05}",
    "{senton: 2026-01-05, sentbefore: 2026-01-06}",
    "{attachment: true, all: [{attachment: {type: a/b}}]}",
    "{all: [{header: {X-A: false}}, {header: {X-B: b}}]}",
    "{smaller: 1}",
    "{none: [{seen: true}, {unflagged: true}]}",
    "{older: 1d, not: {younger: 2d}}",
])
def test_what_may_match(when: str) -> None:
    assert told(f"when: {when}, then: [trash], schedule: 1d") == []


@pytest.mark.parametrize(("earlier", "later"), [
    ("{all: true}", "{from: a}"),
    ("{from: a}", "{from: a}"),
    ("{from: Example.org}", "{from: news@example.org}"),
    ("{from: a}", "{from: a, subject: b}"),
    ("{from: [a, b]}", "{from: b}"),
    ("{from: [a, b]}", "{from: [b, a]}"),
    ("{from: [a, b]}", "{from: [a, b], subject: c}"),
    ("{from: a, subject: b}", "{from: a, subject: b, seen: true}"),
    ("{any: [{from: a, subject: b}, {to: c}]}", "{subject: b, from: a}"),
    ("{header: {List-Id: a}}", "{header: {list-id: abc}}"),
    ("{header: {List-Id: true}}", "{header: {list-id: abc}}"),
    ("{domain: {from: example.org}}", "{domain: {from: a.example.org}}"),
    ("{domain: {from: example.org}}", "{address: {from: ada@mail.example.org}}"),
    ("{attachment: true}", "{attachment: {type: application/pdf}}"),
    ("{from: a, deleted: true}", "{from: a, deleted: true, subject: b}"),
])
def test_a_rule_whose_mail_an_earlier_one_takes(earlier: str, later: str) -> None:
    assert 'rule "b": it never gets' in one(f"when: {earlier}, then: [move: X]", f"when: {later}, then: [flag: $x]")
    assert 'rule "b": it never gets' in one(f"when: {earlier}, stop: true", f"when: {later}, then: [flag: $x]")


@pytest.mark.parametrize(("earlier", "later"), [
    ("when: {from: b, subject: c}, then: [move: X]", "when: {from: b}, then: [trash]"),
    ("when: {from: abc}, then: [move: X]", "when: {from: b}, then: [trash]"),
    ("when: {from: b}, then: [move: X]", "when: {from: [b, c]}, then: [trash]"),
    ("when: {from: b}, then: [flag: $x]", "when: {from: b}, then: [trash]"),
    ("when: {from: b}, then: [move: X], dry_run: true", "when: {from: b}, then: [trash]"),
    ("when: {from: b}, then: [move: X], enabled: false", "when: {from: b}, then: [trash]"),
    ("when: {from: b}, then: [move: X], accounts: home", "when: {from: b}, then: [trash]"),
    ("when: {from: b}, then: [move: X], folders: Y", "when: {from: b}, then: [trash]"),
    ("when: {from: b}, then: [move: X], schedule: 6h", "when: {from: b}, then: [trash]"),
    ("when: {from: b}, then: [move: X]", "when: {to: b}, then: [trash]"),
    ("when: {not: {from: b}}, then: [move: X]", "when: {from: b}, then: [trash]"),
    ("when: {domain: {from: a.example}}, then: [move: X]", "when: {domain: {from: ba.example}}, then: [trash]"),
    ("when: {domain: {to: a.example}}, then: [move: X]", "when: {address: {from: b@a.example}}, then: [trash]"),
    # mail without an attachment, without a List-Id, marked \\Deleted
    ("when: {from: b}, then: [save: d/, move: X]", "when: {from: b}, then: [trash]"),
    ("when: {from: b}, then: [move: 'L/{list_id}']", "when: {from: b}, then: [flag: $x]"),
    ("when: {from: b}, then: [move: X]", "when: {from: b, deleted: true}, then: [trash]"),
])
def test_a_rule_that_gets_its_mail(earlier: str, later: str) -> None:
    assert told(earlier, later) == []


def test_a_field_that_cannot_be_missing_takes_every_message() -> None:
    for field in ("{received:%Y}", "{list_id|default:none}"):
        assert "never gets" in one(f"when: {{from: b}}, then: [move: 'L/{field}']", "when: {from: b}, then: [flag: $x]")


def test_several_earlier_rules_may_take_everything_together() -> None:
    assert 'rule "c"' in one("when: {from: x}, then: [move: X]", "when: {from: y}, then: [move: Y]",
                             "when: {from: [x, y]}, then: [trash]")


def test_moves_that_form_a_circle() -> None:
    warning = one("when: {seen: true}, then: [move: Read], folders: [INBOX, News]",
                  "when: {flagged: true}, then: [move: News], folders: [Read]")
    assert '"a" → "b" → "a"' in warning


def test_a_circle_through_a_glob_is_told_where_both_look_for_the_same_mail() -> None:
    assert "circle" in one("when: {seen: true}, then: [move: L/a], folders: [L/b]",
                           "when: {seen: true}, then: [move: L/b], folders: ['L/*']")
    assert "circle" in one("when: {from: x}, then: [move: 'L/{received:%Y}'], folders: [Done]",
                           "when: {all: true}, then: [move: Done], folders: ['L/*']")


@pytest.mark.parametrize(("first", "second"), [
    ("when: {from: x}, then: [move: X], folders: ['*']", "when: {from: y}, then: [move: Y], folders: ['*']"),
    ("when: {from: x}, then: [move: Y]", "when: {from: y}, then: [move: Z], folders: [Y]"),
    ("when: {from: x}, then: [move: Y], accounts: home", "when: {from: y}, then: [move: INBOX], folders: [Y], accounts: work"),
    ("when: {from: x}, then: [copy: Y]", "when: {from: y}, then: [move: INBOX], folders: [Y]"),
])
def test_moves_that_come_to_an_end(first: str, second: str) -> None:
    assert told(first, second) == []


def test_a_move_into_its_own_folder() -> None:
    assert "the folder that it is in" in one("when: {seen: true}, then: [move: X], folders: X")


@pytest.mark.parametrize("then", ["flag: unread", "unflag: Starred", "set_flags: [seen, read]"])
def test_keywords_that_were_to_be_flags(then: str) -> None:
    assert "is a keyword of that name" in one(f"when: {{from: x}}, then: [{then}]")
    assert told("when: {from: x}, then: [flag: [seen, $read, Junk]]") == []


@pytest.mark.parametrize("then", [
    "[flag: seen, unflag: [seen, $x]]", "[unflag: $x, flag: $x]", "[flag: $x, set_flags: seen]",
    "[set_flags: [], set_flags: seen]", "[flag: $A, unflag: $a]",
])
def test_contradictory_flags(then: str) -> None:
    assert told(f"when: {{from: x}}, then: {then}")
    assert told("when: {from: x}, then: [set_flags: seen, flag: $x, unflag: $y]") == []


def test_stop_does_not_protect_from_a_scheduled_rule() -> None:
    stops = "when: {flagged: true}, stop: true"
    assert "does not protect" in one(stops, "when: {seen: true}, then: [trash], schedule: 6h")
    assert told(stops, "when: {seen: true, unflagged: true}, then: [trash], schedule: 6h") == []
    assert told(stops, "when: {seen: true}, then: [trash], schedule: 6h, folders: X") == []
    assert told(stops, "when: {seen: true}, then: [flag: $x], schedule: 6h") == []


def test_a_delete_that_no_server_can_search_for() -> None:
    assert "every message of the folder is read" in one("when: {attachment: true}, then: [delete]")
    assert told("when: {from: x}, then: [delete]") == []
    assert told("when: {gmail: 'older_than:1y'}, then: [delete]") == []


def test_a_thousand_rules_are_looked_through_at_once() -> None:
    names = [f"when: {{from: [a{number}@x.example, b{number}@x.example]}}, then: [move: 'X/{number}'], folders: ['*']"
             for number in range(1000)]
    text = "rules:\n" + "".join(f"  - {{name: r{number}, {rule}}}\n" for number, rule in enumerate(names))
    assert all("never gets" in warning for warning in ruleset(text).warnings)


@pytest.mark.parametrize("when", [
    "{larger: 0}", "{smaller: 5GB}", "{since: 1970-01-01}", "{uid: '1:*'}", "{any: [{from: x}, {larger: 0, younger: 5000w}]}"])
def test_a_delete_of_whatever_there_is(when: str) -> None:
    assert any("true of whatever mail there is" in warning for warning in told(f"when: {when}, then: [delete]"))


@pytest.mark.parametrize("when", ["{larger: 1}", "{since: 2026-01-01}", "{larger: 0, from: x}", "{not: {larger: 0}}", "{uid: '2:*'}"])
def test_a_delete_that_is_narrowed(when: str) -> None:
    assert not any("whatever mail" in warning for warning in told(f"when: {when}, then: [delete]"))
