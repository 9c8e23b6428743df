"""What is known of the selected folder, whatever comes and goes in it."""

from hypothesis import given
from hypothesis import strategies as st

from mailbot.effects import FolderState
from mailbot.imap.lexer import Response
from mailbot.imap.selected import Selected


class Folder:
    """The server's side: UIDs in the order of their sequence numbers. What is done is told at once."""

    def __init__(self, there: int, uidnext: int) -> None:
        self.uids, self.uidnext = list(range(uidnext - there, uidnext)), uidnext
        self.selected = Selected(self.state())
        self.cursor = uidnext       # where whoever reads what arrives goes on
        self.missed: list[int] = []

    def state(self) -> FolderState:
        return FolderState("INBOX", 7, self.uidnext, len(self.uids), frozenset(), read_only=False)

    def tell(self, line: str) -> None:
        self.selected.hear(Response.read([f"* {line}\r\n".encode()]))

    def arrive(self, messages: int) -> None:
        for _ in range(messages):
            self.uids.append(self.uidnext)
            self.uidnext += 1
        self.tell(f"{len(self.uids)} EXISTS")

    def expunge(self, number: int) -> None:
        if self.uids:
            number = number % len(self.uids)
            del self.uids[number]
            self.tell(f"{number + 1} EXPUNGE")

    def gather(self, since: int, meanwhile: int) -> None:
        """Mail that comes while it is read is told, and not among it."""
        announced, found = len(self.uids), [uid for uid in self.uids if uid >= since]
        if meanwhile:
            self.arrive(meanwhile)
        self.selected.gathered(since, announced, max(found, default=0))

    def pass_over(self, meanwhile: int) -> None:
        """As an arrival pass does it: to the UIDNEXT that was known before, whatever was found."""
        known, since = self.selected.current().uidnext, self.cursor
        unseen = [uid for uid in self.uids if uid >= since]
        self.gather(since, meanwhile)
        self.cursor = max(self.cursor, known, max(unseen, default=0) + 1)
        self.missed += [uid for uid in self.uids if since <= uid < self.cursor and uid not in unseen]

    def look_elsewhere(self, meanwhile: int) -> None:
        for _ in range(meanwhile):
            self.uids.append(self.uidnext)
            self.uidnext += 1
        self.selected.selected_again(self.state())


DEEDS = st.lists(st.one_of(
    st.tuples(st.just("arrive"), st.integers(1, 3)),
    st.tuples(st.just("expunge"), st.integers(0, 9)),
    st.tuples(st.just("pass_over"), st.integers(0, 2)),
    st.tuples(st.just("look_elsewhere"), st.integers(0, 2)),
    st.tuples(st.just("gather"), st.sampled_from([1, 3, 8]), st.integers(0, 2)),
), max_size=25)


@given(there=st.integers(0, 5), behind=st.integers(0, 3), deeds=DEEDS)
def test_uidnext_is_never_more_than_it_is_and_nobody_is_missed(there: int, behind: int, deeds: list[tuple]) -> None:
    folder = Folder(there, 10)
    folder.cursor -= min(behind, there)     # some of it came while nobody was connected
    for name, *values in deeds:
        getattr(folder, name)(*values)
        assert folder.selected.current().uidnext <= folder.uidnext
        assert folder.selected.gathered_state().uidnext <= folder.selected.current().uidnext
    assert folder.missed == []


def test_mail_behind_the_cursor_and_mail_that_comes_during_the_first_look_are_not_counted_twice() -> None:
    folder = Folder(there=3, uidnext=10)
    folder.cursor = 8       # 8 and 9 came while nobody was connected
    folder.arrive(1)
    folder.pass_over(0)
    assert folder.selected.current().uidnext == 11
    folder.pass_over(0)
    folder.arrive(1)
    folder.pass_over(0)
    assert folder.cursor == 12
    assert folder.missed == []


def test_news_stay_news_until_they_are_read() -> None:
    folder = Folder(there=3, uidnext=10)
    folder.arrive(1)
    assert folder.selected.news
    folder.gather(1, 0)
    assert folder.selected.news, "a look through the whole folder is not the one that they are meant for"
    folder.pass_over(1)
    assert folder.selected.news, "one came while they were read"
    folder.pass_over(0)
    assert not folder.selected.news
