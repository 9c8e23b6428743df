"""Folder names, ours and the server's (RFC 3501 5.1, RFC 2342)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient import imap_utf7

from mailbot.imap.command import Literal
from mailbot.imap.names import Names

DOVECOT = Names()
COURIER = Names("INBOX.", ".", ("#shared.", "shared."))
EXCHANGE = Names("", "\\")
FLAT = Names("", "")


def octets(word: bytes | Literal) -> bytes:
    """The mailbox that an argument names."""
    if isinstance(word, Literal):
        return word.octets
    return word[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\")


@pytest.mark.parametrize(
    ("names", "ours", "theirs"),
    [
        (DOVECOT, "INBOX", b"INBOX"), (DOVECOT, "Archive/2026", b"Archive/2026"), (DOVECOT, "a.b", b"a.b"),
        (DOVECOT, "INBOX/Sub", b"INBOX/Sub"), (DOVECOT, "Entwürfe", b"Entw&APw-rfe"), (DOVECOT, "R&D", b"R&-D"),
        (COURIER, "INBOX", b"INBOX"), (COURIER, "Archive/2026", b"INBOX.Archive.2026"), (COURIER, "shared/team", b"shared.team"),
        (COURIER, "INBOX/Sub", b"INBOX.INBOX.Sub"),
        (EXCHANGE, "Archive/2026", b"Archive\\2026"), (FLAT, "Archive", b"Archive"), (FLAT, "a/b", b"a/b"),
    ],
)
def test_names_are_translated_both_ways(names: Names, ours: str, theirs: bytes) -> None:
    assert octets(names.wire(ours)) == theirs
    assert names.ours(theirs) == ours


@pytest.mark.parametrize(
    ("names", "ours", "theirs"),
    [
        (COURIER, "Lists/example.org", "INBOX.Lists.example\uff0eorg"),     # one level, not two
        (DOVECOT, "Lists/example.org", "Lists/example.org"),
        (EXCHANGE, "a\\b/c", "a\uff3cb\\c"),
        (COURIER, "a\uff0fb/c", "INBOX.a/b.c"),                             # a "/" in a level of theirs is no level of ours
    ],
)
def test_a_level_that_holds_a_delimiter_stays_one_level(names: Names, ours: str, theirs: str) -> None:
    encoded = octets(names.wire(ours))
    assert imap_utf7.decode(encoded) == theirs
    assert names.ours(encoded) == ours


@given(st.text(alphabet="abINBOX.\\é&~ \uff0e", min_size=1, max_size=8).filter(str.strip), st.sampled_from([DOVECOT, COURIER, EXCHANGE]))
def test_a_level_of_ours_never_becomes_two(level: str, names: Names) -> None:
    theirs = octets(names.wire(f"x/{level}"))
    assert theirs.removeprefix(names.prefix.encode()).count(names.delimiter.encode()) == 1


@pytest.mark.parametrize("listed", [b"INBOX", b"inbox", b"Inbox"])
def test_inbox_is_written_in_capitals(listed: bytes) -> None:
    assert DOVECOT.ours(listed) == "INBOX"


@pytest.mark.parametrize("listed", [b"&&&", b"&-&", b"caf\xc3\xa9", b"\xff\xfe", b"&AAA", b"&2AA-"])
def test_what_is_no_modified_utf_7_is_still_a_name(listed: bytes) -> None:
    assert DOVECOT.ours(listed)


def test_another_users_folder_is_not_our_own() -> None:
    assert COURIER.is_own(b"INBOX.Archive")
    assert not COURIER.is_own(b"shared.team")
    assert not COURIER.is_own(b"shared")
