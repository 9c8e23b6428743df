import pytest

from mailbot.effects import AddFlags, Copy, Delete, Fields, Move, RemoveFlags, Save, SavedPart, SetFlags
from mailbot.rules.actions import ACTIONS, SaveParts
from mailbot.rules.context import Missing
from tests.unit.rule_texts import HERE, MAIL, context, mistakes, rule, rule_text

INVOICE = Save(SavedPart("2"), "/data/files/in", "/data/files/in/invoice.pdf")
LOGO = Save(SavedPart("3"), "/data/files/in", "/data/files/in/logo.PNG")


@pytest.mark.parametrize(("then", "effects"), [
    (r"[flag: [seen, Answered, \flagged, \Draft, $todo, NonJunk]]",
     (AddFlags(frozenset({r"\Seen", r"\Answered", r"\Flagged", r"\Draft", "$todo", "NonJunk"})),)),
    ("[unflag: flagged]", (RemoveFlags(frozenset({r"\Flagged"})),)),
    ("[set_flags: [seen]]", (SetFlags(frozenset({r"\Seen"})),)),
    ("[set_flags: []]", (SetFlags(frozenset()),)),
    ("[copy: Archive/2026]", (Copy("Archive/2026"),)),
    ("[copy: 2026]", (Copy("2026"),)),
    ("[copy: {to: Archive, create: false}]", (Copy("Archive", create=False),)),
    ("[move: {to: Archive}]", (Move("Archive"),)),
    ("[trash]", (Move("Papierkorb", create=False),)),
    ("[delete]", (Delete(),)),
    ("[save: in/]", (INVOICE, LOGO)),
    ("[save: {to: in/}]", (INVOICE, LOGO)),
    ("[save: {to: in/, parts: {name: '*.PDF'}}]", (INVOICE,)),
    ("[save: {to: in/, parts: {name: ['*.doc', 'logo*']}}]", (LOGO,)),
    ("[save: {to: in/, parts: {type: application/*}}]", (INVOICE,)),
    ("[save: {to: in/, parts: {type: image/png, number: ['2', 3]}}]", (LOGO,)),
    ("[save: {to: 'in/{part}.txt', parts: {number: 1}}]",
     (Save(SavedPart("1"), "/data/files/in", "/data/files/in/1.txt"),)),
    ("[save: {to: in/, parts: {smaller: 1kB, larger: 9}}]", (LOGO,)),
    ("[save: {to: in/, parts: {name: '*.zip'}}]", ()),
    ("[save: {to: 'in/{uid}/', parts: message}]",
     (Save(SavedPart(""), "/data/files/in", "/data/files/in/7/Invoice 7_2026.eml"),)),
    ("[save: '/mail/{stem}.{ext|lower}']",
     (Save(SavedPart("2"), "/mail", "/mail/invoice.pdf"), Save(SavedPart("3"), "/mail", "/mail/logo.png"))),
    ("[save: '../beside/{name}']",
     (Save(SavedPart("2"), "/data/beside", "/data/beside/invoice.pdf"),
      Save(SavedPart("3"), "/data/beside", "/data/beside/logo.PNG"))),
    ("[save: '{from.domain}/']",
     (Save(SavedPart("2"), "/data/files", "/data/files/Shop.Example.org/invoice.pdf"),
      Save(SavedPart("3"), "/data/files", "/data/files/Shop.Example.org/logo.PNG"))),
])
def test_an_action_tells_its_effects(then: str, effects: tuple[object, ...]) -> None:
    assert rule(then).then[0].effects(context()) == effects


def test_a_saved_part_carries_what_a_plan_shows() -> None:
    (save, _) = rule("[save: in/]").then[0].effects(context())  # type: ignore[misc]  # it is not Missing
    assert (save.part.name, save.part.type) == ("invoice.pdf", "application/pdf")
    assert 8 <= save.part.size <= 10        # told from the base64 text


def test_a_message_that_lies_in_the_trash_already_is_not_moved_there() -> None:
    assert rule("[trash]").then[0].effects(context(folder="Papierkorb")) == ()


def test_without_a_trash_folder_trash_is_missing() -> None:
    bare = type(HERE)(HERE.rows, {})
    assert isinstance(rule("[trash]").then[0].effects(context(folders=bare)), Missing)


@pytest.mark.parametrize(("then", "fields"), [
    ("[flag: seen]", Fields()),
    ("[move: 'a/{from.domain}/{list_id}']", Fields(frozenset({"from", "list-id"}))),
    ("[move: 'a/{date:%Y}/{received:%Y}']", Fields(frozenset({"date"}))),
    ("[save: in/x.pdf]", Fields(structure=True)),
    ("[save: 'in/{reply_to.name}/']", Fields(frozenset({"reply-to", "subject"}), structure=True)),
    ("[save: {to: in/x, parts: message}]", Fields(frozenset({"subject"}))),
])
def test_an_action_says_what_must_be_fetched_for_it(then: str, fields: Fields) -> None:
    assert rule(then).then[0].fields == fields


