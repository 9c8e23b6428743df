"""One set of conversations, two servers, the same answers: the simulator is held to Dovecot.

What is not compared is named with its reason: DIFFERENCES in talking.py (response codes), UNLIKE in conversations.py (commands).
"""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.effects import AddFlags, Copy, Delete, Fields, Move, Order, RemoveFlags, SetFlags, Wanted
from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Settings
from mailbot.search.grammar import program
from mailbot.sim.server import CAPABILITIES, Server
from tests.lab.dovecot import Dovecot
from tests.lab.server import PASSWORD
from tests.server.conversations import CONVERSATIONS, FILL, MAIL, UNLIKE
from tests.server.talking import Transcript, transcript


@pytest.fixture(scope="module")
def sim() -> Iterator[Server]:
    with Server() as server:
        yield server


_NUMBER = count()


def _both(talk: str, dovecot: Dovecot, sim: Server) -> tuple[Transcript, Transcript]:
    """What Dovecot says, what the simulator says, each to a user nobody has used."""
    return (transcript(talk, dovecot.port, dovecot.user(), MAIL), transcript(talk, sim.port, f"user{next(_NUMBER)}", MAIL))


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_simulator_answers_as_dovecot_does(dovecot: Dovecot, sim: Server, name: str) -> None:
    theirs, ours = _both(CONVERSATIONS[name], dovecot, sim)
    assert ours == theirs


@pytest.mark.parametrize("command", UNLIKE)
def test_where_they_differ_the_simulator_refuses(dovecot: Dovecot, sim: Server, command: str) -> None:
    (_, theirs), (_, ours) = (lines[-1] for lines in _both(f"{FILL}\nSELECT INBOX\n{command}", dovecot, sim))
    assert (theirs[-1], ours) == ("OK", ["BAD"]), "no difference any more: it can go from UNLIKE"


_UIDS = st.sampled_from(["1", "2:4", "3,1", "*", "5:*", "99"])
_FLAGS = st.sampled_from(["\\Seen", "\\Deleted", "\\Flagged $todo", "$TODO", "$new \\Answered"])
_NAMES = st.sampled_from(["Work", "Work/deep", "Work/deep/er", '"a b"', "nowhere", "inbox"])
_PARTS = st.sampled_from(["[]", "[HEADER]", "[TEXT]<3.9>", "[1]", "[2]", "[2.1]", "[1.MIME]", "[3.HEADER]", "[3.2]", "[]<9999.5>",
                          "[HEADER.FIELDS (Subject From)]", "[HEADER.FIELDS.NOT (TO)]"])
_COMMANDS = st.one_of(
    st.builds("{} {}".format, st.sampled_from(["CREATE", "DELETE", "SELECT INBOX\nDELETE"]), _NAMES),
    st.builds("RENAME {} {}".format, _NAMES, _NAMES),
    st.sampled_from(['LIST "" *', 'LIST "" %', 'LIST "" Work* RETURN (CHILDREN)', 'LIST Work/ %']),
    st.builds("UID FETCH {} (BODY.PEEK{} BODYSTRUCTURE)".format, _UIDS, _PARTS),
    st.builds("UID STORE {} {}FLAGS{} ({})".format, _UIDS, st.sampled_from("+-"), st.sampled_from(["", ".SILENT"]), _FLAGS),
    st.builds("UID STORE {} FLAGS ({})".format, _UIDS, _FLAGS),
    st.builds("UID {} {} {}".format, st.sampled_from(["COPY", "MOVE"]), _UIDS, st.sampled_from(["Archive", "INBOX", "nowhere"])),
    st.builds("UID EXPUNGE {}".format, _UIDS),
    st.builds("UID FETCH {} (UID FLAGS RFC822.SIZE)".format, _UIDS),
    st.builds("UID SEARCH RETURN (ALL COUNT) {}".format, st.sampled_from(["SEEN", "NOT DELETED", "KEYWORD $todo", "UID 3:*"])),
    st.sampled_from(["NOOP", "EXPUNGE", "APPEND INBOX (\\Seen) {+two}", "SELECT INBOX"]),
    st.just("STATUS Archive (MESSAGES UIDNEXT UNSEEN)"),
)

@settings(max_examples=60, deadline=None)
@given(commands=st.lists(_COMMANDS, min_size=1, max_size=12))
def test_whatever_is_said_in_whatever_order(dovecot: Dovecot, sim: Server, commands: list[str]) -> None:
    theirs, ours = _both("\n".join([FILL, FILL, "APPEND INBOX {parts}", "SELECT INBOX", *commands]), dovecot, sim)
    assert ours == theirs


# ---- the same through mailbot's own Session

def _session(port: int, user: str) -> Session:
    return connect(Settings(account="home", host="127.0.0.1", port=port, tls="none", user=user), lambda: PASSWORD)


def _worked(session: Session) -> list[object]:
    """Everything that a Session is used for, and what came of it."""
    seen: list[object] = [session.folders().special, session.select("INBOX").exists]
    node = program('OR SUBJECT "one" BODY "second"')
    wanted = Wanted(Fields(frozenset({"subject"}), structure=True), since=1, narrow=node, ask=(program("BODY second"),))
    for block in session.gather(wanted):
        seen += [(one.uid, one.flags - {r"\Recent"}, one.received, one.size) for one in block.messages]
        seen += [(one.headers, one.structure) for one in block.messages]
        seen += [block.judged, list(block.answers.values())]
    seen.append(b"".join(session.part(4, "2"))[:9])
    orders = [Order(AddFlags(frozenset({r"\Seen", "$a"})), (1, 2)), Order(RemoveFlags(frozenset({r"\Flagged"})), (2,)),
              Order(SetFlags(frozenset({"$b"})), (3,)), Order(Copy("New/Copies"), (1, 3)), Order(Move("New"), (2,)),
              Order(Delete(), (3,)), Order(Move("nowhere", create=False), (4,))]
    for outcome in session.apply(orders):
        seen.append((outcome.uid, outcome.effect, outcome.cause, outcome.target_uid, outcome.why if outcome.done else ""))
    seen.append({uid: one.flags - {r"\Recent"} for uid, one in session.fetch(range(1, 9), Fields()).items()})
    seen.append({name: (state.exists, state.uidnext) for name, state in session.status(["INBOX", "New", "New/Copies"]).items()})
    return seen


@pytest.mark.parametrize("hidden", [(), ("MOVE", "UIDPLUS")], ids=" ".join)
def test_mailbot_finds_and_does_the_same_on_both(dovecot_without: Callable[..., Dovecot], hidden: tuple[str, ...]) -> None:
    dovecot = dovecot_without(*hidden)
    with Server(capabilities=CAPABILITIES - set(hidden)) as sim:
        seen = []
        for port, user in ((dovecot.port, dovecot.user()), (sim.port, "ada")):
            transcript(FILL + "APPEND INBOX {parts}", port, user, MAIL)
            with _session(port, user) as session:
                seen.append(_worked(session))
    assert seen[1] == seen[0]
