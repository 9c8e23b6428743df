"""BODYSTRUCTURE in both shapes that IMAPClient gives, and the same from the message."""

from textwrap import dedent

import pytest
from imapclient.response_parser import parse_fetch_response

from mailbot.mail.structure import BadStructure, Part, attachments, structure, structure_of

TEXT = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1 NIL NIL NIL NIL)'
PDF = b'("application" "pdf" ("name" "a.pdf") NIL NIL "BASE64" 78 NIL ("attachment" ("filename" "b.pdf")) NIL NIL)'
MIXED = b'(' + TEXT + PDF + b' "mixed" ("boundary" "x") NIL NIL NIL)'
ENVELOPE = b'(NIL "=?utf-8?q?caf=C3=A9?=" NIL NIL NIL NIL NIL NIL NIL NIL)'


def fetched(body: bytes) -> object:
    """As IMAPClient hands it to us."""
    return parse_fetch_response([b"1 (UID 1 BODYSTRUCTURE " + body + b")"])[1][b"BODYSTRUCTURE"]


def attached(content: bytes) -> bytes:
    return b'("message" "rfc822" NIL NIL NIL "7bit" 99 ' + ENVELOPE + b" " + content + b' 7 NIL ("inline" NIL) NIL NIL)'


def numbers(part: Part) -> list[tuple[str, str]]:
    return [(one.number, one.type) for one in part.walk()]


def test_a_single_part_is_number_one() -> None:
    assert structure(fetched(TEXT)) == Part("1", "text/plain", encoding="7bit", size=3)


def test_a_part_has_its_name_disposition_encoding_and_size() -> None:
    part = structure(fetched(PDF))
    assert part == Part("1", "application/pdf", "b.pdf", "attachment", "base64", 78)
    assert part.decoded_size == 57


def test_parts_of_a_multipart_are_counted() -> None:
    nested = b"(" + MIXED + PDF + b' "mixed")'
    assert numbers(structure(fetched(nested))) == [
        ("", "multipart/mixed"), ("1", "multipart/mixed"), ("1.1", "text/plain"), ("1.2", "application/pdf"),
        ("2", "application/pdf")]


def test_the_multipart_of_an_attached_message_has_the_message_s_number() -> None:
    part = structure(fetched(b"(" + TEXT + attached(MIXED) + b' "mixed")'))
    assert numbers(part) == [
        ("", "multipart/mixed"), ("1", "text/plain"), ("2", "message/rfc822"), ("2", "multipart/mixed"),
        ("2.1", "text/plain"), ("2.2", "application/pdf")]
    assert part.parts[1].subject == "café"
    assert part.parts[1].disposition == "inline"


def test_the_single_part_of_an_attached_message_is_its_part_one() -> None:
    assert numbers(structure(fetched(attached(PDF)))) == [("1", "message/rfc822"), ("1.1", "application/pdf")]
    assert numbers(structure(fetched(attached(attached(TEXT))))) == [
        ("1", "message/rfc822"), ("1.1", "message/rfc822"), ("1.1.1", "text/plain")]


def test_attachments_are_named_or_attached_or_messages_at_any_depth() -> None:
    named = b'("image" "png" ("name" "logo.png") NIL NIL "base64" 4 NIL ("inline" NIL) NIL NIL)'
    inline = b'("image" "png" NIL NIL NIL "base64" 4 NIL ("inline" NIL) NIL NIL)'
    bare = b'("application" "pdf" NIL NIL NIL "base64" 4 NIL ("ATTACHMENT" NIL) NIL NIL)'
    part = structure(fetched(b"(" + TEXT + named + inline + bare + attached(MIXED) + b' "mixed")'))
    assert [one.number for one in attachments(part)] == ["2", "4", "5", "5.2"]


