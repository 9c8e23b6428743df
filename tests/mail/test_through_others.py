"""Real mail through Cyrus and Courier, read as the engine reads it: what they see otherwise, they see so of broken mail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from imapclient.exceptions import IMAPClientError

from mailbot.effects import Fields, SavedPart
from mailbot.imap.session import connect
from mailbot.imap.settings import Settings
from mailbot.mail.headers import Headers
from mailbot.mail.structure import Part, attachments
from tests.lab.courier import Courier
from tests.lab.cyrus import Cyrus
from tests.lab.server import PASSWORD, Server
from tests.mail.corpus import Corpus, Sample

Told = dict[tuple[str, str], dict[str, object]]     # (file, part number) -> what we have instead of what Python's email has

# What servers agree on; the reasons stand in test_attachments.
BY_ALL: Told = {
    ("ruby-mail-00454.eml", "2"): {"name": "This is a test.pdf"},
    ("php-mime-mail-parser-02365.eml", "2"): {"size": 174},
    ("set-of-emails-02051.eml", "2"): {"size": 915},
}
CYRUS: Told = BY_ALL | {
    ("webklex-02458.eml", "2"): {"size": 36},
    # A Content-Type that is none is text/plain here.
    ("enmime-02615.eml", "2"): {"type": "text/plain"},
    ("aerc-03080.eml", "2"): {"type": "text/plain"},
    ("aerc-03080.eml", "3"): {"type": "text/plain"},
    # Raw 8-bit in a header is overwritten when the message is stored (munge8bit).
    ("flanker-00574.eml", "1"): {"name": "XXXXXXXX XXXXXXXXXXXXXXXX.txt"},
    # A message whose header is cut by a boundary: the line break before that is the boundary's.
    ("stalwart-mail-parser-00167.eml", "2"): {"size": 42},
}
CYRUS_REFUSES = {"mimekit-00067.eml", "php-mime-mail-parser-02374.eml", "php-mime-mail-parser-02376.eml"}   # lines that are no header
CYRUS_LOSES = {("mimekit-00069.eml", "1")}      # as Dovecot: no parameters of a type that is none
COURIER: Told = BY_ALL | {
    ("mimekit-00069.eml", "1"): {"type": "application/octet-stream"},
    ("enmime-02615.eml", "2"): {"type": "application/octet-stream"},
    # A name cut in the middle of a character: Courier leaves the half away.
    ("flanker-00577.eml", "2"): {"name": "Картинка с очень, очень длинным предлинным именем преименем таким чт"},
    # A message in a message in a message: BODY[2.1] and BODY[2.1.1] are both the innermost text.
    ("jsmime-03885.eml", "2.1"): {"size": 317},
    # A multipart closed, and its boundary once more: there the message ends for the others.
    ("spamassassin-01097.eml", "2.1"): {"size": 25900},
}
COURIER_COUNTS_TO = 300     # parts of a multipart
COURIER_COUNTS_OTHERWISE = {"mime4j-02746.eml"}     # a multipart that is not closed
ONLY_ON_SERVERS = {("ruby-mail-00493.eml", "1"), ("enmime-02584.eml", "2"), ("mime4j-02746.eml", "5")}


@dataclass(frozen=True)
class Fetched:
    sample: Sample
    contents: dict[str, tuple[Part, bytes]]     # the attachments, by number


def fetched(server: Server, corpus: Corpus) -> Iterator[Fetched]:
    """What the server takes."""
    user = server.user()
    samples = {}
    with server.client(user) as client:
        for sample in corpus:
            try:
                answer = client.append("INBOX", sample.crlf.replace(b"\0", b"\x80"))
            except IMAPClientError:
                continue
            samples[int(re.findall(rb"APPENDUID \d+ (\d+)", answer)[0])] = sample
    with connect(Settings("home", server.host, user, port=server.port, tls="none"), lambda: PASSWORD) as session:
        session.select("INBOX")
        for uid, message in session.fetch(samples, Fields(structure=True)).items():
            assert message.structure
            parts = attachments(message.structure)
            streams = session.parts(uid, [SavedPart(part.number, size=part.decoded_size) for part in parts])
            contents = {part.number: (part, b"".join(chunks)) for part, chunks in zip(parts, streams, strict=True)}
            yield Fetched(samples[uid], contents)


def compared(read: Fetched) -> Told:
    told = {(read.sample.file, one.number): one.differences(*read.contents[one.number])
            for one in read.sample.attachments if one.number in read.contents}
    return {place: wrong for place, wrong in told.items() if wrong}


def missing(read: Fetched) -> set[tuple[str, str]]:
    return {(read.sample.file, one.number) for one in read.sample.attachments if one.number not in read.contents}


def invented(read: Fetched) -> set[tuple[str, str]]:
    return {(read.sample.file, number) for number in read.contents.keys() - {one.number for one in read.sample.attachments}}


def test_on_cyrus_every_undisputed_attachment_has_its_name_type_size_and_content(cyrus: Cyrus, corpus: Corpus) -> None:
    told: Told = {}
    read = list(fetched(cyrus, corpus))
    for one in read:
        told |= compared(one)
        assert missing(one) <= CYRUS_LOSES
        assert invented(one) <= ONLY_ON_SERVERS
    assert told == CYRUS
    assert {sample.file for sample in corpus} - {one.sample.file for one in read} == CYRUS_REFUSES
    disputed = {(sample.file, one.number) for sample in corpus for one in sample.attachments if one.disputed}
    assert told.keys() <= disputed


@pytest.mark.parametrize("mime", [True, False], ids=["with MIME-Version", "without"])
def test_on_courier_every_attachment_of_a_message_that_calls_itself_mime(courier: Courier, corpus: Corpus, *, mime: bool) -> None:
    corpus = Corpus(sample for sample in corpus if ("mime-version" in Headers.parse(sample.octets)) is mime)
    told: Told = {}
    for read in fetched(courier, corpus):
        if not mime:
            assert read.contents == {}, "RFC 2045 4: without MIME-Version it is no MIME"
            continue
        told |= {place: wrong for place, wrong in compared(read).items() if not by_a_line_break(read, place[1], wrong)}
        assert invented(read) <= ONLY_ON_SERVERS
        assert read.sample.file in COURIER_COUNTS_OTHERWISE or all(
            int(number) >= COURIER_COUNTS_TO for _, number in missing(read))
    assert told == (COURIER if mime else {})


def by_a_line_break(read: Fetched, number: str, wrong: dict[str, object]) -> bool:
    """Courier has another opinion on whether the last line break of an attached message belongs to it."""
    expected = next(one for one in read.sample.attachments if one.number == number)
    part, content = read.contents[number]
    return wrong.keys() == {"size"} and part.is_message and abs(len(content) - expected.size) <= 2
