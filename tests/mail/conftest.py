"""150 real messages from public projects. They are other people's mail, so they are read from where they are.

MAILBOT_TEST_MAIL names the folder (`index.tsv`, `expected-attachments.jsonl`, `messages/`); else it is looked for as
`../shared/mail` beside the checkout. Where there is none the tests here are skipped.
"""

import os
from pathlib import Path

import pytest

from tests.mail.corpus import Corpus

BESIDE = Path(__file__).parents[3] / "shared" / "mail"


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    named = os.environ.get("MAILBOT_TEST_MAIL")
    folder = Path(named) if named else BESIDE
    if not (folder / "expected-attachments.jsonl").is_file():
        pytest.skip(f"no real mail to test with: {folder} has no expected-attachments.jsonl (MAILBOT_TEST_MAIL names the folder)")
    return Corpus.read(folder)
