from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.effects import AddFlags, Copy, Delete, Move, Order, Save, SavedPart, SetFlags
from mailbot.plan.columns import columns, cut, cut_front, line, padded, plain, wrapped
from mailbot.plan.plan import Judgement, Named, Plan, Step, Verdict
from mailbot.plan.remarks import ranges
from mailbot.plan.text import Page, summary

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def named(uid, sender="GitHub", subject="Fix", received=datetime(2026, 11, 22, 9, 14, tzinfo=UTC)):
    return Named(uid, f"{uid:032x}", frozenset(), received, sender, subject)


def step(rule, action, effect, *uids):
    return Step(rule, action, Order(effect, uids))


PAPER = Save(SavedPart("2", "invoice-1189.pdf", "application/pdf", 214_000), "/data/invoices",
             "/data/invoices/2026/acme.example-invoice-1189.pdf")
EXAMPLE = Plan(
    "home", "INBOX", 7, 1204,
    (named(4201), named(4211, subject="[acme/api] Fix flaky test"),
     named(4213, "Acme Billing", "Invoice 1189", datetime(2026, 11, 22, 9, 40, tzinfo=UTC))),
    (step("invoices", "save", PAPER, 4213), step("invoices", "flag", AddFlags(frozenset({"$invoice", r"\Seen"})), 4213),
     step("invoices", "move", Move("Archive/2026"), 4213), step("github", "move", Move("Dev/GitHub"), 4201, 4211)),
    (), (Verdict("newsletters", 4201, Judgement.TAKEN, by="github"), Verdict("github", 4201, Judgement.MATCHED)),
    rules=7)


def page(width=100, **others):
    return Page(width=width, timezone=UTC, now=NOW, **others)


def test_a_plan_reads_as_operating_md_has_it():
    assert page().lines(EXAMPLE) == [
        "home/INBOX  1,204 messages judged · 7 rules",
        "  invoices                         1 message",
        "    #4213  22 Nov 09:40  Acme Billing  Invoice 1189",
        "      save    part 2  invoice-1189.pdf  214 kB → /data/invoices/2026/acme.example-invoice-1189.pdf",
        r"      flag    \Seen $invoice",
        "      move    → Archive/2026",
        "  github                           2 messages",
        "    #4201  22 Nov 09:14  GitHub        Fix                              move → Dev/GitHub",
        "    #4211  22 Nov 09:14  GitHub        [acme/api] Fix flaky test        move → Dev/GitHub",
        "  ! newsletters: #4201 taken by github",
    ]
    assert summary([EXAMPLE]) == "Plan: 3 to move, 1 to flag, 1 file to save, 0 to delete."


def test_on_a_narrow_terminal_a_step_stands_below_its_message_and_of_a_path_the_end_is_shown():
    assert page(48).lines(EXAMPLE)[2:9] == [
        "    #4213  22 Nov 09:40  Acme Billing  Invoice …",
        "      save    part 2 → …example-invoice-1189.pdf",
        r"      flag    \Seen $invoice",
        "      move    → Archive/2026",
        "  github                           2 messages",
        "    #4201  22 Nov 09:14  GitHub        Fix",
        "      move    → Dev/GitHub"]


def test_a_plan_without_steps_is_its_heading():
    assert page().lines(Plan("home", "INBOX", 7, 1)) == ["home/INBOX  1 message judged"]
    assert summary([]) == "Plan: 0 to move, 0 to flag, 0 files to save, 0 to delete."


@pytest.mark.parametrize(("effect", "action", "shown"), [
    (Delete(), "delete", "delete"), (Copy("A"), "copy", "copy → A"), (Move("Trash"), "trash", "trash → Trash"),
    (SetFlags(frozenset()), "set_flags", "set_flags (none)"),
])
def test_a_single_step_stands_behind_its_message(effect, action, shown):
    made = replace(EXAMPLE, steps=(step("r", action, effect, 4201),), verdicts=())
    assert page().lines(made)[2].endswith(f"  {shown}")


def test_steps_of_dry_run_rules_are_marked_and_counted_apart():
    made = replace(EXAMPLE, steps=(), trial=(step("try", "move", Move("A"), 4201),), verdicts=())
    assert page().lines(made)[1] == "  try                              1 message  (dry_run: only shown)"
    assert summary([made]) == "Plan: 0 to move, 0 to flag, 0 files to save, 0 to delete, 1 only shown (dry_run)."


def test_a_long_list_is_cut_with_its_count():
    many = tuple(named(uid) for uid in range(1, 101))
    made = replace(EXAMPLE, messages=many, steps=(step("r", "move", Move("A"), *range(1, 101)),), verdicts=())
    shown = page(most=3).lines(made)
    assert shown[1].endswith("100 messages")
    assert (len(shown), shown[-1]) == (6, "    … and 97 more (--json has all)")


