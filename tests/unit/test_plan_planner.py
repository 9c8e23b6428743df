import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailbot.effects import AddFlags, Copy, Move, Save, SavedPart
from mailbot.mail.structure import Part
from mailbot.plan.plan import Done, Judgement
from tests.unit.planned import known, mail, planned, ruleset, state, steps, verdicts

SORTED = """
- {name: bills, when: {subject: bill}, then: [flag: [seen, $bill], move: A]}
- {name: lists, when: {subject: list}, then: [copy: B, move: Archive]}
- {name: rest, when: {all: true}, then: [flag: flagged]}
"""
PDF = Part("2", "application/pdf", name="a.pdf", disposition="attachment", encoding="base64", size=780)
WITH_PDF = Part("", "multipart/mixed", parts=(Part("1", "text/plain", size=5), PDF))
WITHOUT = Part("1", "text/plain", size=5)


def done(effect, *, undone=False):
    return Done(effect, datetime(2026, 11, 20, tzinfo=UTC), 12, undone=undone)


def test_steps_stand_by_rule_and_action_and_equal_effects_are_one_step():
    made = planned(SORTED, mail(1, "bill"), mail(2, "list"), mail(3, "other"), mail(4, "bill"))
    assert steps(made.steps) == [
        r"bills flag $bill \Seen #1 #4", "bills move A #1 #4", "lists copy B #2", "lists move Archive #2",
        r"rest flag \Flagged #3"]
    assert (made.account, made.folder, made.uidvalidity, made.judged, made.rules) == ("home", "INBOX", 7, 4, 3)


def test_steps_stand_by_action_also_where_the_first_message_needs_only_the_later_one():
    made = planned("- {name: a, when: {all: true}, then: [flag: $a, copy: A]}", mail(1, "", "$a"), mail(2))
    assert steps(made.steps) == ["a flag $a #2", "a copy A #1 #2"]


def test_uids_ascend_in_a_step_whatever_the_order_of_the_blocks():
    made = planned("- {name: a, when: {all: true}, then: [copy: A]}", mail(7), mail(2), of=1)
    assert steps(made.steps) == ["a copy A #2 #7"]
    assert ([named.uid for named in made.messages], verdicts(made)) == ([2, 7], ["#2 a matched", "#7 a matched"])


def test_a_message_that_a_rule_moves_is_reported_taken_by_later_rules():
    made = planned(SORTED, mail(1, "bill and list"))
    assert steps(made.steps) == [r"bills flag $bill \Seen #1", "bills move A #1"]
    assert verdicts(made) == ["#1 bills matched", "#1 lists taken by bills", "#1 rest taken by bills"]


def test_a_message_that_no_rule_matches_is_counted_and_not_named():
    made = planned("- {name: bills, when: {subject: bill}, then: [flag: seen]}", mail(1, "other"), mail(2, "bill"))
    assert (made.judged, [named.uid for named in made.messages], verdicts(made)) == (2, [2], ["#2 bills matched"])


def test_stop_takes_without_a_step():
    made = planned("""
- {name: keep, when: {from: ada}, stop: true}
- {name: rest, when: {all: true}, then: [move: A]}
""", mail(1), mail(2, sender="bob@example.org"))
    assert steps(made.steps) == ["rest move A #2"]
    assert verdicts(made) == ["#1 keep matched", "#1 rest taken by keep", "#2 rest matched"]


def test_rules_are_judged_by_the_mail_as_it_is_and_not_by_flags_that_earlier_rules_set():
    made = planned("""
- {name: read, when: {unseen: true}, then: [flag: seen]}
- {name: still, when: {unseen: true}, then: [flag: flagged]}
- {name: later, when: {seen: true}, then: [flag: $late]}
""", mail(1))
    assert steps(made.steps) == [r"read flag \Seen #1", r"still flag \Flagged #1"]


