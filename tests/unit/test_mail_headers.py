"""Header blocks as strangers write them."""

import pytest

from mailbot.mail.headers import Headers


def subject(value: str | bytes) -> str | None:
    octets = value.encode() if isinstance(value, str) else value
    return Headers.parse(b"Subject: " + octets + b"\r\n\r\n").first("subject")


@pytest.mark.parametrize(("value", "text"), [
    ("plain", "plain"),
    ("=?utf-8?q?caf=C3=A9?=", "café"),
    ("=?UTF-8?B?Y2Fmw6k=?=", "café"),
    ("=?iso-8859-1*fr?Q?caf=E9_noir?=", "café noir"),
    ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
    ("=?utf-8?q?a?=\r\n\t =?iso-8859-1?q?=E9?=", "aé"),
    ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
    ("=?utf-8?b?w4Q=?==?utf-8?b?w5Y=?=", "ÄÖ"),
    ("=?utf-8?b?w4?= =?utf-8?q?=84x?=", "Äx"),
    ("=?utf-8?q?=C3?= =?utf-8?q?=84?=", "Ä"),
    ("=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=", "こん"),
    ("=?gb2312?B?xOO6ww==?=", "你好"),
    ("=?ks_c_5601-1987?B?u+fB+C5KUEc=?=", "사진.JPG"),
    ("=?no-such-charset?q?caf=C3=A9?=", "café"),
    ("=?no-such-charset?q?caf=E9?=", "café"),
    ("=?hex?q?41?=", "41"),
    ("=?utf-8?q?caf=E9?=", "caf\ufffd"),
    ("=?utf-8?q?100=_=ZZ_?=", "100= =ZZ"),
    ("=?utf-8?b?Y2Fm*w6k?=", "café"),
    ("=?utf-8?b?Y2Fmw6?=", "caf\ufffd"),
    ("=?utf-8?b?Y?=", ""),
    ("=?utf-8?q?really? yes?=", "really? yes"),
    ("=?utf-8?q?not closed", "=?utf-8?q?not closed"),
    ("=?utf-8?x?what?=", "=?utf-8?x?what?="),
    ("=?utf-8?q?lost =?utf-8?q?found?=", "=?utf-8?q?lost found"),
    ('"=?utf-8?q?in_quotes?="', '"in quotes"'),
    ("a=?utf-8?q?b?=c", "abc"),
    ("=?utf-8?q?a=0D=0AX-Evil:_yes=00?=", "a  X-Evil: yes"),
    ("=?utf-7?q?+2AA-?=", "\ufffd"),
    ("one\r\n two\r\n\tthree", "one two three"),
    ("  around \t", "around"),
    (b"caf\xc3\xa9", "café"),
    (b"caf\xe9", "café"),
    (b"caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 \xc3", "café café café café café \ufffd"),
    (b"caf\xe9 =?utf-8?q?=C3=A9?=", "café é"),
    (b"nu\x00l", "nul"),
    ("", ""),
])
def test_a_subject_is_decoded_as_it_was_meant(value: str | bytes, text: str) -> None:
    assert subject(value) == text


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_in_lf_crlf_or_cr(end: bytes) -> None:
    headers = Headers.parse(end.join([b"From: a@b", b"Subject: one", b" two", b"", b"To: body@x", b""]))
    assert list(headers) == [("from", "a@b"), ("subject", "one two")]


def test_a_lone_cr_among_other_lines_begins_no_field() -> None:
    headers = Headers.parse(b"Subject: x\rFrom: forged@b\r\nTo: c@d\r\n\r\n")
    assert headers.names == ("subject", "to")


def test_lines_without_a_colon_are_nothing_and_end_nothing() -> None:
    headers = Headers.parse(b" starts folded\r\nFrom a@b Mon Jan 1 10:20:30\r\n  more\r\nno colon\r\nSubject : x\r\n: y\r\n\r\n")
    assert list(headers) == [("subject", "x")]


def test_repeated_fields_are_all_there_and_names_have_no_case() -> None:
    headers = Headers.parse(b"Received: 1\nX: y\nRECEIVED: 2\n\n")
    assert headers.all("Received") == ("1", "2")
    assert headers.raw("received") == (b"1", b"2")
    assert "ReCeived" in headers
    assert headers.names == ("received", "x")


def test_raw_values_keep_their_folding_and_encoding() -> None:
    assert Headers.parse(b"Subject:\r\n =?utf-8?q?a?=\r\n b\r\n\r\n").raw("subject") == (b"=?utf-8?q?a?=\r\n b",)


@pytest.mark.parametrize("block", [b"", b"\r\n", b"\r\nSubject: in the body\r\n", b"\n\n", b"nothing here"])
def test_a_block_without_fields_is_empty(block: bytes) -> None:
    headers = Headers.parse(block)
    assert headers.names == ()
    assert headers.first("subject") is None
    assert headers.all("subject") == headers.raw("subject") == ()


def test_headers_with_the_same_fields_are_equal_and_show_no_values() -> None:
    one, other = Headers.parse(b"Subject: secret\r\n\r\n"), Headers.parse(b"subject:secret\n")
    assert one == other
    assert hash(one) == hash(other)
    assert one != Headers.parse(b"Subject: other\r\n\r\n")
    assert "secret" not in repr(one)


HOSTILE = {
    "one long line": b"Subject: " + b"x" * 1_000_000,
    "many words": b"Subject: " + b"=?utf-8?q?a?= " * 80_000,
    "words that never end": b"Subject: " + b"=?utf-8?q?a" * 100_000,
    "words that end once": b"Subject: " + b"=?utf-8?q?a" * 100_000 + b"?=",
    "question marks": b"Subject: " + b"=?" * 500_000,
    "many folds": b"Subject: x" + b"\r\n y" * 250_000,
    "many fields": b"X: y\r\n" * 150_000,
    "no colons": b"x" * 1_000_000,
    "empty lines of blanks": b"Subject: x" + b"\r\n \t" * 250_000,
    "base64 in pieces": b"Subject: " + b"=?utf-8?b?" + b"A=A" * 300_000 + b"?=",
}


@pytest.mark.parametrize("block", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_of_hostile_header_takes_no_quadratic_time(block: bytes) -> None:
    # 0.1 to 0.5 s each; anything quadratic takes minutes, which the test's own time limit ends.
    assert list(Headers.parse(block + b"\r\n\r\n")) is not None