def test_equal_remarks_are_one_line_and_whys_are_told():
    verdicts = (*(Verdict("a", uid, Judgement.MATCHED, why="done 2026-11-20 by pass 12") for uid in (4201, 4211)),
                Verdict("b", 4213, Judgement.OVER_LIMIT, why="3 messages, and its limit is 2"),
                Verdict("c", 4213, Judgement.OVER_LIMIT, by="b"), Verdict("keep", 4213, Judgement.MATCHED),
                Verdict("d", 4213, Judgement.DOUBT, why="{list_id} is missing"),
                Verdict("", 9, Judgement.DOUBT, why="no structure"))
    assert page().lines(replace(EXAMPLE, steps=(), verdicts=verdicts))[1:] == [
        "  · a: #4201 #4211 done 2026-11-20 by pass 12",
        "  ! b: #4213 over the limit: 3 messages, and its limit is 2 (see apply --over-limit)",
        "  ! c: #4213 left alone: b is over its limit", "  · keep: #4213 matched, nothing to do",
        "  ! d: #4213 in doubt: {list_id} is missing", "  ! #9 cannot be read: no structure"]


def test_a_message_is_counted_once_in_each_column_of_the_summary():
    made = replace(EXAMPLE, steps=(step("a", "flag", AddFlags(frozenset({"$a"})), 4201, 4211),
                                   step("b", "unflag", AddFlags(frozenset({"$b"})), 4201)),
                   verdicts=(Verdict("c", 4201, Judgement.DOUBT), Verdict("d", 4201, Judgement.DOUBT)))
    assert summary([made, made]) == "Plan: 0 to move, 4 to flag, 0 files to save, 0 to delete, 2 in doubt."


def test_old_mail_is_shown_with_its_year_and_times_are_in_the_zone_of_the_rules():
    old = replace(EXAMPLE, messages=(named(1, received=datetime(2025, 3, 4, 5, 6, tzinfo=UTC)),),
                  steps=(step("a", "delete", Delete(), 1),), verdicts=())
    assert "#1   4 Mar  2025  " in page().lines(old)[2]
    berlin = Page(width=100, timezone=ZoneInfo("Europe/Berlin"), now=NOW)
    assert "22 Nov 10:40" in berlin.lines(EXAMPLE)[2]


HOSTILE = st.text(st.sampled_from("a é 日\u0301\u200b\u202e\x1b[2J\r\n\t\x9b\u2028\ud800 \U0001f600"), max_size=60)


@settings(deadline=None)     # the machine may be busy with other tests
@given(HOSTILE, HOSTILE, HOSTILE, st.integers(24, 120))
def test_nothing_that_a_stranger_wrote_is_obeyed_by_the_terminal_or_wider_than_it(sender, subject, name, width):
    save = Save(SavedPart("2", name, name, 3), "/d", f"/d/{name}x")
    made = Plan(name, name, 7, 3, (named(1, sender, subject),),
                (step("r", "copy", Copy(name), 1), step("r", "save", save, 1), step("s", "move", Move(name), 1)), (),
                (Verdict("r", 1, Judgement.DOUBT, why=name),))
    for shown in page(width).lines(made):
        assert shown.isprintable()
        assert columns(shown) <= width


def test_colours_count_for_nothing():
    def paint(text, style):
        return f"<{style}>{text}</>"

    painted = page(60, paint=paint).lines(EXAMPLE)
    assert painted[0] == "<bold>home/INBOX</>  1,204 messages judged · 7 rules"
    for style in ("bold", "cyan", "yellow", "dim", "red"):
        painted = [shown.replace(f"<{style}>", "") for shown in painted]
    assert [shown.replace("</>", "") for shown in painted] == page(60).lines(EXAMPLE)


@settings(deadline=None)
@given(st.text(st.sampled_from("ab日\u0301")), st.integers(0, 12))
def test_text_is_cut_to_columns(text, width):
    assert columns(cut(text, width)) <= width
    assert columns(cut_front(text, width)) <= width
    assert columns(padded(text, width)) == width
    if columns(text) <= width:
        assert cut(text, width) == text


def test_a_cut_keeps_the_beginning_or_the_end():
    assert (cut("abcdef", 4), cut_front("abcdef", 4), cut("日本語", 4)) == ("abc…", "…def", "日…")


def test_a_line_stops_where_it_is_full():
    assert line([("abc", ""), ("defgh", "red"), ("ij", "")], 6, plain) == "abcde…"


def test_words_are_wrapped_and_a_long_one_stands_alone():
    assert wrapped("in doubt: aaaaaaaaaaaaaaa b c", 9) == ["in doubt:", "aaaaaaaaaaaaaaa", "b c"]
    assert wrapped("", 9) == [""]


@pytest.mark.parametrize(("uids", "shown"), [
    ([3], "#3"), ([1, 2, 3, 7], "#1-3 #7"), ([9, 1], "#1 #9"),
    (range(1, 40, 2), "#1 #3 #5 #7 #9 #11 #13 #15 … (20 messages)"),
])
def test_uids_are_told_in_ranges(uids, shown):
    assert ranges(list(uids)) == shown
