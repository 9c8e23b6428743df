"""Real mail through the program: 150 messages on Dovecot, `mailbot apply --yes`, and the files that are there afterwards."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from mailbot.mail.names import file_name, safe_name
from mailbot.mail.structure import structure_of
from tests.e2e.bot import mailbot, over_tls
from tests.lab.dovecot import Dovecot
from tests.mail.corpus import Corpus, Expected, Sample

RULES = """
rules:
  - {name: parts, when: {all: true}, then: [{save: {to: "parts/{uid}/"}}]}
  - {name: whole, when: {all: true}, then: [{save: {to: "whole/{uid}.eml", parts: message}}]}
  - {name: within, when: {all: true}, then: [{save: {to: "within/{uid}/{part}", parts: {number: ["1", "1.1", "2", "2.1", "2.2"]}}}]}
"""
# Independent parsers disagree about 40 of the 517 attachments. Nearly all are about names and types in which we are of Python's
# opinion or Dovecot's, and about attached messages, which Python writes anew: their octets are those that the server has.
# These are saved otherwise than Python's `email` would have it: the name, octets, and the SHA-256 as it begins.
OTHERWISE = {
    # filename==?utf-8?B?…?= without quotes: Python finds no name. We decode it, as mail programs do.
    ("ruby-mail-00454.eml", "2"): ("This is a test.pdf", 399, "3edf4dcb"),
    # Base64 of 233 characters, cut off: Python gives the characters, undecoded. We save what can be read: 232 of them, 174 octets.
    ("php-mime-mail-parser-02365.eml", "2"): ("사진.JPG", 174, "3fb9a93b"),
    # 49 characters of base64 with "?=" behind their padding: as above.
    ("webklex-02458.eml", "2"): ("Example Domain.pdf", 36, "1c449aaa"),
    # Lines that end in CR alone: Dovecot has made CRLF of them when it stored the message. We save what the server has.
    ("set-of-emails-02051.eml", "2"): ("mailheaders-1035422417.txt", 915, "2c02d2bd"),
}
# `Content-Type: application-x-gzip; name=…`: Dovecot tells no parameters of a type that is none. So there is no name and it is
# no attachment; `parts: {number: "1"}` saves it.
NOT_SAVED = {("mimekit-00069.eml", "1")}
# Parts that Python does not see, behind broken boundaries and headers: Dovecot does, and what it gives is saved.
ONLY_ON_SERVERS = {
    # Not base64 but a sentence that says so: the letters in it are decoded.
    ("cpython-00015.eml", "2"): ("xx.gif", 21, "77e630bb"),
    ("ruby-mail-00493.eml", "1"): ("2013-08-13_19-08-28-1.jpg", 24, "60531ecc"),
    ("spamscope-02555.eml", "2"): ("20160523_916527.jpg_.zip", 86908, "fc73e149"),
    ("enmime-02584.eml", "2"): ("7DDA4_foo_9E5D72.zip", 7, "b53a5538"),
}
File = tuple[str, int, str]     # name, octets, SHA-256 as it begins


@dataclass(frozen=True)
class Run:
    uids: dict[int, Sample]
    files: Path
    on_server: dict[int, bytes]
    moments: dict[int, float]       # INTERNALDATE
    again: str                      # what a second run says


@pytest.fixture(scope="module")
def run(corpus: Corpus, dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> Run:
    home, user = tmp_path_factory.mktemp("saved"), dovecot.user()
    uids, on_server, moments = {}, {}, {}
    with dovecot.client(user) as client:
        client.normalise_times = False
        client.select_folder("INBOX")
        for sample in corpus:
            uid = int(re.findall(rb"APPENDUID \d+ (\d+)", client.append("INBOX", sample.octets))[0])
            data = client.fetch([uid], ["BODY.PEEK[]", "INTERNALDATE"])[uid]
            uids[uid], on_server[uid], moments[uid] = sample, data[b"BODY[]"], data[b"INTERNALDATE"].timestamp()
    (home / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    done = mailbot(home, "apply", "--yes", seconds=300)
    assert done.returncode == 0, done.stderr[-2000:]
    again = mailbot(home, "apply", "--yes")
    assert again.returncode == 0, again.stderr[-2000:]
    return Run(uids, home / "files", on_server, moments, again.stdout)


def about(name: str, octets: bytes) -> File:
    return name, len(octets), sha256(octets).hexdigest()[:8]


def saved(run: Run, uid: int) -> set[File]:
    folder = run.files / "parts" / str(uid)
    return {about(path.name, path.read_bytes()) for path in folder.iterdir()} if folder.exists() else set()


def wanted(known: list[File]) -> set[File]:
    """Under their names: the first of a name has it, other content under it gets a number, equal content is there already."""
    taken: dict[str, File] = {}
    for name, size, digest in known:
        stem, dot, extension = name.rpartition(".")
        candidates = (name if number == 1 else f"{stem}-{number}{dot}{extension}" if stem else f"{name}-{number}"
                      for number in range(1, 999))
        free = next(one for one in candidates if one not in taken or taken[one][1:] == (size, digest))
        taken[free] = (free, size, digest)
    return set(taken.values())


def expected(sample: Sample) -> Iterator[tuple[tuple[int, ...], File]]:
    for one in sample.attachments:
        if (sample.file, one.number) not in NOT_SAVED:
            yield place(one.number), OTHERWISE.get((sample.file, one.number)) or (name(sample, one), one.size, one.sha256[:8])
    for (file, number), known in ONLY_ON_SERVERS.items():
        if file == sample.file:
            yield place(number), known


def place(number: str) -> tuple[int, ...]:
    return tuple(map(int, number.split(".")))


def name(sample: Sample, one: Expected) -> str:
    """What has none is called by its number or its subject."""
    if one.name:
        return safe_name(one.name)
    return file_name(next(part for part in structure_of(sample.octets).walk() if part.number == one.number and not part.is_multipart))


def test_every_attachment_is_a_file_of_its_name_and_content_and_no_other_file_is_there(run: Run) -> None:
    count = 0
    for uid, sample in run.uids.items():
        known = [file for _, file in sorted(expected(sample))]
        assert saved(run, uid) == wanted(known), sample.file
        count += len(known)
    assert count == 517 - len(NOT_SAVED) + len(ONLY_ON_SERVERS)


def test_what_no_parser_disputes_is_among_those_that_are_exactly_right(run: Run) -> None:
    undisputed = [(sample.file, one.number) for sample in run.uids.values() for one in sample.attachments if not one.disputed]
    assert len(undisputed) == 477
    assert not set(undisputed) & (OTHERWISE.keys() | NOT_SAVED)


def test_a_whole_message_is_saved_byte_for_byte_as_the_server_gives_it(run: Run) -> None:
    assert len(list((run.files / "whole").iterdir())) == len(run.uids) == 150
    for uid, octets in run.on_server.items():
        assert (run.files / "whole" / f"{uid}.eml").read_bytes() == octets


def test_a_file_has_the_date_of_its_message(run: Run) -> None:
    for uid, moment in run.moments.items():
        for path in (run.files / "whole" / f"{uid}.eml", *(run.files / "parts" / str(uid)).glob("*")):
            assert path.stat().st_mtime == moment


def test_winmail_dat_is_saved_as_it_is_and_what_is_in_attached_messages_too(run: Run) -> None:
    everything = [(sample, one) for sample in run.uids.values() for one in sample.attachments]
    assert sum(one.name.lower() == "winmail.dat" for _, one in everything) >= 2
    messages = {sample.file: tuple(f"{one.number}." for one in sample.attachments if one.type == "message/rfc822")
                for sample in run.uids.values()}
    assert sum(one.number.startswith(messages[sample.file]) for sample, one in everything) >= 10


def test_parts_are_reached_by_their_number_be_they_attachments_or_not(run: Run) -> None:
    compared = 0
    for uid, sample in run.uids.items():
        by_number = {one.number: one for one in sample.attachments if (sample.file, one.number) not in OTHERWISE}
        for path in (run.files / "within" / str(uid)).glob("*"):
            if path.name in by_number:
                one = by_number[path.name]
                assert about("", path.read_bytes()) == ("", one.size, one.sha256[:8]), (sample.file, path.name)
                compared += 1
    assert compared > 100


def test_a_further_run_finds_everything_done(run: Run) -> None:
    assert "0 files to save" in run.again


def test_nothing_is_left_behind(run: Run) -> None:
    assert list(run.files.rglob(".*")) == []
