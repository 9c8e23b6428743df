"""The corpus as values."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from mailbot.mail.structure import Part


@dataclass(frozen=True)
class Expected:
    """An attachment as two independent parsers see it, Python's `email` and Dovecot 2.3."""

    number: str
    name: str
    type: str
    size: int
    sha256: str
    disputed: frozenset[str]        # "name:dovecot", "type:dovecot", "content:…": who sees it otherwise

    def differences(self, part: Part, content: bytes) -> dict[str, object]:
        """What we have instead, of name, type and size; of content, only where nothing else differs."""
        found: dict[str, object] = {"name": part.name, "type": part.type, "size": len(content)}
        wrong = {what: value for what, value in found.items() if value != getattr(self, what)}
        if not wrong and sha256(content).hexdigest() != self.sha256:
            wrong["sha256"] = sha256(content).hexdigest()
        return wrong


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
    def __init__(self, samples: Iterable[Sample]) -> None:
        self.samples = tuple(samples)

    @classmethod
    def read(cls, folder: Path) -> "Corpus":
        lines = (folder / "expected-attachments.jsonl").read_text().splitlines()
        return cls(cls._sample(folder, json.loads(line)) for line in lines)

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
