"""Whatever text stands in a rule, in whatever place: refused at load, or one tag in and one command out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.document.load import load
from mailbot.document.problems import Position, Problems
from mailbot.document.values import Scalar
from mailbot.imap.command import flag
from mailbot.imap.searching import Searching
from mailbot.rules.flags import flags
from mailbot.search.needs import server_keys
from mailbot.search.nodes import Node
from mailbot.search.parse import condition
from tests.e2e.bot import in_the_clear, mailbot
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy
from tests.wire.test_injection import assert_one

NASTY = ["a\r\nM9 DELETE INBOX", "{5}", "{5+}", 'say "hi"', "back\\slash", "(paren", "100 %", "*", "[x]", "café 😀", "\u202eabc", "NIL",
         "a b", "~", "\\Seen"]
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(alphabet='{}5+()"\\%*[] aé😀\r\n\t', min_size=1, max_size=20),
                  st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
# Where a text can stand in a condition; TEXT is the text in quotes.
PLACES = ["{from: TEXT}", "{to: [TEXT, x]}", "{cc: TEXT}", "{bcc: TEXT}", "{subject: TEXT}", "{body: TEXT}", "{text: TEXT}",
          "{header: {List-Id: TEXT}}", "{header: {TEXT: x}}", "{header: {TEXT: true}}", "{keyword: TEXT}", "{unkeyword: TEXT}",
          "{gmail: TEXT}", "{gmail_label: TEXT}", "{uid: TEXT}", "{matches: {subject: TEXT}}", "{matches: {TEXT: x}}",
          "{address: {from: TEXT}}", "{domain: {recipient: TEXT}}", "{larger: TEXT}", "{since: TEXT}", "{attachment: {name: TEXT}}",
          "{attachment: {type: TEXT}}", "{search: TEXT}", "{not: {subject: TEXT}}", "{any: [{from: TEXT}, {body: TEXT}]}"]


def read(text: str) -> Node | None:
    problems = Problems()
    value = load(text, "rules.yaml", problems)
    node = None if value is None else condition(value, problems, lists=lambda *_: None)
    return None if problems.items else node


@given(st.sampled_from(PLACES), TEXTS, st.sampled_from([frozenset({"ESEARCH", "X-GM-EXT-1", "WITHIN"}), frozenset[str]()]))
def test_a_condition_is_refused_or_sent_as_one_command(place: str, text: str, capabilities: frozenset[str]) -> None:
    node = read(place.replace("TEXT", json.dumps(text, ensure_ascii=False)))
    if node is None:
        return
    searching = Searching(capabilities, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    questions = [searching.narrowing(node, [b"1:*"]), searching.question(node, [b"1:*"]),
                 *(searching.question(key, [b"1:*"]) for key in server_keys(node))]
    for asked in questions:
        for command in asked.commands:
            assert_one(command)


@pytest.mark.parametrize("place", PLACES)
def test_no_line_break_comes_through(place: str) -> None:
    """Not even in a raw SEARCH program, where other white space is nothing."""
    node = read(place.replace("TEXT", json.dumps("x\r\nM9 DELETE INBOX")))
    assert node is None or "search" in place


def test_a_keyword_that_a_rule_may_name_is_one_that_can_be_sent() -> None:
    for text in map(chr, range(1, 256)):
        problems = Problems()
        named = flags(Scalar(f"a{text}b", "text", f"a{text}b", quoted=True, position=Position("rules.yaml", 1, 1)), problems)
        assert (named is not None) is (flag(f"a{text}b") is not None), ascii(text)
        assert (read(json.dumps({"keyword": f"a{text}b"})) is not None) is (named is not None), ascii(text)


FOLDERS = ["{5}", 'say "hi"', "back\\slash", "(paren", "café 😀", "a~", "NIL", "INBOX]", "& co", "a  b"]
NAMED = ["{5}", 'say "hi"', "(paren", "😀", "100 %", "*", "M9 DELETE INBOX"]


def test_a_whole_file_of_nasty_texts_does_what_it_says_and_nothing_else(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    before = set(dovecot.snapshot(user))
    rules, mail = [], []
    for number, folder in enumerate(FOLDERS):
        text = NAMED[number % len(NAMED)]
        quoted = json.dumps(f"{text} {number}", ensure_ascii=False)
        to = json.dumps(folder.replace("{", "{{").replace("}", "}}"), ensure_ascii=False)
        rules.append(f"  - {{name: {quoted}, when: {{any: [{{subject: {quoted}}}, {{body: {quoted}}}]}}, then: [{{copy: {to}}}]}}\n")
        mail.append(message(f"{text} {number}"))
    dovecot.deliver(user, *mail)
    with Proxy((dovecot.host, dovecot.port)) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + "rules:\n" + "".join(rules))
        ended = mailbot(tmp_path, "apply", "--yes")
        assert ended.returncode == 0, ended.stderr
        verbs = {verb for _, verb in proxy.verbs()}
    assert verbs <= {"CAPABILITY", "AUTHENTICATE", "LOGIN", "NAMESPACE", "LIST", "EXAMINE", "SELECT", "STATUS", "UID SEARCH", "UID FETCH",
                     "UID COPY", "CREATE", "SUBSCRIBE", "NOOP", "LOGOUT", "UNSELECT", "ENABLE", "ID"}, verbs
    after = dovecot.snapshot(user)
    assert set(after) - before == set(FOLDERS)
    assert all(len(after[folder]) == 1 for folder in FOLDERS)
    assert len(after["INBOX"]) == len(mail)


# RFC 3501 9: all that an atom may hold, less letters and digits; and `[`, which the client of these tests cannot read.
ODD_KEYWORD = "a!#$&'+,-./:;<=>?@^_`|}~"


def test_nasty_names_of_folders_that_rules_look_at_and_file_into_by_what_strangers_write(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    with dovecot.client(user) as client:
        for number, folder in enumerate(FOLDERS):
            client.create_folder(folder)
            client.append(folder, message(f"\u202e{NASTY[number].splitlines()[-1]}"))
    looks_at = json.dumps(FOLDERS, ensure_ascii=False)
    with Proxy((dovecot.host, dovecot.port)) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + f"""
rules:
  - name: "{{5}} () \\"%*"
    folders: {looks_at}
    when: {{undeleted: true}}
    then: [{{flag: {json.dumps(ODD_KEYWORD)}}}, {{move: "From/{{folder}}/{{subject}}"}}]
""")
        ended = mailbot(tmp_path, "apply", "--yes")
        assert ended.returncode == 0, ended.stderr
        assert {verb for _, verb in proxy.verbs()} <= {
            "CAPABILITY", "AUTHENTICATE", "LOGIN", "NAMESPACE", "LIST", "EXAMINE", "SELECT", "STATUS", "UID SEARCH", "UID FETCH",
            "UID STORE", "UID MOVE", "CREATE", "SUBSCRIBE", "NOOP", "LOGOUT", "UNSELECT", "ENABLE", "ID"}
    after = dovecot.snapshot(user)
    filed = [name for name, rows in after.items() if name.startswith("From/") and rows]
    assert [name.count("/") for name in filed] == [2] * len(FOLDERS), "a stranger's text is one level, whatever it holds"
    assert all(flags == {ODD_KEYWORD} for name in filed for flags, _ in after[name].values())
    assert not any(after[folder] for folder in FOLDERS)
