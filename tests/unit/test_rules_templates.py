import os
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.effects import Copy, Save
from mailbot.mail.headers import Headers
from mailbot.mail.structure import Part
from mailbot.rules.actions import SaveParts
from mailbot.rules.context import Context, Missing
from mailbot.rules.fields import FIELDS, FILTERS
from mailbot.rules.templates import Template
from tests.unit.rule_texts import MAIL, context, mistakes, rule, rule_text

INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
HOSTILE = st.one_of(st.text(st.sampled_from("/\\.~*%-\x00\r\n\u202e\u2024\u2215\" CONé"), max_size=300), st.text(max_size=300))


def folder(template: str, given_context: Context | None = None, *, when: str = "{seen: true}") -> str:
    effects = rule(f"[{{copy: '{template}'}}]", when=when).then[0].effects(given_context or context())
    assert not isinstance(effects, Missing), effects
    (effect,) = effects
    assert isinstance(effect, Copy)
    return effect.to


@pytest.mark.parametrize(("template", "wanted"), [
    ("Archive", "Archive"),
    ("inbox/x", "INBOX/x"),
    ("{from.address}", "Ada@Shop.Example.org"),
    ("{from.domain|lower}", "shop.example.org"),
    ("{from.local|upper}", "ADA"),
    ("{from.name}", "Adé"),
    ("{to.address}", "team@example.org"),
    ("{subject}", "Invoice 7_2026"),
    ("{subject|slug}", "invoice-7-2026"),
    ("{subject|trunc:8}", "Invoice"),
    ("{list_id}", "builds.ci.example.org"),
    ("{sender.address|default:nobody|upper}", "NOBODY"),
    ("{received:%Y}/{received:%m}", "2026/01"),
    ("{received:%Y/%m}", "2026/01"),
    ("{date:%Y-%m-%d}", "2026-01-06"),
    ("{received}", "2026-01-31"),
    ("{uid}-{account}-{folder}", "7-home-INBOX"),
    ("a{{b}}", "a{b}"),
    ("{{{uid}}}", "{7}"),
    (r"\Archive", "Archive"),
    (r"\archive/{received:%Y}", "Archive/2026"),
    (r"\Trash", "Papierkorb"),
])
def test_a_template_renders(template: str, wanted: str) -> None:
    assert folder(template) == wanted


def test_dates_are_told_in_the_time_zone_of_the_rules() -> None:
    assert folder("{received:%Y-%m %H}", context(zone="Europe/Berlin")) == "2026-02 00"


def test_a_named_group_of_matches_is_a_field() -> None:
    when = r"{matches: {subject: 'Invoice (?P<number>\d+)'}}"
    assert folder("Bills/{match.number}", context(groups={"number": "7"}), when=when) == "Bills/7"


@pytest.mark.parametrize("template", ["{sender.name}", "{match.number}", "x/{reply_to.address|lower}"])
def test_a_field_that_the_message_lacks_is_missing_and_its_name_told(template: str) -> None:
    when = r"{matches: {subject: 'Invoice (?P<number>\d+)'}}"
    answer = rule(f"[{{move: '{template}'}}]", when=when).then[0].effects(context())
    assert isinstance(answer, Missing)
    assert template.strip("x/{}").split("|")[0] in answer.why


@pytest.mark.parametrize("subject", ["...", " - ", "\u202e", "=?utf-8?q?=0D=0A?="])
def test_a_field_that_is_empty_after_cleaning_is_missing(subject: str) -> None:
    mail = f"Subject: {subject}\r\n\r\n".encode()
    assert isinstance(rule("[{move: '{subject}'}]").then[0].effects(context(mail)), Missing)
    assert folder("{subject|default:misc}", context(mail)) == "misc"


def test_a_special_use_folder_that_is_not_there_is_missing() -> None:
    assert isinstance(rule(r"[{move: \Drafts}]").then[0].effects(context()), Missing)


def test_a_subject_cannot_name_a_special_use_folder() -> None:
    assert folder("{subject}", context(b"Subject: \\Trash\r\n\r\n")) == "_Trash"


