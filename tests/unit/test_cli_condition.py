import pytest

from mailbot.cli.condition import condition, joined
from mailbot.errors import UsageError
from mailbot.search.nodes import ALL, And, Key, Or

FROM = Key("from", "ada")


@pytest.mark.parametrize(("text", "node"), [
    ("from: ada", condition("FROM ada")),
    ("from: ada, unseen: true", And((FROM, condition("unseen: true")))),
    ("{from: ada, unseen: true}", condition("from: ada, unseen: true")),
    ("any: [{from: ada}, {from: bob}]", Or((FROM, Key("from", "bob")))),
    ("OR FROM ada FROM bob", Or((FROM, Key("from", "bob")))),
    ("(FROM ada)", FROM),
    ("ALL", ALL),
    ("unseen", condition("UNSEEN")),
])
def test_yaml_in_one_line_and_raw_search_are_told_apart(text, node):
    assert condition(text) == node


@pytest.mark.parametrize(("words", "text"), [
    (["from: ada, unseen: true"], "from: ada, unseen: true"),
    (["FROM", "ada", "UNSEEN"], "FROM ada UNSEEN"),
    (["SUBJECT", "hello SEEN"], 'SUBJECT "hello SEEN"'),
    (["SUBJECT", 'say "hi"'], r'SUBJECT "say \"hi\""'),
    (["OR", "(FROM a SUBJECT b)", "SEEN"], "OR (FROM a SUBJECT b) SEEN"),
    (["subject:", "to do"], 'subject: "to do"'),
    (["FROM", "山田", "SUBJECT", '"für"'], 'FROM "山田" SUBJECT "für"'),
])
def test_a_word_with_a_space_in_it_stays_one_text(words, text):
    assert joined(words) == text


@pytest.mark.parametrize(("text", "place", "word"), [
    ("form: ada", ":1:2:", "from"), ("FORM ada", ":1:1:", "FROM"), ("From: ada", ":1:2:", "lower case"), ("FROM", ":1:5:", "text"),
    ("from: [", ":1:", ""), ("", ":1:1:", ""), ("subject: ''", ":1:11:", "empty"), ("from: {file: nowhere.txt}", ":1:", "nowhere.txt"),
])
def test_a_mistake_is_told_with_its_place_and_the_way_out(text, place, word):
    with pytest.raises(UsageError) as caught:
        condition(text)
    assert place in str(caught.value)
    assert word in str(caught.value)
