import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.cli import main
from mailbot.cli.output import json_document, text_lines
from mailbot.cli.table import Column, table
from mailbot.errors import MailbotError
from mailbot.plan.columns import columns, plain

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
