"""The corpus as values."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Expected:
    """An attachment as two independent parsers see it, Python's `email` and Dovecot 2.3."""

    number: str
    name: str
    type: str
    size: int
    sha256: str
    disputed: frozenset[str]        # "name:dovecot", "type:dovecot", "content:…": who sees it otherwise


@dataclass(frozen=True)
class Sample:
    file: str
    octets: bytes
    attachments: tuple[Expected, ...]
    only_dovecot: frozenset[str]    # numbers of parts that Python does not see

    @property
    def crlf(self) -> bytes:
        """As IMAP returns it."""
        return self.octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class Corpus:
    def __init__(self, folder: Path) -> None:
        lines = (folder / "expected-attachments.jsonl").read_text().splitlines()
        self.samples = tuple(self._sample(folder, json.loads(line)) for line in lines)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    def __len__(self) -> int:
        return len(self.samples)

    @staticmethod
    def _sample(folder: Path, row: dict[str, Any]) -> Sample:
        return Sample(
            row["file"], (folder / "messages" / row["file"]).read_bytes(),
            tuple(map(_expected, row["attachments"])), frozenset(part["part"] for part in row["dovecot_only"]))


def _expected(row: dict[str, Any]) -> Expected:
    # Python writes attached messages anew, so their octets are Dovecot's.
    content = row if row["basis"] == "decoded" else {**row["dovecot"], "size": row["dovecot"]["decoded_size"]}
    return Expected(
        row["part"], row["filename"] or "", row["content_type"], content["size"], content["sha256"], frozenset(row["disputed"]))