def test_flag_steps_are_relative_to_what_earlier_rules_set():
    made = planned("""
- {name: one, when: {all: true}, then: [flag: [seen, $a]]}
- {name: two, when: {all: true}, then: [flag: seen]}
- {name: three, when: {all: true}, then: [unflag: $a]}
- {name: four, when: {all: true}, then: [set_flags: [seen]]}
""", mail(1))
    assert steps(made.steps) == [r"one flag $a \Seen #1", "three unflag $a #1"]
    assert verdicts(made)[1] == "#1 two matched: its flags are so already"


def test_flags_that_are_set_already_make_no_step_whatever_their_case():
    made = planned("- {name: a, when: {all: true}, then: [flag: $Todo]}", mail(1, "", "$todo"), mail(2))
    assert steps(made.steps) == ["a flag $Todo #2"]


def test_what_was_done_before_is_not_done_again_and_the_rule_takes_all_the_same():
    journal = known(_1=[done(Move("A"))], _2=[done(AddFlags(frozenset({r"\Seen", "$bill"})), undone=True)])
    made = planned(SORTED, mail(1, "bill"), mail(2, "bill"), journal=journal)
    assert steps(made.steps) == [r"bills flag $bill \Seen #1", "bills move A #2"]
    assert verdicts(made) == [
        "#1 bills matched: done 2026-11-20 by pass 12", "#1 rest taken by bills",
        "#2 bills matched: undone after it was done 2026-11-20 by pass 12", "#2 rest taken by bills"]


def test_the_journal_is_asked_once_a_block_about_messages_with_a_match_alone():
    asked = []

    def journal(messages):
        asked.append([message.uid for message in messages])
        return known()(messages)

    rule = "- {name: bills, when: {subject: bill}, then: [flag: seen]}"
    planned(rule, mail(1, "bill"), mail(2), mail(3), mail(4, "bill"), mail(5), mail(6), of=2, journal=journal)
    assert asked == [[1], [4]]


def test_a_copy_that_two_rules_want_is_made_once():
    made = planned("""
- {name: one, when: {all: true}, then: [copy: A]}
- {name: two, when: {all: true}, then: [copy: A, copy: B]}
""", mail(1))
    assert steps(made.steps) == ["one copy A #1", "two copy B #1"]
    assert verdicts(made)[1] == "#1 two matched: one does it"


@pytest.mark.parametrize("action", ["move: INBOX", "copy: INBOX"])
def test_mail_that_is_in_the_folder_already_is_not_put_there(action):
    made = planned(f"- {{name: a, when: {{all: true}}, then: [{action}]}}", mail(1))
    assert (steps(made.steps), verdicts(made)) == ([], ["#1 a matched: it is in INBOX already"])


def test_a_move_to_where_the_message_is_takes_it():
    made = planned("""
- {name: stay, when: {subject: stay}, then: [move: INBOX]}
- {name: rest, when: {all: true}, then: [move: A]}
""", mail(1, "stay"), mail(2))
    assert steps(made.steps) == ["rest move A #2"]


UNDECIDED = """
- {name: words, when: {body: secret}, then: [flag: seen]}
- {name: notes, when: {all: true}, then: [copy: B, move: A]}
- {name: rest, when: {all: true}, then: [flag: flagged]}
"""


def test_a_doubt_does_nothing_and_no_later_rule_takes_the_message():
    made = planned(UNDECIDED, mail(1))
    assert steps(made.steps) == ["notes copy B #1"]
    assert verdicts(made) == [
        "#1 words doubt: `body` cannot be decided: the server did not say",
        "#1 notes doubt by words: left where it is: words is in doubt",
        "#1 rest taken by notes"]
    assert [verdict.again for verdict in made.verdicts] == [True, True, False]


@pytest.mark.parametrize("action", ["delete", "trash", "move: A"])
def test_nothing_that_takes_a_message_is_done_behind_a_doubt(action):
    rules = ruleset(f"""
- {{name: words, when: {{body: secret}}, then: [flag: seen]}}
- {{name: old, when: {{subject: old}}, then: [flag: $old, {action}]}}
""")
    made = planned(rules, mail(1, "old"), answers={rules[1].when: frozenset({1})})
    assert steps(made.steps) == ["old flag $old #1"]


