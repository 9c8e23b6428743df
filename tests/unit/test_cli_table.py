import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.cli import main
from mailbot.cli.output import json_document, text_lines
from mailbot.cli.table import Column, table
from mailbot.errors import MailbotError
from mailbot.plan.columns import columns, folded, plain

HEADS = (Column("uid", right=True), Column("from", least=5), Column("subject", least=8))


def test_columns_are_as_wide_as_their_widest_cell_where_there_is_room():
    assert table(HEADS, [["7", "Ada", "hello"], ["1204", "B", "x"]], width=80, paint=plain) == [
        " uid  from  subject", "   7  Ada   hello", "1204  B     x"]


def test_the_widest_gives_first():
    assert table(HEADS, [["7", "Ada Lovelace", "a subject that is too long"]], width=30, paint=plain)[1] == \
        "  7  Ada Lovela…  a subject t…"


def test_a_wide_character_counts_as_two():
    assert table((Column("a"), Column("b")), [["日本", "x"]], width=80, paint=plain) == ["a     b", "日本  x"]


@given(st.lists(st.tuples(st.integers(0, 9999).map(str), *(st.text("aé日 x", max_size=60) for _ in range(2))), max_size=6),
       st.integers(24, 200))
def test_no_line_is_wider_than_the_terminal(rows, width):
    assert all(columns(line) <= width for line in table(HEADS, rows, width=width, paint=plain))


@given(st.text())
def test_json_is_printable_and_says_the_same(text):
    written = json_document({"subject": text})
    assert written.isprintable()
    assert json.loads(written) == {"version": 1, "subject": text}


@pytest.mark.parametrize("text", ["\x1b[31m", "\u202e", "\x9b1m", "\r", "\x07", "\x7f"])
def test_nothing_of_a_text_moves_the_cursor(text):
    assert all(line.isprintable() for line in text_lines(f"a{text}b\nc\td"))


def test_an_error_moves_no_cursor_either(monkeypatch, capsys):
    def refuse(_arguments):
        raise MailbotError("the server says: \x1b[2J\u202e\nsecond line")
    monkeypatch.setattr(main, "_run", refuse)
    assert main.main(["plan"]) == 1
    assert capsys.readouterr().err == "mailbot: the server says: ·[2J·\nsecond line\n"


ROOMY = (Column("uid", right=True), Column("size", leaves=2), Column("flags", least=5, leaves=1), Column("subject", least=8, share=3))
ROW = ["7", "12 kB", "seen flagged", "a subject that is long"]


def test_of_too_little_room_a_column_with_a_larger_share_keeps_more():
    # 22 columns for the two that give: 5 and 17, as 1 to 3.
    assert table(ROOMY, [ROW], width=36, paint=plain)[1] == "  7  12 kB  seen…  a subject that i…"


@pytest.mark.parametrize(("width", "heads"), [(80, "uid size flags subject"), (24, "uid flags subject"), (15, "uid subject"), (5, "uid")])
def test_where_no_cutting_helps_whole_columns_leave_the_least_wanted_first(width, heads):
    assert table(ROOMY, [ROW], width=width, paint=plain)[0].split() == heads.split()


@given(st.text("a b é日", max_size=80), st.integers(12, 60))
def test_a_sentence_is_folded_between_words_and_keeps_them_all(text, width):
    lines = folded(text, width)
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert all(columns(line) <= width or " " not in line.strip() for line in lines)


def test_what_is_folded_is_set_in_below_its_beginning():
    assert folded("    a rule: moved to Archive", 20) == ["    a rule: moved to", "      Archive"]
