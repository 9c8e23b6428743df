"""Random mail as it really comes, and random conditions about it."""

import base64
import quopri
from datetime import datetime, timedelta
from random import Random

from hypothesis import strategies as st

from mailbot.search.nodes import And, Key, Node, Not, Or
from tests.server.judging import Mail

# Words with their cases mixed; what is found in which is the servers' business and ours.
WORDS = ("Invoice", "INVOICE", "invoices", "café", "CAFÉ", "cafe\u0301s", "Müller", "MÜLLER", "οδος", "ΟΔΟΣ", "日本語", "straße",
         "build", "failed",
         "[dev]", "#42", "(no.", "7)", "{5}", "*", "%", "50%", '"so"', "re:", "x", "ﬁx", "ÅNGSTRÖM", "ångström", "NOT", "ALL")
ADDRESSES = ("ada@example.org", "Ada.Lovelace@Mail.Example.ORG", "bob@x.test", "noreply@sub.x.test", "o'neil@example.org")
NAMES = ("Ada Lovelace", "Müller", "BOB", "日本", "Ada", "Ågot Ø")
KEYWORDS = ("$todo", "Work", "a.b-c")
SYSTEM = (r"\Seen", r"\Answered", r"\Flagged", r"\Draft", r"\Deleted")
ZONES = ("+0000", "-0800", "+0530", "+1400", "GMT", "EST", "-0000")

# A key ends in no letter that carries an accent where it is found, and has nothing of what DIFFERENCES lists.
TEXTS = ("invoice", "VOIC", "Café", "caf", "CAFE\u0301S", "müll", "οδο", "ΟΔΟΣ", "本", "straße", "STRAßE", "build failed", "d f",
         "[DEV]", "(", "{5}", "*", "%",
         '"so"', "\\", "re: ", "42", "ångs", "nothing", "not", "all")
PEOPLE = ("ada", "LOVELACE", "example.org", "@x.test", "müller", "MÜ", "本", "bob", "o'neil", "nobody", ".")


class Sender:
    """Writes mail; the same for the same seed. `undeclared`: 8-bit text in headers too (RFC 6532)."""

    def __init__(self, seed: int, now: datetime, *, undeclared: bool = True) -> None:
        self.random, self.now, self.undeclared = Random(seed), now, undeclared

    def mail(self) -> Mail:
        chance, choose = self.random.random, self.random.choice
        lines = [f"From: {self._people(1)}", f"To: {self._people(self.random.randint(1, 3))}"]
        if chance() < 0.9:
            lines.append(f"{choose(['Subject', 'SUBJECT', 'subject'])}: {self._phrase()}")
        if chance() < 0.3:
            lines.append(f"Cc: {choose(['undisclosed-recipients:;', f'Team: {self._people(2)};', self._people(1)])}")
        if chance() < 0.1:
            lines.append(f"Bcc: {self._people(1)}")
        if chance() < 0.9:
            lines.append(f"Date: {self._date()}")
        for name in ("X-A", "List-Id", "X-A"):
            if chance() < 0.3:
                lines.append(f"{name}: {choose(['', self._phrase(), 'Dev <dev.example.org>'])}")
        self.random.shuffle(lines)
        header = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")
        flags = [flag for flag in (*SYSTEM, *KEYWORDS) if chance() < 0.25]
        received = self.now - timedelta(hours=12 * self.random.randint(1, 20))
        return Mail(header, tuple(flags), received, b"x" * self.random.randint(0, 2000) + b"\r\n")

    def _people(self, count: int) -> str:
        return choose_separator(self.random).join(self._person() for _ in range(count))

    def _person(self) -> str:
        name, address = self.random.choice(NAMES), self.random.choice(ADDRESSES)
        return self.random.choice([
            address, f"<{address}>", f"{self._encoded(name)} <{address}>", f'"{self._raw(name)}" <{address}>',
            f"{self._raw(name)}\r\n <{address}>"])

    def _phrase(self) -> str:
        words = [self._word(self.random.choice(WORDS)) for _ in range(self.random.randint(1, 5))]
        return choose_separator(self.random, ("\r\n ", "\r\n\t", " ", " ")).join(words)

    def _word(self, word: str) -> str:
        return self.random.choice([self._raw, self._encoded])(word)

    def _raw(self, text: str) -> str:
        """As UTF-8."""
        return text if self.undeclared or text.isascii() else self._encoded(text)

    def _encoded(self, text: str) -> str:
        charset = self.random.choice(["utf-8", "UTF-8", "iso-8859-1"])
        try:
            octets = text.encode(charset)
        except UnicodeEncodeError:
            charset, octets = "utf-8", text.encode()
        if self.random.random() < 0.5:
            return f"=?{charset}?{self.random.choice('bB')}?{base64.b64encode(octets).decode()}?="
        quoted = quopri.encodestring(octets, header=True).decode().replace("=\n", "").replace("?", "=3F")
        return f"=?{charset}?{self.random.choice('qQ')}?{quoted}?="

    def _date(self) -> str:
        day = self.now - timedelta(days=self.random.randint(0, 9))
        shown = f"{day.day} {day:%b} {day.year} {self.random.randint(0, 23):02}:30"
        return self.random.choice([f"{day:%a}, {shown}:59", shown]) + f" {self.random.choice(ZONES)}"


def choose_separator(random: Random, among: tuple[str, ...] = (", ", ",", ",\r\n\t")) -> str:
    return random.choice(among)


def _keys(names: tuple[str, ...], values: st.SearchStrategy[object]) -> st.SearchStrategy[Node]:
    return st.builds(Key, st.sampled_from(names), values)


def leaves(now: datetime, *, undated: tuple[str, ...] = ("senton", "sentsince")) -> st.SearchStrategy[Node]:
    """`undated`: those keys of the Date header that are asked of messages without one too."""
    days = st.integers(-1, 11).map(lambda ago: (now - timedelta(days=ago)).date())
    # Six hours from any arrival: the two clocks need not agree.
    ages = st.integers(0, 22).map(lambda halves: timedelta(hours=6 + 12 * halves))
    sets = st.lists(st.tuples(st.integers(1, 200), st.integers(0, 200)).map(lambda ends: (ends[0], ends[0] + ends[1])),
                    min_size=1, max_size=3)
    flags = ("answered", "deleted", "draft", "flagged", "seen", "recent", "new", "old",
             "unanswered", "undeleted", "undraft", "unflagged", "unseen")
    return st.one_of(
        _keys(("from", "to", "cc", "bcc"), st.sampled_from(PEOPLE)),
        _keys(("subject",), st.sampled_from(TEXTS)),
        _keys(("header",), st.tuples(st.sampled_from(["x-a", "list-id", "subject", "x-none"]), st.sampled_from((*TEXTS, True,
            False)))),
        _keys(flags, st.booleans()),
        _keys(("keyword", "unkeyword"), st.sampled_from((*KEYWORDS, "$TODO", "none"))),
        _keys(("larger", "smaller"), st.integers(0, 3000)),
        _keys(("before", "on", "since", *undated), days),
        st.builds(lambda name, day: And((Key(name, day), Key("header", ("date", True)))),
                  st.sampled_from(["sentbefore", "senton", "sentsince"]), days),
        _keys(("older", "younger"), ages),
        _keys(("uid",), sets.map(tuple)),
    )


def trees(of: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.recursive(of, lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, max_size=4).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=4).map(tuple))), max_leaves=10)
