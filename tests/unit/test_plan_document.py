import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailbot.effects import AddFlags, Copy, Delete, Move, Order, RemoveFlags, Save, SavedPart, SetFlags
from mailbot.errors import UsageError
from mailbot.plan.document import Saved, document
from mailbot.plan.plan import Judgement, Named, Plan, Step, Verdict
from mailbot.plan.saved import read

UIDS = st.integers(1, 2**32 - 1)
LINE = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30)
WORD = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)
LEVEL = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="/"), min_size=1, max_size=10).filter(
    lambda level: level not in {".", ".."})
FOLDER = st.lists(LEVEL, min_size=1, max_size=3).map("/".join)
FLAG = st.text("ab1$_.-'!", min_size=1, max_size=8) | st.sampled_from([r"\Seen", r"\Flagged", r"\Draft"])
HEX32 = st.integers(0, 2**128 - 1).map("{:032x}".format)
FLAGS = st.frozensets(FLAG, max_size=4)
MOMENT = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from(
    [UTC, timezone(timedelta(hours=-8)), timezone(timedelta(hours=5, minutes=30))]))


@st.composite
def saves(draw):
    levels = draw(st.lists(LEVEL, min_size=1, max_size=4))
    kept = draw(st.integers(0, len(levels) - 1))
    part = SavedPart(draw(st.sampled_from(["", "1", "2.1.3"])), draw(LINE), draw(LINE), draw(st.integers(0, 2**40)))
    return Save(part, "/" + "/".join(levels[:kept]), "/" + "/".join(levels))


FLAGGING = (st.builds(AddFlags, FLAGS.filter(bool)).map(lambda effect: ("flag", effect))
            | st.builds(RemoveFlags, FLAGS.filter(bool)).map(lambda effect: ("unflag", effect))
            | st.builds(SetFlags, FLAGS).map(lambda effect: ("set_flags", effect)))
KEEPING = FLAGGING | st.builds(Copy, FOLDER, st.booleans()).map(lambda effect: ("copy", effect))
TAKING = (st.builds(Move, FOLDER, st.booleans()).map(lambda effect: ("move", effect))
          | st.builds(Move, FOLDER).map(lambda effect: ("trash", effect))
          | st.just(("delete", Delete())))


@st.composite
def steps(draw, uids):
    """Some steps for all messages together, files one by one, and at last one that takes some away."""
    some = st.lists(st.sampled_from(uids), min_size=1, unique=True).map(lambda found: tuple(sorted(found)))
    keeping = draw(st.lists(st.tuples(KEEPING, some), max_size=3))
    one = st.tuples(st.sampled_from(uids))
    saving = draw(st.lists(st.tuples(saves().map(lambda save: ("save", save)), one), max_size=2))
    taking = draw(st.lists(st.tuples(TAKING, some), max_size=1))
    return tuple(Step(draw(WORD), action, Order(effect, of)) for (action, effect), of in keeping + saving + taking)


@st.composite
def plans(draw, folder):
    uids = sorted(draw(st.sets(UIDS, min_size=1, max_size=5)))
    messages = tuple(Named(uid, draw(HEX32), draw(FLAGS), draw(MOMENT), draw(LINE), draw(LINE)) for uid in uids)
    verdicts = tuple(Verdict(draw(WORD), uid, draw(st.sampled_from(Judgement)), draw(LINE), draw(LINE)) for uid in uids)
    verdicts += (Verdict("", draw(UIDS), Judgement.DOUBT, why=draw(LINE)),)
    return Plan(draw(WORD), folder, draw(UIDS), draw(st.integers(0, 2**32 - 1)), messages,
                draw(steps(uids)), draw(steps(uids)), verdicts)


@st.composite
def documents(draw):
    folders = draw(st.lists(FOLDER, max_size=2, unique=True))
    return Saved(draw(MOMENT), draw(HEX32) * 2, tuple(draw(plans(folder)) for folder in folders))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])     # the machine may be busy
@given(documents())
def test_a_plan_comes_back_from_its_document_as_it_was(written):
    assert read(json.dumps(document(written))) == written