@pytest.mark.parametrize(("body", "expected"), [
    (b'("APPLICATION" "PDF" NIL NIL NIL "7BIT" 3)', Part("1", "application/pdf", encoding="7bit", size=3)),
    (b'("text" "plain" NIL NIL NIL "7bit" 3)', Part("1", "text/plain", encoding="7bit", size=3)),
    (b'("text" "plain" NIL NIL NIL NIL NIL)', Part("1", "text/plain")),
    (b'("" "" NIL NIL NIL "7bit" 3 NIL NIL NIL NIL)', Part("1", "application/octet-stream", encoding="7bit", size=3)),
    (b'("text" "" NIL NIL NIL "7bit" 3 1 NIL NIL NIL NIL)', Part("1", "text/plain", encoding="7bit", size=3)),
    (b'("image" "gif" ("name" 12345) NIL NIL "7bit" 3 NIL NIL NIL NIL)', Part("1", "image/gif", "12345", "", "7bit", 3)),
    (b'("image" "gif" ("name" NIL "x") NIL NIL "7bit" 3 NIL "inline" NIL NIL)',
     Part("1", "image/gif", "", "inline", "7bit", 3)),
    (b'("message" "rfc822" NIL NIL NIL "7bit" 3 NIL ("attachment" NIL) NIL NIL)',
     Part("1", "message/rfc822", "", "attachment", "7bit", 3)),
    (b'("message" "rfc822" NIL NIL NIL "7bit" 3 NIL NIL 4 NIL NIL NIL NIL)',
     Part("1", "message/rfc822", encoding="7bit", size=3)),
])
def test_what_servers_leave_out_is_not_missed(body: bytes, expected: Part) -> None:
    assert structure(fetched(body)) == expected


def test_a_multipart_without_parts_is_read() -> None:
    """As WildDuck 1.51 and hoodiecrow 2.1 tell of it: `(() "MIXED" ("BOUNDARY" "x") NIL NIL NIL)`."""
    assert structure(((), b"MIXED", (b"BOUNDARY", b"x"), None, None, None)) == Part("", "multipart/mixed")


@pytest.mark.parametrize("body", [
    None, 5, b"text", (), (None,), (b"text", b"plain"), (b"mixed", None), ([None], b"mixed"), ([(), ()], b"mixed"),
    (b"message", b"rfc822", None, None, None, b"7bit", 3, (None, b"s"), (), 4),
])
def test_a_body_that_is_none_is_refused_by_name(body: object) -> None:
    with pytest.raises(BadStructure):
        structure(body)


def test_a_structure_deeper_than_any_mail_is_read_as_far_as_mail_goes() -> None:
    body: tuple[object, ...] = (b"text", b"plain", None, None, None, b"7bit", 3, 1)
    for _ in range(5_000):
        body = (body, b"mixed", None)
    assert len(list(structure(body).walk())) <= 102


@pytest.mark.parametrize(("fields", "name"), [
    ((b"filename", b"a.pdf"), "a.pdf"),
    ((b"FILENAME", b"a.pdf"), "a.pdf"),
    ((b"filename*", b"utf-8''caf%C3%A9.pdf"), "café.pdf"),
    ((b"filename*", b"UTF-8'en'caf%c3%a9.pdf"), "café.pdf"),
    ((b"filename*", b"iso-8859-1'caf%E9.pdf"), "café.pdf"),                 # one quote missing
    ((b"filename*", b"caf%C3%A9.pdf"), "café.pdf"),                         # both
    ((b"filename*", b"it's mine.pdf"), "it's mine.pdf"),
    ((b"filename*", b"no-such-charset''caf%E9.pdf"), "café.pdf"),
    ((b"filename*", b"utf-8''100%.pdf"), "100%.pdf"),
    ((b"filename*0", b"a", b"filename*1", b"b.pdf"), "ab.pdf"),
    ((b"filename*1", b"b.pdf", b"filename*0", b"a"), "ab.pdf"),
    ((b"filename*0*", b"utf-8''%C3", b"filename*1*", b"%A9", b"filename*2", b"%20.pdf"), "é%20.pdf"),
    ((b"filename*0", b"=?utf-8?q?caf", b"filename*1", b"=C3=A9?=.pdf"), "café.pdf"),
    ((b"filename*10", b"k", b"filename*2", b"c", b"filename*0", b"a"), "ack"),
    ((b"filename", b"plain.pdf", b"filename*", b"utf-8''better.pdf"), "better.pdf"),
    ((b"filename", b"=?utf-8?b?Y2Fmw6k=?=.pdf"), "café.pdf"),
    ((b"filename", b"=?utf-8?q?caf=C3?= =?utf-8?q?=A9.pdf?="), "café.pdf"),
    ((b"filename", b"=?utf-8?Q?Contract_?=25 04 2020.docx"), "Contract 25 04 2020.docx"),
    ((b"filename", b"caf\xc3\xa9.pdf"), "café.pdf"),
    ((b"filename", b"caf\xe9.pdf"), "café.pdf"),
    ((b"filename", b"a\r\n b.pdf"), "a   b.pdf"),
    ((b"filename", b"first", b"filename", b"second"), "first"),
    ((b"filename", b" "), "fallback"),
    ((b"size", b"5"), "fallback"),
])
def test_a_file_name_is_decoded_as_it_was_meant(fields: tuple[bytes, ...], name: str) -> None:
    body = (b"x", b"y", (b"name", b"fallback"), None, None, b"7bit", 3, None, (b"attachment", fields), None, None)
    assert structure(body).name == name


