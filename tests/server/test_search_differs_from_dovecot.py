"""Where our reading is not Dovecot's answer: each difference with its reason. All others are in test_search_judged_by_dovecot.

Where we find more than the server, a search that narrows a folder down would lose the message; so narrowing uses only
words of ASCII, and the headers of which not every server makes the same text are read (mailbot/mail/plain.py).
"""

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imapclient import IMAPClient

from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.search.compile import compile as compile_search
from mailbot.search.evaluate import verdict
from mailbot.search.grammar import program
from mailbot.search.nodes import Key
from tests.lab.dovecot import Dovecot
from tests.server.judging import Mail, filled, found, judged, literally

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)

WE_FIND_LESS = [
    # i;unicode-casemap takes accents and compatibility forms apart, so half a letter is found in it
    ("Subject: café", "SUBJECT cafe"),
    ("Subject: ＡＢＣ", "SUBJECT abc"),
    ("Subject: wait…", 'SUBJECT "..."'),
    ("Subject: ıx", "SUBJECT ix"),
    ("Subject: a\u00a0b", 'SUBJECT "a b"'),
    # FROM, TO, CC and BCC are looked for in addresses that Dovecot has written anew
    ('From: "Ada" <ada@x.test>', 'FROM "Ada <"'),
    ("From: Ada L <ada@x.test>", r'FROM "\"Ada"'),
    ("From: Ada <ada @ x . test>", "FROM ada@x.test"),
    # a Date that is missing or unreadable counts as 1970
    ("X-A: b", "SENTBEFORE 1-Jan-2026"),
    ("Date: yesterday", "SENTBEFORE 1-Jan-2026"),
]
WE_FIND_MORE = [
    # spaces in a row count as one for us: for Dovecot in SUBJECT only, and not inside encoded words
    ("Subject: a  b", 'SUBJECT "a  b"'),
    ("Subject: =?utf-8?q?a__b?=", 'SUBJECT "a b"'),
    ("X-A: a  b", 'HEADER X-A "a b"'),
    ("X-A: a\tb", 'HEADER X-A "a b"'),
    ("Subject: =?utf-8?q?a=0Ab?=", 'SUBJECT "a b"'),
    # 8-bit text that says no charset and is not UTF-8 is Latin-1 for us; the ANGSTROM SIGN is the letter
    (b"Subject: M\xfcller", 'SUBJECT "müller"'),
    ("Subject: \u212b", 'SUBJECT "å"'),
    # FROM as above
    ('From: "Ada" (at work) <ada@x.test>', "FROM work"),
    # a Date of a form that RFC 5322 never had
    ("Date: Mon Jan  5 10:00:00 2026", "SENTON 5-Jan-2026"),
    # encoded words in a charset, or with a language (RFC 2231 5), that Dovecot does not know: it leaves them out
    ("Subject: =?x-unknown?q?ada?=", "SUBJECT ada"),
    ("Subject: =?utf-8*en?q?ada?=", "SUBJECT ada"),
    ("Subject: re: =?iso-8859-8-i?q?ada?=", "SUBJECT ada"),
    # here it takes two letters for one sign
    ("Subject: =?ks_c_5601-1987?q?ada?=", "SUBJECT ada"),
]


@pytest.fixture(scope="module")
def client(dovecot: Dovecot) -> IMAPClient:
    return dovecot.client(dovecot.user())


def _judged(client: IMAPClient, header: str | bytes, text: str) -> tuple[bool | None, bool, bool]:
    return judged(client, f"box{abs(hash((header, text)))}", header, text, NOW)


@pytest.mark.parametrize(("header", "text"), WE_FIND_LESS)
def test_dovecot_finds_what_we_do_not(client: IMAPClient, header: str, text: str) -> None:
    ours, theirs, _ = _judged(client, header, text)
    assert (ours, theirs) == (False, True)


@pytest.mark.parametrize(("header", "text"), WE_FIND_MORE)
def test_we_find_what_dovecot_does_not_and_narrowing_keeps_it(client: IMAPClient, header: str | bytes, text: str) -> None:
    assert _judged(client, header, text) == (True, False, True)


