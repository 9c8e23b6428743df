"""Whatever the octets are, nothing in mail raises on them, and what comes out is text that can be written anywhere."""

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.mail.addresses import parse_addresses
from mailbot.mail.body import text_of
from mailbot.mail.charsets import decode
from mailbot.mail.dates import date, parse_date
from mailbot.mail.headers import Headers
from mailbot.mail.names import file_name
from mailbot.mail.structure import BadStructure, Part, attachments, structure, structure_of
from tests.unit.parts import part_of

SOME = settings(max_examples=400, deadline=None, database=None)

# Octets that mean something, among any others.
PIECES = st.sampled_from([
    b"\n", b"\r\n", b"\r", b"\n\n", b" ", b"\t", b"\0", b":", b";", b"=", b'"', b"\\", b"'", b"*", b"(",
    b")", b"<", b">", b"@", b",",
    b"?=", b"=?utf-8?q?", b"=?utf-8?b?",
    b"=?utf-7?q?+2AA-?=", b"=?iso-2022-jp?b?GyRC?=", b"=?idna?q?x?=", b"=?punycode?q?x-y?=",
    b"=?unicode_escape?q?=5Cud800?=", b"=?a\0b?q?x?=", b"=?utf-16?b?2AA?=", b"\xc3\xa9", b"\xff",
    b"Subject: ", b"Date: ", b"From: ", b"1 Jan 2001 00:00:00 +0000", b"99999999999",
    b"Content-Type: ", b"multipart/mixed; boundary=b", b"message/rfc822", b"multipart/digest; boundary=", b"text/plain; charset=",
    b"--", b"--b", b"--b--", b"Content-Disposition: ", b"attachment; ", b"filename", b"*0*=", b"*=utf-8''", b"%C3",
    b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable", b"x-uuencode", b"begin 644 x\n", b"end\n"])
OCTETS = st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=60).map(b"".join)


def check(text: str) -> None:
    text.encode()
    assert not set(text) & set("\r\n\0")


@SOME
@given(OCTETS)
def test_any_octets_are_headers(octets: bytes) -> None:
    headers = Headers.parse(octets)
    for name, text in headers:
        check(name)
        check(text)
        for address in parse_addresses(headers.raw(name)[0]):
            check(address.name + address.address)
    found = date(headers)
    assert found is None or found.utcoffset() is not None


@SOME
@given(OCTETS)
def test_any_octets_are_an_address_field_and_a_date(octets: bytes) -> None:
    for address in parse_addresses(octets):
        check(address.name + address.address)
    found = parse_date(octets.decode("latin-1"))
    assert found is None or isinstance(found, datetime)


@SOME
@given(OCTETS)
def test_any_octets_are_a_message(octets: bytes) -> None:
    part = structure_of(octets)
    numbers = [one.number for one in part.walk() if not one.is_multipart]
    assert len(numbers) == len(set(numbers))
    for one in part.walk():
        check(one.name + one.subject + one.type + one.disposition + one.encoding)
        assert one.size >= 0
        assert one.is_multipart or part_of(octets, one.number) is not None
    for one in attachments(part):
        assert file_name(one)
    for text in text_of(octets, headers=True):
        text.encode()


CHARSETS = st.sampled_from([
    "utf-8", "utf-7", "utf-16", "utf-32", "hz", "iso-2022-jp", "iso-2022-kr", "gb2312", "big5", "cp932", "euc-jp", "ascii",
    "rot13", "zip"])


@SOME
@given(st.binary(max_size=60), st.one_of(st.text(max_size=30), CHARSETS))
def test_any_octets_are_text_in_any_charset(octets: bytes, charset: str) -> None:
    decode(octets, charset).encode()


WORDS = st.sampled_from([b"text", b"message", b"rfc822", b"mixed", b"filename"])
ITEMS = st.recursive(
    st.one_of(st.none(), st.integers(), st.binary(max_size=10), WORDS),
    lambda items: st.one_of(st.lists(items, max_size=12).map(tuple), st.lists(items, max_size=3)), max_leaves=40)


@SOME
@given(ITEMS)
def test_any_parsed_answer_is_a_structure_or_refused_by_name(body: object) -> None:
    try:
        part = structure(body)
    except BadStructure:
        return
    assert isinstance(part, Part)