def test_the_table_of_actions_is_whole() -> None:
    assert set(ACTIONS) == {"flag", "unflag", "set_flags", "copy", "move", "trash", "delete", "save"}
    assert {name for name, action in ACTIONS.items() if action.takes} == {"move", "trash", "delete"}


@pytest.mark.parametrize("name", ACTIONS)
def test_every_example_in_the_table_loads(name: str) -> None:
    assert rule(f"\n      - {ACTIONS[name].example}").then[0].name == name


@pytest.mark.parametrize(("then", "column", "what"), [
    ("[]", 11, "no action"),
    ("{flag: seen}", 11, "dash"),
    ("trash", 11, "- trash"),
    ("[mvoe: Archive]", 12, 'did you mean "move"?'),
    ("[explode]", 12, "there are flag"),
    ("[]", 11, "for example"),
    ("[flag]", 12, "needs a value"),
    ("[trash: Bin]", 12, "move: Bin"),
    ("[delete: true]", 12, "bare"),
    ("[{flag: seen, move: Archive}]", 25, "one action"),
    ("[[flag]]", 12, "an action was expected"),
    ("[trash, flag: seen]", 12, "must be the last"),
    ("[move: A, move: B]", 12, "must be the last"),
    ("[flag: []]", 18, "no flags"),
    (r"[flag: [\Deleted]]", 19, "use delete"),
    ("[unflag: deleted]", 20, "use delete"),
    (r"[flag: \Recent]", 18, r"\Recent"),
    (r"[flag: \Sean]", 18, 'did you mean "seen"?'),
    ("[flag: ['a b']]", 19, "a space"),
    ("[flag: 'a(b']", 18, "("),
    ("[flag: 'a]b']", 18, "]"),
    ("[flag: 'ä']", 18, "ä"),
    ("[flag: true]", 18, "quote it"),
    ("[flag: {seen: true}]", 18, "text was expected"),
    ("[move: {list_id}]", 18, "quote it"),
    ("[move: [A, B]]", 18, "one folder"),
    ("[move: {to: A, crate: true}]", 26, 'did you mean "create"?'),
    ("[move: {create: true}]", 18, "needs `to`"),
    ("[move: {to: A, create: yes}]", 34, "write true"),
    ("[save: {parts: message}]", 18, "needs `to`"),
    ("[save: [a/, b/]]", 18, "not a list"),
    ("[save: {to: a/, part: message}]", 27, 'did you mean "parts"?'),
    ("[save: {to: a/, parts: all}]", 34, "selects no parts"),
    ("[save: {to: a/, parts: {}}]", 34, "selects nothing"),
    ("[save: {to: a/, parts: [x.pdf]}]", 34, "a mapping was expected"),
    ("[save: {to: a/, parts: {nmae: x}}]", 35, 'did you mean "name"?'),
    ("[save: {to: a/, parts: {type: pdf}}]", 41, "MIME"),
    ("[save: {to: a/, parts: {number: 1.x}}]", 43, "part number"),
    ("[save: {to: a/, parts: {larger: big}}]", 43, "size"),
    ("[save: {to: 'a/{part}', parts: message}]", 23, "no part number"),
    ("[save: /data/state/x/]", 18, "/data/state"),
    ("[save: /data/]", 18, "/data/state"),
    ("[save: '/{from.domain}/']", 18, "/data/state"),
    ("[save: ../state/]", 18, "/data/state"),
])
def test_a_mistake_is_told_at_its_place(then: str, column: int, what: str) -> None:
    (told,) = mistakes(rule_text(then))
    assert told.startswith(f"5:{column} ")
    assert what in told


def test_a_directory_beside_the_state_is_none_of_its_business() -> None:
    assert isinstance(rule("[save: /data/state-of-affairs/]").then[0], SaveParts)


def test_an_attached_message_and_what_it_holds_are_attachments() -> None:
    inner = MAIL.replace(b"boundary=b", b"boundary=c").replace(b"--b", b"--c")
    head = b"Subject: Fwd\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    mail = head + b"--a\r\n\r\nhi\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"--a--\r\n"
    effects = rule("[save: in/]").then[0].effects(context(mail))
    assert isinstance(effects, tuple)
    saves = [effect for effect in effects if isinstance(effect, Save)]
    assert [(save.part.number, save.part.name) for save in saves] == [
        ("2", "Invoice 7_2026.eml"), ("2.2", "invoice.pdf"), ("2.3", "logo.PNG")]
