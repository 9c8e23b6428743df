"""UIDs as IMAP writes them: `1:3,5` (RFC 3501 9, sequence-set)."""

from collections.abc import Iterable, Iterator

HIGHEST = 0xFFFF_FFFF      # RFC 3501 9: nz-number has 32 bits


def ranges(uids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run; `uids` ascending."""
    first = last = None
    for uid in uids:
        if last is not None and uid == last + 1:
            last = uid
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = uid
    if first is not None and last is not None:
        yield first, last


def sets(uids: Iterable[int], *, octets: int, most: int) -> Iterator[tuple[bytes, tuple[int, ...]]]:
    """Sets of at most `octets` octets naming at most `most` UIDs, each with its UIDs. (RFC 7162 4: lines stay below 8,192.)"""
    words: list[bytes] = []
    room, named, members = octets, 0, list[int]()
    for first, last in _at_most(ranges(uids), most):
        word = b"%d" % first if first == last else b"%d:%d" % (first, last)
        if words and (len(word) + 1 > room or named + last - first + 1 > most):
            yield b",".join(words), tuple(members)
            words, room, named, members = [], octets, 0, []
        words.append(word)
        members.extend(range(first, last + 1))
        room -= len(word) + 1
        named += last - first + 1
    if words:
        yield b",".join(words), tuple(members)


def _at_most(runs: Iterable[tuple[int, int]], most: int) -> Iterator[tuple[int, int]]:
    for first, last in runs:
        while last - first >= most:
            yield first, first + most - 1
            first += most
        yield first, last


def bounds(uid_set: bytes) -> tuple[int, int]:
    """The lowest and the highest UID of a set that `sets` made, or of `5,9:*`."""
    numbers = uid_set.replace(b":", b",").split(b",")
    return int(numbers[0]), HIGHEST if numbers[-1] == b"*" else int(numbers[-1])


def expand(text: bytes, *, most: int) -> list[int] | None:
    """The UIDs of a set in the order it names them; None where it is none, or names more than `most`."""
    uids: list[int] = []
    for word in text.split(b","):
        first, _, last = word.partition(b":") if b":" in word else (word, b"", word)
        if not first.isdigit() or not last.isdigit() or len(word) > 21:
            return None
        a, b = int(first), int(last)
        if len(uids) + abs(b - a) >= most:
            return None
        uids.extend(range(min(a, b), max(a, b) + 1))      # RFC 3501 9: 4:2 is 2:4
    return uids
