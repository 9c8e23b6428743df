"""File names from strangers' text (safety.md, "Strangers' data")."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailbot.mail.names import file_name, message_name, safe_name, safe_text
from mailbot.mail.structure import Part

HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from('/\\.-: \t\r\n\0"<>|?*~\u202e\u2066\ufeff\u2028\u00a0e\u0301\ud800😀nulcomptx')),
    max_size=60)


@pytest.mark.parametrize(("text", "name"), [
    ("invoice.pdf", "invoice.pdf"),
    ("Rechnung für März.pdf", "Rechnung für März.pdf"),
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\me\\report.doc", "report.doc"),
    ("/u/nsb/writing/rfcs/RFC-MIME.ps", "RFC-MIME.ps"),
    ("dir/", "dir"),
    ("..", ""),
    (".", ""),
    ("/", ""),
    ("", ""),
    (" \t ", ""),
    (".bashrc", "bashrc"),
    ("-rf", "rf"),
    ("- .-x", "x"),
    ("a\0b\x1b[31m.txt", "ab[31m.txt"),
    ("two\r\nlines.txt", "two lines.txt"),
    ("invoice\u202efdp.exe", "invoicefdp.exe"),
    ("what? <a|b>:*.txt", "what_ _a_b___.txt"),
    ("file.txt:stream", "file.txt_stream"),
    ("trailing. . ", "trailing"),
    ("CON", "_CON"),
    ("nul.txt", "_nul.txt"),
    ("com1.tar.gz", "_com1.tar.gz"),
    ("LPT¹", "_LPT¹"),
    ("console.txt", "console.txt"),
    ("e\u0301.txt", "é.txt"),
    ("a\u00a0\u2003b.txt", "a b.txt"),
])
def test_a_hostile_name_becomes_a_plain_one(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_a_long_name_keeps_its_extension_and_whole_characters() -> None:
    name = safe_name("é" * 200 + ".pdf")
    assert name == "é" * 73 + ".pdf"
    assert len(name.encode()) == 150
    assert safe_name("x" * 200 + "." + "y" * 100) == "x" * 150
    assert safe_text("x" * 90 + ".pdf", 40) == "x" * 36 + ".pdf"


def test_a_device_name_stays_within_the_limit() -> None:
    assert safe_name("nul." + "x" * 200) == "_nul." + "x" * 145


def test_text_that_is_no_path_keeps_what_stands_before_a_slash() -> None:
    assert safe_text("Offer 1/2: now") == "Offer 1_2_ now"


def check(name: str) -> None:
    assert len(name.encode()) <= 150
    assert not set(name) & set('/\\<>:"|?*\0')
    assert not name.startswith((".", "-", " "))
    assert not name.endswith((".", " "))
    assert {unicodedata.category(character) for character in name}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert name.split(".")[0].strip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "CONIN$"}


# 1,000 times ten: 10,000 names.
@settings(max_examples=1000, deadline=None, database=None)
@given(st.lists(st.tuples(HOSTILE, st.integers(1, 9)), min_size=10, max_size=10))
@example([("a" * 146 + ". b", 1), ("a" * 140 + " ." + "b" * 16, 1), ("nul" + " " * 200 + ".txt", 1)])
@example([("con\u200e.pdf", 1), ("\ufeff.\u200b.x", 1), ("e\u200e\u0301.txt", 1)])
def test_whatever_the_text_the_name_is_one_component_and_stays_what_it_is(texts: list[tuple[str, int]]) -> None:
    for text, times in texts:
        name = safe_name(text * times)
        check(name)
        assert safe_name(name) == name
        check(safe_text(text * times))


@pytest.mark.parametrize(("part", "name"), [
    (Part("2", "application/pdf", "a/b.pdf"), "b.pdf"),
    (Part("2", "application/pdf"), "part-2.pdf"),
    (Part("1.2", "application/x-strange", "..."), "part-1.2.bin"),
    (Part("1", "text/plain"), "part-1.txt"),
    (Part("2", "message/rfc822", subject="Re: Offer 1/2"), "Re_ Offer 1_2.eml"),
    (Part("2", "message/rfc822", "kept.eml", subject="Offer"), "kept.eml"),
    (Part("2", "message/rfc822", subject="???"), "___.eml"),
    (Part("2", "message/rfc822", subject=" ."), "message.eml"),
    (Part("2", "message/rfc822", subject="CON"), "_CON.eml"),
])
def test_a_part_always_has_a_name(part: Part, name: str) -> None:
    assert file_name(part) == name


def test_a_whole_message_is_named_after_its_subject() -> None:
    assert message_name("Invoice 1189") == "Invoice 1189.eml"
    assert message_name("Report.pdf") == "Report.pdf.eml"
    assert message_name("x" * 300) == "x" * 146 + ".eml"
    assert message_name("") == message_name(None) == "message.eml"


@settings(max_examples=500, deadline=None, database=None)
@given(HOSTILE, HOSTILE, st.sampled_from(["message/rfc822", "application/pdf", "x/y"]))
def test_whatever_its_name_and_subject_a_part_has_a_safe_name(name: str, subject: str, media: str) -> None:
    found = file_name(Part("1." * 99 + "1", media, name, subject=subject))
    check(found)
    assert found
