"""Every attachment of real mail is found, with its number, name, type, size and content; none is invented."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from mailbot.mail.mime import entities
from mailbot.mail.names import file_name, safe_name
from mailbot.mail.structure import Part, attachments, structure_of
from mailbot.mail.transfer import decoded
from tests.mail.corpus import Corpus, Expected, Sample

# Where independent parsers disagree: (file, part) -> what we say instead of Python's email, and why.
DISPUTED: dict[tuple[str, str], dict[str, object]] = {
    # Content-Type: application-x-gzip; name="document.xml.gz". A type that is none is octets; Python says text/plain.
    ("mimekit-00069.eml", "1"): {"type": "application/octet-stream"},
    # An empty type, or a word: as above.
    ("flanker-00593.eml", "2"): {"type": "application/octet-stream"},
    # application/pdf name="": the semicolon is missing, so servers (and we) see no type.
    ("enmime-02615.eml", "2"): {"type": "application/octet-stream"},
    # Content-Type: "application/pdf", in quotes: servers see no type.
    ("aerc-03080.eml", "2"): {"type": "application/octet-stream"},
    ("aerc-03080.eml", "3"): {"type": "application/octet-stream"},
    # filename==?utf-8?B?…?= without quotes: Python finds no name.
    ("ruby-mail-00454.eml", "2"): {"name": "This is a test.pdf"},
    # Base64 of 233 characters, truncated: 174 octets can be read; Python gives the 233 characters undecoded.
    ("php-mime-mail-parser-02365.eml", "2"): {"size": 174},
    # Lines that end in CR alone: read as lines, so the content has LF there. A server has made CRLF of them on delivery.
    ("set-of-emails-02051.eml", "2"): {"sha256": "aff8bfe91bf7dd37741d11a22fa584e1ab5f41e51d062713e426e9b2f2fe6307"},
    # Base64 with "?=" behind its padding: 36 octets; Python gives the text undecoded.
    ("webklex-02458.eml", "2"): {"size": 36},
}
# Seen by Dovecot and by us, not by Python: boundaries and headers that are broken, or a multipart without preamble.
ONLY_ON_SERVERS = {
    ("cpython-00015.eml", "2"): "xx.gif",
    ("ruby-mail-00493.eml", "1"): "2013-08-13_19-08-28-1.jpg",
    ("spamscope-02555.eml", "2"): "20160523_916527.jpg_.zip",
    ("enmime-02584.eml", "2"): "7DDA4_foo_9E5D72.zip",
}


@dataclass(frozen=True)
class Read:
    sample: Sample
    parts: Mapping[str, Part]       # the attachments, by number
    contents: Mapping[str, bytes]


@pytest.fixture(scope="module")
def corpus_read(corpus: Corpus) -> list[Read]:
    read = []
    for sample in corpus:
        entity, octets = entities(sample.crlf)
        contents = {
            one.number: decoded(octets[one.body:one.end], one.headers.first("content-transfer-encoding") or "")
            for one in entity.walk() if not one.type.startswith("multipart/")}
        read.append(Read(sample, {part.number: part for part in attachments(structure_of(sample.octets))}, contents))
    return read


def differences(read: Read, expected: Expected) -> dict[str, object]:
    return expected.differences(read.parts[expected.number], read.contents[expected.number])


def test_the_corpus_is_all_there(corpus: Corpus) -> None:
    assert len(corpus) == 150
    assert sum(len(sample.attachments) for sample in corpus) == 517


def test_every_attachment_is_found_and_none_is_invented(corpus_read: list[Read]) -> None:
    for read in corpus_read:
        expected = {one.number for one in read.sample.attachments}
        extra = {number for file, number in ONLY_ON_SERVERS if file == read.sample.file}
        assert extra <= read.sample.only_dovecot
        assert set(read.parts) == expected | extra, read.sample.file


def test_undisputed_attachments_have_their_name_type_size_and_content(corpus_read: list[Read]) -> None:
    undisputed = 0
    for read in corpus_read:
        for expected in read.sample.attachments:
            if (read.sample.file, expected.number) not in DISPUTED:
                assert differences(read, expected) == {}, (read.sample.file, expected.number)
                undisputed += 1
    assert undisputed == 517 - len(DISPUTED)


def test_disputed_attachments_are_what_the_list_says(corpus_read: list[Read]) -> None:
    told = {}
    for read in corpus_read:
        for expected in read.sample.attachments:
            wrong = differences(read, expected)
            if wrong:
                assert expected.disputed, (read.sample.file, expected.number)
                told[read.sample.file, expected.number] = wrong
    assert told == DISPUTED


def test_parts_that_only_servers_see_are_seen(corpus_read: list[Read]) -> None:
    told = {(read.sample.file, number): part.name for read in corpus_read for number, part in read.parts.items()
            if number in read.sample.only_dovecot}
    assert told == ONLY_ON_SERVERS


def test_every_attachment_has_a_safe_name(corpus_read: list[Read]) -> None:
    for name in (file_name(part) for read in corpus_read for part in read.parts.values()):
        assert name
        assert safe_name(name) == name