@pytest.mark.parametrize(("said", "meant"), [
    ("OR NOT BEFORE 3-Jan-2026 NOT BEFORE 5-Jan-2026", "OR SINCE 3-Jan-2026 SINCE 5-Jan-2026"),
    ("OR NOT SINCE 3-Jan-2026 NOT SINCE 5-Jan-2026", "OR BEFORE 3-Jan-2026 BEFORE 5-Jan-2026"),
    ("OR NOT LARGER 200 NOT LARGER 500", "OR SMALLER 201 SMALLER 501"),
    ("NOT SMALLER 200 NOT SMALLER 500", "LARGER 199 LARGER 499"),
    ("OR NEW NOT NEW", "OR (RECENT UNSEEN) OR OLD SEEN"),
])
def test_dovecot_takes_an_or_of_negated_keys_for_an_and_so_we_send_their_contraries(client: IMAPClient, said: str,
    meant: str) -> None:
    folder = f"not{abs(hash(said))}"
    mails = [Mail(b"Subject: x\r\n", (r"\Seen",) if day % 2 else (), NOW.replace(day=day),
                  b"x" * 100 * day + b"\r\n") for day in range(1, 9)]
    filled(client, folder, mails)
    assert found(client, (said.encode(),)) != found(client, (meant.encode(),))
    for kept in (said, meant):
        tokens = compile_search(program(kept), capabilities=frozenset(), now=NOW)
        assert found(client, tokens) >= found(client, (meant.encode(),))


@pytest.mark.parametrize("said", ["OR UNSEEN UNFLAGGED", "OR UNANSWERED UNSEEN", "NOT (SEEN FLAGGED)", "OR UNSEEN OLD",
                                  "OR UNDELETED UNDRAFT", "OR UNDRAFT OR UNSEEN UNDELETED", "OR UNSEEN UNFLAGGED SMALLER 9999"])
def test_dovecot_overlooks_read_mail_where_another_flag_is_not_set_and_so_we_ask_for_them_apart(client: IMAPClient,
    said: str) -> None:
    filled(client, f"apart{abs(hash(said))}", [Mail(b"Subject: x\r\n", (r"\Seen", r"\Deleted"), NOW)] * 3)
    client.unselect_folder()
    client.select_folder(f"apart{abs(hash(said))}")     # not recent any more
    assert not found(client, (said.encode(),))
    assert len(found(client, compile_search(program(said), capabilities=frozenset(), now=NOW))) == 3


BODIES = ["plain words here\n", "HÄLLÖ wörld\n", "two words split\nover lines\n",
          "x" * 300 + " soft break word " + "y" * 300 + "\n", "日本語の本文\n"]
LOOKED_FOR = ["words", "WORDS", "hällö", "split", "break word", "本文", "nothing", "subj", "caf", "b1"]


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ada@example.org", draw(st.sampled_from(["Subject of it", "café b1"]))
    mail.set_content(draw(st.sampled_from(BODIES)), cte=draw(st.sampled_from(["base64", "quoted-printable"])))
    if draw(st.booleans()):
        mail.add_alternative(f"<p>{draw(st.sampled_from(BODIES))}</p>", subtype="html")
    if draw(st.booleans()):
        mail.add_attachment(b"words in an attachment", maintype="application", subtype="octet-stream", filename="words.bin")
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"b{number}-")        # else it is random
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@given(st.lists(mails(), min_size=1, max_size=8), st.sampled_from(["body", "text"]), st.sampled_from(LOOKED_FOR))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_body_of_a_message_at_hand_is_read_as_dovecot_reads_it(client: IMAPClient, raws: list[bytes], name: str,
                                                                   text: str) -> None:
    if client.folder_exists("Bodies"):
        client.delete_folder("Bodies")
    client.create_folder("Bodies")
    for raw in raws:
        client.append("Bodies", raw)
    client.select_folder("Bodies")
    node = Key(name, (text,))
    ours = {number for number, raw in enumerate(raws, 1)
            if verdict(node, Message(number, frozenset(), NOW, len(raw), Headers.parse(raw), body=raw), {}, NOW)}
    assert ours == found(client, literally(node))
    client.unselect_folder()