@pytest.mark.parametrize(("template", "offset", "what"), [
    ("{subjct}", 0, 'did you mean "subject"?'),
    ("a/{from}", 2, "from.address"),
    ("{name}", 0, "`save` only"),
    ("{subject", 0, "stands alone"),
    ("subject}", 7, "stands alone"),
    ("{subject:%Y}", 0, "takes no format"),
    ("{received:%Q}", 0, "strftime"),
    ("{received:%}", 0, "strftime"),
    ("{received:}", 0, "format is empty"),
    ("{subject|slugg}", 0, 'did you mean "slug"?'),
    ("{subject|trunc}", 0, "1 to 999"),
    ("{subject|trunc:0}", 0, "1 to 999"),
    ("{subject|lower:x}", 0, "no argument"),
    ("{subject|default:}", 0, "stand in"),
    ("{subject|default:a/b}", 0, "stand in"),
    ("{match.tag}", 0, "group named"),
    (r"\Archve", -1, r"did you mean "),
    ("a//b", -1, "empty level"),
    ("a/", -1, "empty level"),
    ("a/../b", -1, "dots"),
    ("News*", -1, "wildcards"),
    ("100%", -1, "wildcards"),
])
def test_a_mistake_in_a_folder_is_told_at_its_column(template: str, offset: int, what: str) -> None:
    """Counted from the text's first letter; -1 is its quote: the text as a whole."""
    (told,) = mistakes(rule_text(f"[move: '{template}']"))
    assert told.startswith(f"5:{19 + offset} ")
    assert what in told


@pytest.mark.parametrize("path", ["~/mail/", "{from.domain}/../{name}", "a/..", "{name|default:..}"])
def test_a_path_that_would_go_astray_is_refused(path: str) -> None:
    assert len(mistakes(rule_text(f"[save: '{path}']"))) == 1


def hostile(text: str) -> Context:
    """A message that has the text in every header, and in the groups of a `matches`."""
    fields = (b"%s: %s\r\n" % (name, text.encode("utf-8", "replace").replace(b"\r", b" ").replace(b"\n", b" "))
              for name in (b"Subject", b"List-Id", b"From", b"To"))
    given_context = context(MAIL, groups={"x": text}, folder=text or "INBOX")
    message = given_context.message
    made = type(message)(7, frozenset(), message.received, 1, Headers.parse(b"".join(fields) + b"\r\n"),
                         Part("1", "application/pdf", name=text, disposition="attachment"))
    return type(given_context)(made, text, given_context.folder, given_context.folders, given_context.groups,
                               given_context.timezone, given_context.files)


def parsed(text: str, *, for_file: bool) -> Template:
    (action,) = rule(f"[{{{'save' if for_file else 'copy'}: '{text}'}}]", when=r"{matches: {subject: '(?P<x>.*)'}}").then
    return action.to    # type: ignore[attr-defined]  # a save and a copy have one


EVERY = "".join(f"{{{name}|default:d}}" for name in (*FIELDS, "match.x") if name in FIELDS and not FIELDS[name].of_part)


@settings(deadline=None)     # other tests share the processor
@given(HOSTILE, st.sampled_from(["{subject}", "{match.x}", "{list_id}", "{from.name}", "{folder}", "{account}", EVERY]),
       st.sampled_from(["", *(f"|{name}" for name, row in FILTERS.items() if not row.argument), "|trunc:2", "|trunc:149"]))
def test_no_field_adds_a_level_to_a_folder_or_names_one_of_dots(text: str, field: str, chain: str) -> None:
    template = parsed("Top/" + field.replace("}", f"{chain}}}") + "/Low", for_file=False)
    name = template.render(hostile(text))
    if isinstance(name, Missing):
        return
    levels = name.split("/")
    assert [levels[0], levels[2:]] == ["Top", ["Low"]]
    assert levels[1].strip() not in {"", ".", ".."}
    assert not set(levels[1]) & set('*%\\"')
    assert not INVISIBLE & set(map(unicodedata.category, levels[1]))
    assert len(levels[1].encode()) <= 150


@settings(deadline=None)     # other tests share the processor
@given(HOSTILE, st.sampled_from(["{name}", "{stem}.{ext|default:x}", "{subject}", "{match.x}-{name}", "..{match.x}", EVERY]))
def test_nothing_is_ever_saved_outside_its_directory(text: str, field: str) -> None:
    action = SaveParts(parsed(f"in/{{subject|default:misc}}/{field}", for_file=True))
    effects = action.effects(hostile(text))
    if isinstance(effects, Missing):
        return
    (save,) = effects
    assert isinstance(save, Save)
    assert save.under == "/data/files/in"
    below = os.path.relpath(save.path, save.under).split("/")
    assert len(below) == 2
    assert not {"", ".", ".."} & set(below)
    assert not INVISIBLE & set(map(unicodedata.category, "".join(below)))
    assert max(len(part.encode()) for part in below) <= 150