def test_what_the_server_answers_is_no_doubt():
    body = ruleset(UNDECIDED)[0].when
    made = planned(UNDECIDED, mail(1), mail(2), answers={body: frozenset({2})})
    assert steps(made.steps) == [r"words flag \Seen #2", "notes copy B #1 #2", "notes move A #1 #2"]


def test_a_missing_template_field_is_a_doubt_that_trying_again_does_not_settle():
    made = planned("""
- {name: lists, when: {all: true}, then: [flag: seen, move: "L/{list_id}"]}
- {name: bin, when: {all: true}, then: [trash]}
""", mail(1), mail(2, list_id="<dev.example.org>"))
    assert steps(made.steps) == [r"lists flag \Seen #2", "lists move L/dev.example.org #2"]
    assert [(v.uid, v.rule, v.judgement, v.by, v.again) for v in made.verdicts[:2]] == [
        (1, "lists", Judgement.DOUBT, "", False), (1, "bin", Judgement.DOUBT, "lists", False)]
    assert "list_id" in made.verdicts[0].why


def test_a_doubt_of_a_rule_about_a_message_that_is_taken_anyway_is_none():
    made = planned("""
- {name: bills, when: {subject: bill}, then: [move: A]}
- {name: words, when: {body: secret}, then: [flag: seen]}
""", mail(1, "bill"))
    assert verdicts(made) == ["#1 bills matched"]


DELETING = "- {name: old, when: {subject: old}, then: [delete]}"


def test_delete_needs_the_server_to_name_the_message_too():
    asked = ruleset(DELETING)[0].when
    made = planned(DELETING, mail(1, "old"), mail(2, "old"), answers={asked: frozenset({2})})
    assert steps(made.steps) == ["old delete #2"]
    assert [(v.uid, v.judgement, v.again) for v in made.verdicts] == [
        (1, Judgement.DOUBT, True), (2, Judgement.MATCHED, False)]


@pytest.mark.parametrize("refused", [True, False])
def test_delete_without_an_answer_is_a_doubt(refused):
    answers = {ruleset(DELETING)[0].when: None} if refused else {}
    made = planned(DELETING, mail(1, "old"), answers=answers)
    assert (made.steps, [v.judgement for v in made.verdicts]) == ((), [Judgement.DOUBT])


LIMITED = """
- {name: few, when: {subject: bill}, then: [move: A], limit: 2}
- {name: rest, when: {all: true}, then: [flag: seen]}
"""


def test_over_its_limit_a_rule_touches_nothing_and_later_rules_leave_these_messages():
    made = planned(LIMITED, mail(1, "bill"), mail(2, "bill"), mail(3, "bill"), mail(4))
    assert steps(made.steps) == [r"rest flag \Seen #4"]
    assert verdicts(made) == [
        "#1 few over_limit: 3 messages, and its limit is 2", "#1 rest over_limit by few",
        "#2 few over_limit: 3 messages, and its limit is 2", "#2 rest over_limit by few",
        "#3 few over_limit: 3 messages, and its limit is 2", "#3 rest over_limit by few",
        "#4 rest matched"]


def test_a_limit_counts_only_messages_that_would_get_a_step():
    made = planned(LIMITED, mail(1, "bill"), mail(2, "bill"), mail(3, "bill"), journal=known(_2=[done(Move("A"))]))
    assert steps(made.steps) == ["few move A #1 #3"]
    assert verdicts(made)[2:4] == ["#2 few matched: done 2026-11-20 by pass 12", "#2 rest taken by few"]


def test_a_limit_is_of_the_whole_folder_and_not_of_a_block():
    made = planned(LIMITED, *(mail(uid, "bill") for uid in range(1, 4)), of=1)
    assert made.steps == ()


