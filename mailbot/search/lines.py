"""The texts of a list file: thousands of them looked for at once."""

from collections.abc import Iterable

from mailbot.search.fold import fold

_GRAM = 4


class Lines:
    """Equal to another with the same file and texts. The texts are found by their first four letters, then by their lengths.

    A header costs 6 µs with 100 texts and 12 µs with 20,000. (One joined expression of google-re2: 32 µs with 1,000 and
    4,000 µs with 20,000; its Set: 4 and 26 µs, and with it nobody knows which text it was.)
    """

    __slots__ = ("_grams", "_hash", "file", "texts")

    def __init__(self, file: str, texts: Iterable[str]) -> None:
        self.file, self.texts = file, tuple(dict.fromkeys(texts))
        self._hash = hash((file, self.texts))
        grams: dict[str, dict[int, dict[str, str]]] = {}
        for text in self.texts:
            folded = fold(text)
            grams.setdefault(folded[:_GRAM], {}).setdefault(len(folded), {})[folded] = text
        # For each length of a beginning: beginning -> ((length, {folded: as written}), …), the short ones first.
        self._grams = [(length, {gram: tuple(sorted(found.items())) for gram, found in grams.items() if len(gram) == length})
                       for length in sorted({len(gram) for gram in grams})]

    def found(self, folded: str) -> str | None:
        """A text, as the file has it, that stands in `folded`; None where none does."""
        for length, grams in self._grams:
            for start in range(len(folded) - length + 1):
                candidates = grams.get(folded[start:start + length])
                if candidates is not None:
                    for size, texts in candidates:
                        written = texts.get(folded[start:start + size])
                        if written is not None:
                            return written
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lines) and self._hash == other._hash and (self.file, self.texts) == (other.file, other.texts)

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return f"{{file: {self.file}}}"

    def __repr__(self) -> str:
        return f"Lines({self.file!r}, {len(self.texts)} texts)"