MESSAGE = dedent("""\
    From: a@b
    Content-Type: multipart/mixed; boundary="b"

    preamble
    --b

    text
    --b
    Content-Type: application/pdf; name="a b.pdf"
    Content-Transfer-Encoding: BASE64
    Content-Disposition: ATTACHMENT;
     filename*=utf-8''caf%C3%A9.pdf

    aGVsbG8=

    --b
    Content-Type: message/rfc822

    Subject: =?utf-8?q?caf=C3=A9?=
    Content-Type: multipart/alternative; boundary=c

    --c

    one
    --c
    Content-Type: text/html

    two
    --c--
    --b--
    epilogue
    """).encode()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_message_is_taken_apart_as_servers_do_it(end: bytes) -> None:
    assert list(structure_of(MESSAGE.replace(b"\n", end)).walk())[1:] == [
        Part("1", "text/plain", encoding="7bit", size=4),
        Part("2", "application/pdf", "café.pdf", "attachment", "base64", 10),
        structure_of(MESSAGE).parts[2],
        Part("3", "multipart/alternative", parts=structure_of(MESSAGE).parts[2].parts[0].parts),
        Part("3.1", "text/plain", encoding="7bit", size=3),
        Part("3.2", "text/html", encoding="7bit", size=3)]
    assert structure_of(MESSAGE).parts[2].subject == "café"


def whole(body: str, content_type: str = "multipart/mixed; boundary=b") -> bytes:
    return f"Content-Type: {content_type}\n\n{body}".replace("\n", "\r\n").encode()


@pytest.mark.parametrize(("message", "expected"), [
    # What Dovecot 2.3 makes of the same messages.
    (b"", [("1", "text/plain", 0)]),
    (b"\r\nContent-Type: image/gif\r\n", [("1", "text/plain", 25)]),
    (b"no header\r\nContent-Type: image/gif\r\n\r\nx", [("1", "image/gif", 1)]),
    (b"Content-Type: image/gif\r\nContent-Type: image/png\r\n\r\nx", [("1", "image/gif", 1)]),
    (whole("", "message/rfc822"), [("1", "message/rfc822", 0), ("1.1", "text/plain", 0)]),
    (whole("--b\n\none\n--b\nContent-Type: image/gif\n\ntwo"), [("1", "text/plain", 3), ("2", "image/gif", 3)]),
    (whole("--b\n\none\n--bXYZ\n\ntwo\n--b--"), [("1", "text/plain", 3), ("2", "text/plain", 3)]),
    (whole("--b\n\none\n--b--\n--b\n\ntwo"), [("1", "text/plain", 3)]),
    (whole("--b\n\none\n--b"), [("1", "text/plain", 3)]),
    (whole("--b\n\none\n--b\n"), [("1", "text/plain", 3), ("2", "text/plain", 0)]),
    (whole("--b\n\none\n --b\n\ntwo\n--b--"), [("1", "text/plain", 16)]),
    (whole("--b\nContent-Type: image/gif\n--b\n\ntwo\n--b--"), [("1", "image/gif", 0), ("2", "text/plain", 3)]),
    (whole("--b\nContent-Type: image/gif\nno colon\nmore: x\n\nbody\n--b--"), [("1", "image/gif", 4)]),
    (whole("--b\nContent-Type: multipart/x; boundary=b\n\n--b\n\nx\n--b--\n--b\n\ny\n--b--"),
     [("1", "multipart/x", 0), ("1.1", "text/plain", 1), ("2", "text/plain", 1)]),
    (whole("--b\nContent-Type: multipart/x; boundary=bb\n\n--bb\n\nx\n--bb--\n--b\n\ny\n--b--"),
     [("1", "multipart/x", 0), ("1.1", "text/plain", 1), ("2", "text/plain", 1)]),
    (whole("--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\nx\n--b\n\ny\n--b--"),
     [("1", "multipart/x", 0), ("1.1", "text/plain", 1), ("2", "text/plain", 1)]),
    (whole("--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/x; boundary=c\n\n--c\n\nA\n--c--\n--b--"),
     [("1", "message/rfc822", 58), ("1", "multipart/x", 0), ("1.1", "text/plain", 1)]),
    (whole("--b\n\nSubject: x\n\nbody\n--b--", "multipart/digest; boundary=b"),
     [("1", "message/rfc822", 18), ("1.1", "text/plain", 4)]),
    (whole("--b\n\nx\n--b--", "multipart/mixed; boundary=b and more"), [("1", "text/plain", 1)]),
    (whole("--b\nContent-Type: multipart/x; boundary=b\n--b\n\nx\n--b--"), [("1", "multipart/x", 0), ("2", "text/plain", 1)]),
    (whole("x", "message/delivery-status"), [("1", "message/delivery-status", 1)]),
    (whole("x", "text"), [("1", "text/plain", 1)]),
    (whole("x", 'application/pdf name="x.pdf"'), [("1", "application/octet-stream", 1)]),
    (whole("x", '"application/pdf"'), [("1", "application/octet-stream", 1)]),
])
def test_a_broken_message_has_the_parts_that_a_server_finds(message: bytes, expected: list[tuple[str, str, int]]) -> None:
    found = [(one.number, one.type, one.size) for one in structure_of(message).walk()]
    assert (found[1:] if found[0][0] == "" else found) == expected