def test_the_keys_are_those_of_the_contract_and_what_does_not_apply_is_absent():
    written = document(example())
    assert list(written) == ["version", "created", "rules_sha256", "folders"]
    folder = written["folders"][0]
    assert list(folder) == ["account", "folder", "uidvalidity", "judged", "messages", "steps", "trial", "verdicts"]
    assert list(folder["messages"][0]) == ["uid", "fingerprint", "flags", "received", "from", "subject"]
    assert [list(step) for step in folder["steps"]] == [
        ["rule", "action", "uids", "to", "under", "part"], ["rule", "action", "uids", "flags"],
        ["rule", "action", "uids", "to"], ["rule", "action", "uids"]]
    assert list(folder["steps"][0]["part"]) == ["number", "name", "type", "size"]
    assert folder["verdicts"] == [{"rule": "invoices", "uid": 7, "verdict": "matched"},
                                  {"rule": "lists", "uid": 8, "verdict": "taken", "by": "invoices"}]


def example():
    received = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)
    named = tuple(Named(uid, f"{uid:032x}", frozenset({r"\Seen"}), received, "Acme", "Invoice") for uid in (7, 8))
    file = Save(SavedPart("2", "i.pdf", "application/pdf", 5), "/data", "/data/x/i.pdf")
    steps = (Step("invoices", "save", Order(file, (7,))),
             Step("invoices", "flag", Order(AddFlags(frozenset({"$i"})), (7,))),
             Step("invoices", "move", Order(Move("A"), (7,))), Step("old", "delete", Order(Delete(), (8,))))
    verdicts = (Verdict("invoices", 7, Judgement.MATCHED), Verdict("lists", 8, Judgement.TAKEN, by="invoices"))
    return Saved(received, "ab" * 32, (Plan("home", "INBOX", 5, 10, named, steps, (), verdicts),))


def changed(*path, to):
    """The example's document with another value at `path`; `to=...` removes it."""
    written = document(example())
    place = written
    for key in path[:-1]:
        place = place[key]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return json.dumps(written)


F = ("folders", 0)


