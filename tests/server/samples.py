"""Mail that the tests of a Session deliver."""


def mail(number: int, body: bytes = b"a body") -> bytes:
    return (
        b"From: Ada <ada@example.org>\r\nTo: bob@example.org\r\nSubject: mail %d\r\nMessage-ID: <%d@example.org>\r\n"
        b"Date: Mon, 5 Jan 2026 10:00:00 +0100\r\n\r\n%s\r\n" % (number, number, body))
