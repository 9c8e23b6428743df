"""What BODY and TEXT look into, and the content of parts."""

from textwrap import dedent

from mailbot.mail.body import text_of
from tests.unit.parts import part_of

MESSAGE = dedent("""\
    Subject: outer
    Content-Type: multipart/mixed; boundary=b

    preamble
    --b
    Content-Type: text/plain; charset=iso-8859-1
    Content-Transfer-Encoding: quoted-printable
    X-Inner: yes

    caf=E9
    --b
    Content-Type: application/octet-stream

    octets
    --b
    Content-Type: message/rfc822

    Subject: =?utf-8?q?nested=C3=A9?=
    Content-Type: text/html
    Content-Transfer-Encoding: base64

    PGI+Ym9sZDwvYj4=
    --b
    Content-Type: message/delivery-status

    Status: 5.0.0
    --b--
    epilogue
    """).replace("\n", "\r\n").encode()


def test_the_body_is_the_decoded_text_of_all_text_parts() -> None:
    assert list(text_of(MESSAGE)) == ["café", "<b>bold</b>", "Status: 5.0.0"]


def test_with_headers_every_field_is_text_too() -> None:
    text = "\n".join(text_of(MESSAGE, headers=True))
    for field in ("subject: outer", "x-inner: yes", "subject: nestedé", "café"):
        assert field in text


def test_a_message_without_mime_is_text() -> None:
    assert list(text_of(b"Subject: x\r\n\r\ncaf\xc3\xa9\r\n")) == ["café\n"]
    assert list(text_of(b"")) == [""]


def test_a_part_is_found_by_its_number_and_decoded() -> None:
    assert part_of(MESSAGE, "1") == b"caf\xe9"
    assert part_of(MESSAGE, "2") == b"octets"
    assert part_of(MESSAGE, "3.1") == b"<b>bold</b>"
    attached = part_of(MESSAGE, "3")
    assert attached is not None
    assert attached.startswith(b"Subject: =?utf-8")
    assert part_of(MESSAGE, "5") is None
    assert part_of(MESSAGE, "") is None
