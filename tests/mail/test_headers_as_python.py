"""Header decoding beside that of Python's `email` (policy.default), over real mail. Each kind of difference is named here."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from mailbot.mail.addresses import addresses
from mailbot.mail.dates import date
from mailbot.mail.headers import Headers
from tests.mail.corpus import Corpus, Sample

ADDRESSES = {"from", "to", "cc", "bcc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc", "resent-sender"}
# Python writes these anew from what it read: zones as numbers, parameters in quotes, comments and unneeded quotes gone.
# Addresses and Date are compared by what is in them; Content-* by test_attachments.
CONTENT = {"content-type", "content-disposition", "content-transfer-encoding"}
REWRITTEN = ADDRESSES | CONTENT | {"date", "resent-date", "mime-version"}
# A line without a colon ends the header for Python; for servers and us it is skipped.
CUT_SHORT = {"mimekit-00067.eml"}
# Raw 8-bit that is no UTF-8: Latin-1 here, U+FFFD for each octet there.
RAW_8_BIT = {("flanker-00566.eml", "subject"), ("flufl.bounce-02183.eml", "subject"),
             ("spamassassin-01111.eml", "subject"), ("spamassassin-01111.eml", "list-id")}
# Addresses in raw 8-bit have lone surrogates there. And:
OTHER_ADDRESSES = {
    # `<MAILER-DAEMON@x> (Mail Delivery System)`: a comment is the name here, where there is no other.
    ("flufl.bounce-02116.eml", "from"), ("set-of-emails-01576.eml", "from"),
    # A word that was cut between two encoded words: Python 3.11 puts a space there.
    ("php-mime-mail-parser-02376.eml", "from"), ("simple-java-mail-03815.eml", "from"),
    # `<aaa bbb>`: Python quotes it.
    ("jsmime-03885.eml", "from"),
}


def both(corpus: Corpus) -> Iterator[tuple[Sample, Headers, EmailMessage]]:
    for sample in corpus:
        if sample.file not in CUT_SHORT:
            yield sample, Headers.parse(sample.octets), message_from_bytes(sample.octets, policy=policy.default)


def names(message: EmailMessage) -> set[str]:
    return {name.lower() for name, _ in message.raw_items()}


def spaced(text: str) -> str:
    """White space of folds is kept by Python, one space here."""
    return " ".join(text.split())


def test_the_same_fields_are_there(corpus: Corpus) -> None:
    for sample, headers, message in both(corpus):
        assert set(headers.names) == names(message), sample.file


def test_unstructured_fields_decode_to_the_same_text(corpus: Corpus) -> None:
    compared, different = 0, set()
    for sample, headers, message in both(corpus):
        for name in set(headers.names) - REWRITTEN:
            ours, theirs = headers.all(name), message.get_all(name, [])
            assert len(ours) == len(theirs)
            compared += len(ours)
            if list(map(spaced, ours)) != [spaced(str(text)) for text in theirs]:
                different.add((sample.file, name))
    assert different == RAW_8_BIT
    assert compared > 1200


def test_addresses_are_the_same(corpus: Corpus) -> None:
    compared, different = 0, set()
    for sample, headers, message in both(corpus):
        for name in set(headers.names) & ADDRESSES:
            if not b"".join(headers.raw(name)).isascii():
                continue
            try:
                theirs = [(one.display_name, one.addr_spec) for field in message.get_all(name, []) for one in field.addresses]
            except (ValueError, AttributeError):    # policy.default on encoded line breaks, and on group syntax
                continue
            ours = [(one.name, one.address) for one in addresses(headers, name)]
            compared += len(ours)
            if [(spaced(shown), address) for shown, address in theirs] != ours:
                different.add((sample.file, name))
    assert different <= OTHER_ADDRESSES     # newer Pythons have mended some
    assert compared > 250


def test_dates_are_the_same(corpus: Corpus) -> None:
    compared = 0
    for sample, headers, message in both(corpus):
        theirs = message["date"].datetime if "date" in message else None
        ours = date(headers)
        if theirs is None or ours is None:
            assert ours == theirs, sample.file
        else:
            # Without a zone, or with -0000, Python's is naive.
            assert ours.replace(tzinfo=None) == theirs.replace(tzinfo=None), sample.file
            assert ours.utcoffset() == (theirs.utcoffset() or ours.utcoffset()), sample.file
            compared += 1
    assert compared > 110


@pytest.mark.parametrize(("file", "name", "text"), [
    # Python leaves a space inside a word that was cut between encoded words.
    ("simple-java-mail-03815.eml", "from", "Könok, Danny [Fake Company & Co. KG] <test@fakedomain.de>"),
    ("php-mime-mail-parser-02376.eml", "from", 'ФГУП "СибНИА им.С.А.Чаплыгина"" <user@domain.ru>'),
    # Python stops in the middle of the name.
    ("mimekit-00067.eml", "from", "jang.abcdef@xyzlinu <jang.abcdef@xyzlinux12345678.it>"),
])
def test_where_python_goes_wrong_the_text_is_right(corpus: Corpus, file: str, name: str, text: str) -> None:
    sample = next(one for one in corpus if one.file == file)
    assert Headers.parse(sample.octets).first(name) == text
