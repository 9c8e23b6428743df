"""Content-Transfer-Encoding, streamed and broken."""

import base64
import binascii
import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.mail.transfer import decoded, decoder, encoding_name

SOME = settings(max_examples=200, deadline=None, database=None)


def in_pieces(octets: bytes, encoding: str, size: int) -> bytes:
    stream = decoder(encoding)
    return b"".join(stream.feed(octets[at:at + size]) for at in range(0, len(octets), size)) + stream.end()


@pytest.mark.parametrize(("octets", "content"), [
    (b"aGVsbG8=", b"hello"),
    (b"aGVs\r\nbG8=\r\n", b"hello"),
    (b"aGVsbG8", b"hello"),                         # padding left out
    (b"aGVsbG", b"hell"),                           # truncated
    (b"aGVsb", b"hel"),
    (b"a", b""),
    (b"", b""),
    (b"aG!V\x00s b*G8=", b"hello"),                 # junk inside
    (b"aGVsbG8=\r\n____\r\nA mailing list\r\n", b"hello"),      # a footer behind the padding
    (b"aGVsbG8h\r\n=====\r\n", b"hello!"),
    (b"=aGVs=bG8h", b"hello!"),                     # padding where none can be is junk
    (b"aGVsbA==", b"hell"),
])
def test_base64_gives_what_can_be_read(octets: bytes, content: bytes) -> None:
    assert decoded(octets, "base64") == content


@pytest.mark.parametrize(("octets", "content"), [
    (b"caf=C3=A9", b"caf\xc3\xa9"),
    (b"caf=c3=a9", b"caf\xc3\xa9"),
    (b"soft =\r\nbreak", b"soft break"),
    (b"soft =  \t\r\nbreak", b"soft break"),
    (b"trailing \t \r\nspace\n", b"trailing\r\nspace\n"),
    (b"kept=20\r\n", b"kept \r\n"),
    (b"bad =ZZ =", b"bad =ZZ "),
    (b"under_score", b"under_score"),
    (b"raw \xe9", b"raw \xe9"),
    (b"=\rcarriage\nreturn", b"=\rcarriage\nreturn"),
    (b"", b""),
])
def test_quoted_printable_gives_what_can_be_read(octets: bytes, content: bytes) -> None:
    assert decoded(octets, "quoted-printable") == content


def test_uuencode_is_read_between_begin_and_end() -> None:
    octets = b"words before\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nand after\r\n"
    assert decoded(octets, "x-uuencode") == b"Cat"


@pytest.mark.parametrize("size", range(1, 46))
def test_uuencode_whose_last_group_is_cut_short_or_padded_with_anything_is_read(size: int) -> None:
    content = bytes(range(size))
    line = binascii.b2a_uu(content).rstrip(b"\n")
    needed = 1 + (size * 4 + 2) // 3
    for padding in (b"", b"_", b" ", b"``", b"__9"):
        assert decoded(b"begin 644 x\n" + line[:needed] + padding + b"\nend\n", "x-uuencode") == content


@pytest.mark.parametrize("line", [b"#0V%", b"#0V%T!!!!", b"zz", b"\xff\xff", b"#\xe9\xe9\xe9\xe9", b"M" + b" " * 10])
def test_broken_uuencode_does_not_raise(line: bytes) -> None:
    assert isinstance(decoded(b"begin 644 x\n" + line + b"\nend\n", "x-uuencode"), bytes)


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary", "", "x-unknown", "base-64"])
def test_what_is_not_encoded_is_left_as_it_is(encoding: str) -> None:
    assert decoded(b"a=41\r\n\x00\xff", encoding) == b"a=41\r\n\x00\xff"


@pytest.mark.parametrize("name", ["base64", "BASE64", "base64 ", '"base64"', "base64;", " (c) base64 (d)", "Base64\t"])
def test_an_encoding_is_known_however_its_name_is_written(name: str) -> None:
    assert encoding_name(name) == "base64"


@SOME
@given(st.binary(max_size=2000), st.integers(1, 300))
def test_base64_in_pieces_of_any_size_is_what_was_encoded(content: bytes, size: int) -> None:
    assert in_pieces(base64.encodebytes(content), "base64", size) == content


@SOME
@given(st.binary(max_size=2000), st.integers(1, 300))
def test_quoted_printable_in_pieces_of_any_size_is_what_was_encoded(content: bytes, size: int) -> None:
    lines = content.replace(b"\r", b"")
    assert in_pieces(quopri.encodestring(lines, quotetabs=True), "quoted-printable", size) == lines


@SOME
@given(st.binary(max_size=2000), st.integers(1, 300), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "8bit"]))
def test_any_octets_give_the_same_whole_and_in_pieces(octets: bytes, size: int, encoding: str) -> None:
    assert in_pieces(octets, encoding, size) == decoded(octets, encoding)


@pytest.mark.parametrize("octets", [b"=" * 1_000_000, b" " * 1_000_000, b"A=" * 500_000, b"=\r" * 500_000, b" \n" * 500_000])
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode"])
def test_a_hostile_megabyte_takes_no_quadratic_time(octets: bytes, encoding: str) -> None:
    assert len(in_pieces(octets, encoding, 65_536)) <= len(octets)


def test_a_line_without_end_is_not_kept_in_memory() -> None:
    stream = decoder("quoted-printable")
    given_out = sum(len(stream.feed(b"x" * 10_000)) for _ in range(100))
    assert given_out > 900_000
