"""Addresses, well written and not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.addresses import Address, addresses, parse_addresses
from mailbot.mail.headers import Headers


@pytest.mark.parametrize(("value", "found"), [
    ("joe@x.org", [("", "joe", "x.org")]),
    ("<joe@x.org>", [("", "joe", "x.org")]),
    ("Joe Q <joe@x.org>", [("Joe Q", "joe", "x.org")]),
    ('"Q, Joe" <joe@x.org>, b@y', [("Q, Joe", "joe", "x.org"), ("", "b", "y")]),
    ("joe@x.org (Joe (the) Q)", [("Joe (the) Q", "joe", "x.org")]),
    ("(c) joe (d) @ (e) x . org", [("c", "joe", "x.org")]),
    ("=?utf-8?q?Zo=C3=AB?= <z@x>", [("Zoë", "z", "x")]),
    ("=?utf-8?q?Doe,_Zo=C3=AB?= <z@x>", [("Doe, Zoë", "z", "x")]),
    ("=?utf-8?q?a?= =?utf-8?q?b?= c <z@x>", [("ab c", "z", "x")]),
    ('"=?utf-8?q?Zo=C3=AB?=" <z@x>', [("Zoë", "z", "x")]),
    ("=?utf-8?q?Foo <boss@corp>?= <z@x>", [("=?utf-8?q?Foo", "boss", "corp")]),
    ("=?utf-8?q?boss=40corp?= <z@x>", [("boss@corp", "z", "x")]),
    ('"boss@corp.com" <evil@x>', [("boss@corp.com", "evil", "x")]),
    ('"boss@corp.com"', [("boss@corp.com", "", "")]),
    ('<"boss@corp.com">', [("boss@corp.com", "", "")]),
    ("<boss@corp.com@>", [("boss@corp.com", "", "")]),
    ("<=?utf-8?q?boss=40corp.com?=>", [("", "=?utf-8?q?boss=40corp.com?=", "")]),
    ("x=?utf-8?q?boss=40corp.com?=", [("", "x=?utf-8?q?boss=40corp.com?=", "")]),
    ("boss@corp.com <evil@x>", [("boss@corp.com", "evil", "x")]),
    ("Team: a@x, B <b@y>;, c@z", [("", "a", "x"), ("B", "b", "y"), ("", "c", "z")]),
    ("undisclosed-recipients:;", []),
    ("unlisted-recipients:; (no To-header on input)", []),
    ("<@relay,@other:joe@x.org>", [("", "joe", "x.org")]),
    ('"joe smith"@x.org', [("", "joe smith", "x.org")]),
    (r'"a \"b\" c" <a@x>', [('a "b" c', "a", "x")]),
    ("joe@[192.0.2.1]", [("", "joe", "[192.0.2.1]")]),
    ("a@b@c.org", [("", "a@b", "c.org")]),
    ("root", [("", "root", "")]),
    ("John Smith", [("John Smith", "", "")]),
    ("John Smith joe@x.org", [("John Smith", "joe", "x.org")]),
    ("J. Smith <j.smith@x.org>", [("J. Smith", "j.smith", "x.org")]),
    ("joe@x.org; ann@y.org", [("", "joe", "x.org"), ("", "ann", "y.org")]),
    ("Smile :( <joe@x.org>", [("(", "joe", "x.org")]),
    ('Unclosed " quote <joe@x.org>', [('Unclosed " quote', "joe", "x.org")]),
    ("Unclosed <joe@x.org, ann@y.org", [("Unclosed", "joe", "x.org"), ("", "ann", "y.org")]),
    ("Two <first@x> <second@y>", [("Two", "first", "x")]),
    ("Two <none> <second@y>", [("Two", "second", "y")]),
    ("joe@x.org.", [("", "joe", "x.org")]),
    ("", []),
    (",,; ,", []),
    ("<>", []),
    ("joe\r\n @x.org,\r\n\tann@y", [("", "joe", "x.org"), ("", "ann", "y")]),
])
def test_an_address_field_gives_its_addresses(value: str, found: list[tuple[str, str, str]]) -> None:
    assert [(one.name, one.local, one.domain) for one in parse_addresses(value.encode())] == found


def test_raw_8_bit_names_and_domains_are_read() -> None:
    assert list(parse_addresses("Zoë <z@ü.de>".encode())) == [Address("Zoë", "z", "ü.de")]
    assert list(parse_addresses("Zoë <z@x>".encode("latin-1"))) == [Address("Zoë", "z", "x")]


def test_all_fields_of_a_name_are_read_in_order() -> None:
    headers = Headers.parse(b"To: a@x\r\nCc: b@x\r\nTo: c@x\r\n\r\n")
    assert [one.address for one in addresses(headers, "To")] == ["a@x", "c@x"]
    assert addresses(headers, "bcc") == ()


def test_an_address_is_shown_without_its_name() -> None:
    assert Address("Joe", "joe", "x.org").address == "joe@x.org"
    assert Address("", "root", "").address == "root"


@pytest.mark.parametrize("value", [
    b"(" * 100_000, b'"' * 100_001, b'"\\' * 50_000, b"<" * 100_000, b"<a" * 50_000, b"a@" * 50_000, b"a," * 50_000,
    b"a <b@c>, " * 10_000, b"((a)" * 30_000, b"=?utf-8?q?" * 10_000, b" " * 100_000, b"[" * 100_000, b"a:" * 50_000,
    b"<@a," * 25_000, b"a b " * 25_000, b"<a@>" * 25_000, b"\\" * 100_000,
])
def test_a_hostile_field_takes_no_quadratic_time(value: bytes) -> None:
    assert len(list(parse_addresses(value))) >= 0


@given(st.from_regex(r"""\A[ !#$%&'*+./0-9=?A-Z^_`a-z{|}~-]{0,12}<[!#$%&'*+./0-9=?A-Z^_`a-z{|}~-]{1,6}@[.a-z0-9_-]{1,12}>\Z"""))
def test_an_address_alone_reads_as_among_others(value: str) -> None:
    # What most mail has is read in one step; a comma behind it is enough for that not to be.
    assert list(parse_addresses(value.encode())) == list(parse_addresses(value.encode() + b","))