@pytest.mark.parametrize(("path", "to", "place"), [
    (("version",), 2, "version"),
    (("version",), True, "version"),
    (("created",), "yesterday", "created"),
    (("created",), "2026-11-22T09:40:00", "created"),
    (("created",), "0001-01-01T00:00:00+14:00", "created"),
    (("rules_sha256",), "ab", "rules_sha256"),
    (("folders",), {}, "folders"),
    (("folders",), ..., '"folders" is missing'),
    (("more",), 1, "unknown key"),
    ((*F, "account"), "", "folders[0].account"),
    ((*F, "account"), "a\x1b[2J", "folders[0].account"),
    ((*F, "account"), "a\x7f", "folders[0].account"),
    ((*F, "account"), "\ud800", "folders[0].account"),
    ((*F, "folder"), "A//B", "folders[0].folder"),
    ((*F, "folder"), "A\r\nx DELETE INBOX", "folders[0].folder"),
    ((*F, "uidvalidity"), 0, "folders[0].uidvalidity"),
    ((*F, "uidvalidity"), 2**32, "folders[0].uidvalidity"),
    ((*F, "judged"), 1.5, "folders[0].judged"),
    ((*F, "messages", 0, "uid"), 9, "folders[0].messages"),
    ((*F, "messages", 0, "uid"), 8, "folders[0].messages"),
    ((*F, "messages", 0, "fingerprint"), "x", "folders[0].messages[0].fingerprint"),
    ((*F, "messages", 0, "flags"), [3], "folders[0].messages[0].flags[0]"),
    ((*F, "messages", 1, "subject"), None, "folders[0].messages[1].subject"),
    ((*F, "steps", 0, "uids"), [7, 8], "folders[0].steps[0]"),
    ((*F, "steps", 1, "uids"), [], "folders[0].steps[1].uids"),
    ((*F, "steps", 1, "uids"), [8, 7], "folders[0].steps[1].uids"),
    ((*F, "steps", 1, "uids"), [9], "folders[0].steps[1].uids"),
    ((*F, "steps", 1, "uids"), "7", "folders[0].steps[1].uids"),
    ((*F, "steps", 1, "action"), "forward", "folders[0].steps[1].action"),
    ((*F, "steps", 1, "action"), "move", "folders[0].steps[1]"),
    ((*F, "steps", 1, "flags"), [], "folders[0].steps[1].flags"),
    ((*F, "steps", 1, "flags"), [r"\Deleted"], "folders[0].steps[1].flags"),
    ((*F, "steps", 1, "flags"), ["a) BAD"], "folders[0].steps[1].flags[0]"),
    ((*F, "steps", 1, "flags"), ["\U0001f600"], "folders[0].steps[1].flags[0]"),
    ((*F, "steps", 1, "flags"), ["é"], "folders[0].steps[1].flags[0]"),
    ((*F, "steps", 1, "to"), "A", "folders[0].steps[1]"),
    ((*F, "steps", 2, "to"), ["A"], "folders[0].steps[2].to"),
    ((*F, "steps", 2, "create"), "no", "folders[0].steps[2].create"),
    ((*F, "steps", 3, "uids"), [7], "folders[0].steps[3]"),
    ((*F, "steps", 0, "to"), "/etc/passwd", "folders[0].steps[0].to"),
    ((*F, "steps", 0, "to"), "/data/../etc/passwd", "folders[0].steps[0].to"),
    ((*F, "steps", 0, "to"), "/data", "folders[0].steps[0].to"),
    ((*F, "steps", 0, "to"), "data/x", "folders[0].steps[0].to"),
    ((*F, "steps", 0, "under"), "data", "folders[0].steps[0].under"),
    ((*F, "steps", 0, "part", "number"), "0", "folders[0].steps[0].part.number"),
    ((*F, "steps", 0, "part", "number"), "1.TEXT", "folders[0].steps[0].part.number"),
    ((*F, "steps", 0, "part", "size"), -1, "folders[0].steps[0].part.size"),
    ((*F, "verdicts", 0, "verdict"), "maybe", "folders[0].verdicts[0].verdict"),
    ((*F, "verdicts", 0, "uid"), 9, "folders[0].verdicts[0].uid"),
])
def test_a_file_that_is_no_plan_of_ours_is_refused_with_its_place(path, to, place):
    with pytest.raises(UsageError) as refused:
        read(changed(*path, to=to), "p.json")
    assert str(refused.value).startswith(f"p.json: {place}")


def test_a_folder_stands_once_in_a_plan():
    written = document(example())
    written["folders"] *= 2
    with pytest.raises(UsageError, match=r"folders\[1\]: home/INBOX stands twice"):
        read(json.dumps(written))


@pytest.mark.parametrize("text", [
    b"", b"\xff\xfe\x00", "{", "[" * 100_000, '{"version": ' + "9" * 10_000 + "}", "[]", "null", "NaN",
    '{"version": 1, "version": 1}', '{"version": NaN}',
])
def test_what_is_not_a_json_document_at_all_is_one_clear_error(text):
    with pytest.raises(UsageError):
        read(text)


LEAF = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
KEY = st.sampled_from(["version", "created", "folders", "steps", "uids", "x"])
JSON = st.recursive(LEAF | st.floats(), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(KEY, inner, max_size=3), max_leaves=8)
STEP_KEYS = [(*F, "steps", n, key) for n in range(4) for key in ("uids", "action", "to", "flags", "part", "rule")]


@settings(deadline=None)
@given(JSON)
def test_any_json_is_a_plan_or_a_clear_error(value):
    with pytest.raises(UsageError):
        read(json.dumps(value))


@settings(deadline=None)
@given(st.sampled_from(STEP_KEYS), LEAF | st.lists(st.integers() | st.text(max_size=3), max_size=3)
       | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))
def test_a_plan_edited_by_hand_is_a_plan_or_a_clear_error(path, value):
    try:
        found = read(changed(*path, to=value))
    except UsageError:
        return
    assert read(json.dumps(document(found))) == found
