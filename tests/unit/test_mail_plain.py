"""Which headers every server is trusted to search as we read them."""

import pytest

from mailbot.mail.plain import is_plain


@pytest.mark.parametrize("block", [
    b"", b"Subject: a bill\r\n\r\n", b"Subject: a\r\n\tbill\r\n", b"Subject:\r\n", b"From: \"A\" <a@x> (c)\r\nTo: b@x\r\n",
    b"Subject: =?utf-8?q?caf=C3=A9?=\r\n", b"Subject:=?UTF-8?B?Y2Fmw6k=?=\r\n =?utf-8?Q?x?= y\r\n",
    b"Subject: =?iso-8859-1?q?caf=E9?= x\r\n",
    b"Subject: =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=\r\n", b"Subject: at 10 :30\r\n"])
def test_plain(block: bytes) -> None:
    assert is_plain(block)


@pytest.mark.parametrize("block", [
    b"Subject: =?x-unknown?q?bill?=\r\n", b"Subject: =?utf-8*en?q?bill?=\r\n", b"Subject: =?utf-16?b?//5iAA==?=\r\n",
    b"Subject: =?ks_c_5601-1987?q?bill?=\r\n", b"Subject: =?utf-7?q?bill?=\r\n",
    b"Subject: =?utf-8?b?Ymls!bA?=\r\n", b"Subject: =?utf-8?b?YmlsbA?=\r\n", b"Subject: =?utf-8?q?a bill?=\r\n",
    b"Subject: =?utf-8?x?a?=\r\n",
    b"Subject: =?utf-8?q?=E9bill?=\r\n", b"Subject: =?utf-8?q?a=0Abill?=\r\n", b"Subject: =?utf-8?q?a=00?=\r\n",
    b"Subject: =?utf-8?q?a=4?=\r\n",
    b"Subject: =?utf-8?q?=C3?= =?utf-8?q?=A9?=\r\n", b"Subject: x=?utf-8?q?a?=\r\n", b"Subject: =?utf-8?q?a?=x\r\n",
    b'From: "=?utf-8?q?a?=" <a@x>\r\n', b"Subject: =?utf-8?q?" + b"a" * 71 + b"?=\r\n", b"Subject: =?utf-8?q??=\r\n", b"Subject: =?\r\n",
    b"Subject: caf\xc3\xa9\r\n", b"Subject: caf\xe9\r\n", b"Subject: a\0b\r\n", b"Subject: a\x1bb\r\n", b"Subject: a\rb\r\n",
    b"X: a\r\nSubject : bill\r\n", b"Subject\t: bill\r\n", b"To: " + b"a@x.test, " * 900 + b"\r\n"])
def test_not_plain(block: bytes) -> None:
    assert not is_plain(block)