def test_a_dry_run_rule_is_shown_and_neither_takes_nor_stops_nor_limits_the_others():
    made = planned("""
- {name: try, when: {subject: bill}, then: [flag: seen, move: A], dry_run: true, stop: true}
- {name: small, when: {all: true}, then: [flag: $x], dry_run: true, limit: 1}
- {name: words, when: {body: secret}, then: [flag: $y], dry_run: true}
- {name: rest, when: {all: true}, then: [flag: seen, move: B]}
""", mail(1, "bill"), mail(2))
    assert steps(made.trial) == [r"try flag \Seen #1", "try move A #1"]
    assert steps(made.steps) == [r"rest flag \Seen #1 #2", "rest move B #1 #2"]
    assert [v.judgement for v in made.verdicts if v.rule == "small"] == [Judgement.OVER_LIMIT] * 2
    assert [v.judgement for v in made.verdicts if v.rule == "rest"] == [Judgement.MATCHED] * 2


def test_with_one_rule_alone_all_are_judged_and_its_steps_and_verdicts_are_in_the_plan():
    text = """
- {name: bills, when: {subject: bill}, then: [move: A]}
- {name: mark, when: {subject: new}, then: [flag: seen, copy: B]}
- {name: rest, when: {all: true}, then: [flag: seen, copy: B]}
"""
    made = planned(text, mail(1, "bill"), mail(2, "new"), mail(3), only="rest")
    assert steps(made.steps) == [r"rest flag \Seen #2 #3", "rest copy B #2 #3"]     # `mark` is not done, so this is
    assert verdicts(made) == ["#1 rest taken by bills", "#2 rest matched", "#3 rest matched"]


def test_mail_marked_deleted_is_judged_only_by_conditions_that_name_it():
    made = planned("""
- {name: all, when: {all: true}, then: [flag: seen]}
- {name: gone, when: {deleted: true}, then: [copy: A]}
- {name: not, when: {search: NOT UNDELETED}, then: [copy: B]}
""", mail(1, "", r"\Deleted"), mail(2))
    assert steps(made.steps) == [r"all flag \Seen #2", "gone copy A #1", "not copy B #1"]


def test_a_flag_that_the_folder_cannot_keep_makes_no_step():
    made = planned("""
- {name: a, when: {all: true}, then: [flag: [seen, $a]]}
- {name: b, when: {all: true}, then: [flag: $b]}
- {name: c, when: {all: true}, then: [set_flags: [flagged, $c]]}
- {name: d, when: {all: true}, then: [unflag: $d]}
""", mail(1, "", "$d"), folder=state({r"\Seen", r"\Flagged"}))
    assert steps(made.steps) == [r"a flag \Seen #1", "d unflag $d #1"]
    assert verdicts(made) == [
        "#1 a matched: the folder cannot keep $a", "#1 b matched: the folder cannot keep $b",
        "#1 c matched: the folder cannot keep $c", "#1 d matched"]


READ_ONLY = """
- {name: bills, when: {subject: bill}, then: [flag: seen, copy: B, move: A]}
- {name: rest, when: {all: true}, then: [flag: seen]}
"""


def test_in_a_read_only_folder_nothing_that_changes_it_is_done():
    made = planned(READ_ONLY, mail(1, "bill"), mail(2), folder=state((), read_only=True))
    assert steps(made.steps) == ["bills copy B #1"]
    assert verdicts(made) == ["#1 bills doubt: the folder is read-only", "#1 rest taken by bills",
                              "#2 rest doubt: the folder is read-only"]
    assert not any(verdict.again for verdict in made.verdicts)


def test_a_folder_that_we_only_examine_is_planned_as_if_it_could_be_changed():
    made = planned(READ_ONLY, mail(1, "bill"), folder=state((), read_only=True, examined=True))
    assert steps(made.steps) == [r"bills flag \Seen #1", "bills copy B #1", "bills move A #1"]


SAVING = """
- {name: files, when: {subject: file}, then: [flag: $f, save: "in/", move: A], stop: %s}
- {name: rest, when: {all: true}, then: [flag: seen]}
"""


