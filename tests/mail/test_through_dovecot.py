"""Real mail through a real server: BODYSTRUCTURE and part contents are what the message itself says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from mailbot.mail.structure import Part, attachments, structure, structure_of
from mailbot.mail.transfer import decoder
from tests.lab.dovecot import Dovecot
from tests.mail.corpus import Corpus, Expected, Sample

# Where independent parsers disagree: what we have instead of what Python's email has. The reasons stand in test_attachments.
DISPUTED: dict[tuple[str, str], dict[str, object]] = {
    ("flanker-00593.eml", "2"): {"type": "application/octet-stream"},
    ("enmime-02615.eml", "2"): {"type": "application/octet-stream"},
    ("aerc-03080.eml", "2"): {"type": "application/octet-stream"},
    ("aerc-03080.eml", "3"): {"type": "application/octet-stream"},
    ("ruby-mail-00454.eml", "2"): {"name": "This is a test.pdf"},
    ("php-mime-mail-parser-02365.eml", "2"): {"size": 174},
    ("webklex-02458.eml", "2"): {"size": 36},
    # Lines that ended in CR alone have CRLF since the message was stored.
    ("set-of-emails-02051.eml", "2"): {"size": 915},
}
# `Content-Type: application-x-gzip; name="document.xml.gz"`: Dovecot gives no parameters of a type that is none, so
# there is no file name and it is no attachment. From the message itself (an .eml file) it is one.
LOST = {("mimekit-00069.eml", "1")}
# Where BODYSTRUCTURE differs from what the message itself says.
OTHER_STRUCTURE = {
    "mimekit-00069.eml": "the name is lost, see above",
    "mailparse-rs-03913.eml": "100 multiparts in one another: the limit of depth is off by one",
    "gluon-00835.eml": "a lone CR became CRLF when the message was stored: one octet more",
}


@dataclass(frozen=True)
class Fetched:
    sample: Sample
    part: Part
    contents: Mapping[str, bytes]       # of the attachments, transfer encoding removed


@pytest.fixture(scope="module")
def fetched(corpus: Corpus, dovecot: Dovecot) -> list[Fetched]:
    read = []
    with dovecot.client(dovecot.user()) as client:
        client.select_folder("INBOX")
        for sample in corpus:
            uid = int(re.findall(rb"APPENDUID \d+ (\d+)", client.append("INBOX", sample.octets))[0])
            part = structure(client.fetch([uid], ["BODYSTRUCTURE"])[uid][b"BODYSTRUCTURE"])
            found = attachments(part)
            data = client.fetch([uid], [f"BODY.PEEK[{one.number}]" for one in found])[uid] if found else {}
            contents = {one.number: in_chunks(data[b"BODY[%s]" % one.number.encode()], one.encoding) for one in found}
            read.append(Fetched(sample, part, contents))
    return read


def in_chunks(octets: bytes, encoding: str) -> bytes:
    stream = decoder(encoding)
    return b"".join(stream.feed(octets[at:at + 1000]) for at in range(0, len(octets), 1000)) + stream.end()


def differences(read: Fetched, expected: Expected) -> dict[str, object]:
    part = next(one for one in attachments(read.part) if one.number == expected.number)
    return expected.differences(part, read.contents[expected.number])


def test_every_attachment_is_found_on_the_server_and_none_is_invented(fetched: list[Fetched]) -> None:
    for read in fetched:
        expected = {one.number for one in read.sample.attachments if (read.sample.file, one.number) not in LOST}
        assert set(read.contents) == expected | read.sample.only_dovecot, read.sample.file


def test_every_undisputed_attachment_has_its_name_type_size_and_content(fetched: list[Fetched]) -> None:
    told, exact = {}, 0
    for read in fetched:
        for expected in read.sample.attachments:
            if (read.sample.file, expected.number) in LOST:
                continue
            wrong = differences(read, expected)
            if wrong:
                assert expected.disputed, (read.sample.file, expected.number)
                told[read.sample.file, expected.number] = wrong
            exact += not wrong
    assert told == DISPUTED
    assert exact == 517 - len(DISPUTED) - len(LOST)


def test_the_message_itself_gives_the_structure_that_the_server_gives(fetched: list[Fetched]) -> None:
    different = set()
    for read in fetched:
        if facts(structure_of(read.sample.octets)) != facts(read.part):
            different.add(read.sample.file)
    assert different == set(OTHER_STRUCTURE)


def facts(part: Part) -> list[tuple[object, ...]]:
    """A multipart without parts has an empty one for the server (the grammar asks for it); ENVELOPE joins white space."""
    return [
        (one.number, one.type, one.name, one.disposition, one.encoding, one.size, " ".join(one.subject.split()))
        for one in part.walk() if one.size or one.type != "text/plain"]
