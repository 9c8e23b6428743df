"""Rules files as nobody should write them: good and broken ones changed at random, and what YAML itself can do to a reader."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
WORDS = ["from", "when", "then", "any", "none", "not", "all: true", "matches", "attachment", "search", "move", "save", "delete",
         "[]", "{}", "\n  - ", "\n", ": ", "- ", "'", '"', "|\n", ">\n", "*a", "&a ", "<<: *a", "!!python/name:x ",
         "---\n", "...\n", "%TAG ! x\n",
         "~", "null", "0123", "12:30", "1e999", "-1", "2026-02-30", "30d", "5MB", "\\Seen", "\\x00", "\t", "\r", "\0", "\u2028", "\ufeff",
         "😀",
         "{received:%Y}", "{from.address|slug}", "(a+)+$", "(?P<a>", "\\[", "UID 1:*", "OR OR OR", "(" * 40, "[" * 40, "x" * 3000]


def corpus() -> list[bytes]:
    tests = ROOT / "tests"
    paths = [ROOT / "rules.example.yaml", *sorted((tests / "golden").rglob("*.yaml")), *sorted((tests / "unit" / "broken").glob("*.yaml"))]
    return [path.read_bytes() for path in paths]


def files(random: Random, count: int) -> Iterator[bytes]:
    known = corpus()
    for number in range(count):
        yield _made(random) if number % 20 == 0 else _changed(random, random.choice(known), known)


def _changed(random: Random, octets: bytes, known: list[bytes]) -> bytes:
    for _ in range(random.randint(1, 6)):
        at, length = random.randint(0, len(octets)), random.choice([0, 0, 1, 2, 8, 40])
        piece = random.choice(WORDS).encode() if random.random() < 0.7 else _cut(random, random.choice(known))
        octets = octets[:at] + piece + octets[at + length:]
        if random.random() < 0.05:
            octets = octets[:at] + random.randbytes(random.randint(1, 4)) + octets[at:]
    return octets


def _cut(random: Random, octets: bytes) -> bytes:
    at = random.randint(0, len(octets))
    return octets[at:at + random.randint(1, 200)]


def _made(random: Random) -> bytes:
    """What is small to write and large to read."""
    size = random.choice([10, 100, 1000, 20_000])
    rules = "version: 1\nrules:\n  - name: r\n    then: [trash]\n    when: "
    return random.choice([
        lambda: "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)),
        lambda: rules + "{not: " * size + "{seen: true}" + "}" * size,
        lambda: rules + "{any: [" * size + "{seen: true}" + "]}" * size,
        lambda: rules + "{from: [" + "a, " * size + "]}",
        lambda: rules + "{search: '" + "NOT " * size + "SEEN'}",
        lambda: rules + "{search: '" + "(" * size + "SEEN" + ")" * size + "'}",
        lambda: rules + "{search: '" + "OR SEEN " * size + "SEEN'}",
        lambda: rules + "{matches: {subject: '" + "(a*)*" * size + "'}}",
        lambda: rules + "{matches: {subject: 'a{1000}{1000}'}}",
        lambda: rules + "{attachment: {name: '" + "*a" * size + "'}}",
        lambda: rules + "{uid: '" + ",".join(str(n) for n in range(1, size)) + "'}",
        lambda: "version: 1\nrules:\n" + "".join(f"  - {{nmae: r{n}, whne: {{form: x}}, thne: [mvoe]}}\n" for n in range(size)),
        lambda: "version: 1\nrules:\n" + "".join(f"  - {{name: r, when: {{from: x{n}}}, then: [trash]}}\n" for n in range(size)),
        lambda: "version: 1\n" + "x" * size * 10 + ": " + "y" * size * 10,
        lambda: "? " * size,
        lambda: "".join(f"{' ' * n}a:\n" for n in range(min(size, 1000))),
        lambda: "'" + "\n" * size,
        lambda: "- " * size + "x",
        lambda: random.randbytes(size).decode("latin-1"),
    ])().encode()
