"""Random conditions, all keys among them."""

from datetime import date, timedelta

from hypothesis import strategies as st

from mailbot.search.attachments import Attached, PartFilter
from mailbot.search.nodes import And, Key, Node, Not, Or
from mailbot.search.patterns import Pattern, compiled

TEXTS = st.sampled_from(["a", "ada", "Invoice", "café", "CAFE", "(", '"', "\\", "{5}", "*", "a b", "  b", "ß", "日本", "x@y.org"])
NAMES = st.sampled_from(["from", "to", "cc", "bcc", "sender", "reply_to", "recipient"])
FLAGS = ["answered", "deleted", "draft", "flagged", "seen", "recent", "new", "old", "unanswered", "undeleted", "undraft",
         "unflagged", "unseen"]
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 9))
AGES = st.integers(1, 10**7).map(lambda seconds: timedelta(seconds=seconds))
SETS = st.lists(st.tuples(st.integers(1, 20), st.one_of(st.none(), st.integers(0, 20))).map(
    lambda ends: (ends[0], None if ends[1] is None else ends[0] + ends[1])), min_size=1, max_size=3).map(tuple)
PATTERNS = st.sampled_from(["^a", "(?i)ada", "(?P<x>b+)", "[0-9]"])


def _keys(names: list[str], values: st.SearchStrategy[object]) -> st.SearchStrategy[Node]:
    return st.builds(Key, st.sampled_from(names), values)


ANSWERED_HERE: st.SearchStrategy[Node] = st.one_of(
    _keys(["from", "to", "cc", "bcc", "subject"], TEXTS),
    _keys(["header"], st.tuples(st.sampled_from(["list-id", "x-a", "subject"]), st.one_of(TEXTS, st.booleans()))),
    _keys(FLAGS, st.booleans()),
    _keys(["keyword", "unkeyword"], st.sampled_from(["$todo", "Work"])),
    _keys(["larger", "smaller"], st.integers(0, 3000)),
    _keys(["before", "on", "since", "sentbefore", "senton", "sentsince"], DAYS),
    _keys(["older", "younger"], AGES),
    _keys(["uid"], SETS),
)
EXACT: st.SearchStrategy[Node] = st.one_of(
    _keys(FLAGS, st.booleans()),
    _keys(["keyword", "unkeyword"], st.sampled_from(["$todo", "Work"])),
    _keys(["uid"], SETS),
    _keys(["body", "text"], st.tuples(TEXTS)),
)
OURS: st.SearchStrategy[Node] = st.one_of(
    _keys(["address"], st.tuples(NAMES, st.sampled_from(["ada@example.org", "x@y.org"]))),
    _keys(["domain"], st.tuples(NAMES, st.sampled_from(["example.org", "org"]))),
    _keys(["matches"], st.builds(lambda header, source: Pattern(header, source, compiled(source)), st.sampled_from(["subject",
        "from"]), PATTERNS)),
    _keys(["attachment"], st.sampled_from([False, Attached(), Attached(PartFilter(names=("*.pdf",)), 2)])),
)
THEIRS: st.SearchStrategy[Node] = st.one_of(
    _keys(["body", "text"], st.lists(TEXTS, min_size=1, max_size=3, unique=True).map(tuple)),
    _keys(["gmail", "gmail_label"], TEXTS),
    _keys(["uid"], st.just("*")),
)


def nodes(leaves: st.SearchStrategy[Node] = ANSWERED_HERE | OURS | THEIRS) -> st.SearchStrategy[Node]:
    return st.recursive(leaves, lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, max_size=4).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=4).map(tuple))), max_leaves=12)