def test_a_save_that_finds_no_part_ends_its_rule_for_that_message():
    made = planned(SAVING % "false", mail(1, "file", structure=WITHOUT), mail(2, "file", structure=WITH_PDF))
    assert steps(made.steps) == ["files flag $f #1 #2", "files save /files/in/a.pdf #2", "files move A #2",
                                 r"rest flag \Seen #1"]
    assert verdicts(made)[0] == "#1 files matched: it has no part to save"


def test_a_rule_that_stops_does_so_without_a_part_too():
    made = planned(SAVING % "true", mail(1, "file", structure=WITHOUT))
    assert (steps(made.steps), verdicts(made)[1]) == (["files flag $f #1"], "#1 rest taken by files")


def test_a_save_step_has_one_message_and_one_part_and_the_parts_keep_their_order():
    two = Part("", "multipart/mixed", parts=(PDF, replace(PDF, number="3", name="b.pdf")))
    made = planned("- {name: f, when: {all: true}, then: [save: x/]}", mail(1, structure=two), mail(2, structure=two))
    assert steps(made.steps) == ["f save /files/x/a.pdf #1", "f save /files/x/b.pdf #1",
                                 "f save /files/x/a.pdf #2", "f save /files/x/b.pdf #2"]


def test_a_file_that_was_saved_before_lets_the_rule_go_on():
    saved = Save(SavedPart("2"), "/files/in", "/files/in/a.pdf")
    made = planned(SAVING % "false", mail(1, "file", structure=WITH_PDF), journal=known(_1=[done(saved)]))
    assert steps(made.steps) == ["files flag $f #1", "files move A #1"]


def test_trash_is_a_move_to_the_folder_that_carries_it():
    made = planned("- {name: bin, when: {all: true}, then: [trash]}", mail(1))
    assert steps(made.steps) == ["bin trash Trash #1"]
    assert made.steps[0].order.effect == Move("Trash", create=False)


def test_groups_of_the_expression_reach_the_template():
    made = planned("""
- name: tags
  when: {matches: {subject: '^\\[(?P<tag>\\w+)\\]'}}
  then: [copy: "T/{match.tag}"]
""", mail(1, "[dev] hello"), mail(2, "hello"))
    assert steps(made.steps) == ["tags copy T/dev #1"]


def test_a_message_that_could_not_be_read_is_one_doubt_of_no_rule():
    made = planned(SORTED, mail(1, "bill"), broken={9: "no\x1b BODYSTRUCTURE"})
    assert [(v.rule, v.uid, v.judgement, v.why, v.again) for v in made.verdicts][-1] == (
        "", 9, Judgement.DOUBT, "no BODYSTRUCTURE", True)
    assert [named.uid for named in made.messages] == [1]


def test_a_plan_does_not_depend_on_how_the_mail_was_cut_into_blocks():
    dice = random.Random(7)
    subjects = [dice.choice(["bill", "list", "old", "new bill", ""]) for _ in range(60)]
    messages = [mail(uid, subject) for uid, subject in enumerate(subjects, 1)]
    whole = planned(SORTED, *messages)
    assert all(planned(SORTED, *messages, of=size) == whole for size in (1, 7, 59))


def test_senders_and_subjects_are_kept_without_what_a_terminal_would_obey():
    made = planned(SORTED, mail(1, "bill \x1b[2J\u202egnp.exe\u2028 x  y", sender="\u202eEve\x07 <eve@example.org>"))
    assert (made.messages[0].sender, made.messages[0].subject) == ("Eve", "bill [2Jgnp.exe x y")


def test_copies_done_before_are_told_with_what_is_still_to_do():
    made = planned(SORTED, mail(2, "list"), journal=known(_2=[done(Copy("B"))]))
    assert steps(made.steps) == ["lists move Archive #2"]
    assert verdicts(made)[0] == "#2 lists matched: done 2026-11-20 by pass 12"