@pytest.mark.parametrize(("parameters", "name"), [
    ('name="a;b=c.pdf"', "a;b=c.pdf"), ("name=foo (1).pdf; x=y", "foo (1).pdf"), (r'name="a\"b.pdf"', 'a"b.pdf'),
    ('name="unclosed.pdf', "unclosed.pdf"), ("; name=a.pdf", "a.pdf"), ("name=a; name=b", "a"), ("name = a", "a"),
    ("name=", ""), ("name", ""), ("=x; name=y", "y"), ("na me=y", ""), ("NAME=a=b.pdf", "a=b.pdf"), ("name==?utf-8?q?x?=", "x"),
])
def test_parameters_are_read_as_they_were_meant(parameters: str, name: str) -> None:
    assert structure_of(whole("x", f"application/pdf; {parameters}")).name == name


def test_nesting_of_any_depth_and_parts_of_any_number_are_survived() -> None:
    deep = b"Content-Type: message/rfc822\n\n" * 20_000
    assert len(list(structure_of(deep).walk())) == 100
    multiparts = b"".join(b"Content-Type: multipart/x; boundary=b%04d\n\n--b%04d\n" % (n, n) for n in range(3_000))
    assert len(list(structure_of(multiparts).walk())) <= 101
    wide = b"Content-Type: multipart/x; boundary=b\n\n" + b"--b\n\n" * 20_000
    assert len(list(structure_of(wide).walk())) == 10_000


@pytest.mark.parametrize("line", [b"--\n", b"--b\n", b"--b", b"--b--\n", b"\n", b" --b\n", b"--c\n"])
def test_a_hostile_body_takes_no_quadratic_time(line: bytes) -> None:
    inner = b"--b\nContent-Type: multipart/x; boundary=c\n\n--c\nContent-Type: message/rfc822\n\n"
    assert structure_of(b"Content-Type: multipart/x; boundary=b\n\n" + inner * 50 + line * 100_000).is_multipart


@pytest.mark.parametrize("value", [b";" * 300_000, b" " * 300_000, b"x " * 150_000, b'="' * 150_000, b'x="\\' * 80_000,
                                   b"(" * 300_000, b"x*0=y;" * 50_000, b"a=b;" * 80_000, b'x="y' * 80_000])
def test_a_hostile_field_takes_no_quadratic_time(value: bytes) -> None:
    message = b"Content-Type: a/b;%s\nContent-Transfer-Encoding: %s\nContent-Disposition: x;%s" % (value, value, value)
    assert structure_of(message).number == "1"
