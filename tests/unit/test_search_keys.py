"""The table: every row is whole."""

import json
import re

import jsonschema
import pytest

from mailbot.document.load import load
from mailbot.document.problems import Problems
from mailbot.document.values import Mapping, Scalar, Sequence, Value
from mailbot.search.evaluate import evaluate
from mailbot.search.keys import KEYS, SPOKEN
from mailbot.search.needs import headers, keys
from mailbot.search.parse import JOINTS, schema
from tests.unit.conditions import NOW, message, mistakes, parsed, sent

ALL_ROWS = {**KEYS, **JOINTS}
RFC_3501 = {
    "ALL", "ANSWERED", "BCC", "BEFORE", "BODY", "CC", "DELETED", "DRAFT", "FLAGGED", "FROM", "HEADER", "KEYWORD", "LARGER", "NEW",
    "NOT", "OLD", "ON", "OR", "RECENT", "SEEN", "SENTBEFORE", "SENTON", "SENTSINCE", "SINCE", "SMALLER",
    "SUBJECT", "TEXT", "TO", "UID",
    "UNANSWERED", "UNDELETED", "UNDRAFT", "UNFLAGGED", "UNKEYWORD", "UNSEEN"}
SCHEMA = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/$defs/condition",
          "$defs": {"condition": schema()}}


def as_json(value: Value) -> object:
    match value:
        case Mapping():
            return {key.text: as_json(inner) for key, inner in value.entries}
        case Sequence():
            return [as_json(item) for item in value.items]
        case Scalar(kind="bool" | "int"):
            return value.value
        case Scalar():
            return value.text


def json_of(yaml: str) -> object:
    value = load(yaml, "x.yaml", Problems())
    assert value is not None
    return as_json(value)


def test_every_search_key_of_rfc_3501_has_its_row() -> None:
    assert {"ALL", "NOT", "OR", *SPOKEN} - {"OLDER", "YOUNGER", "X-GM-RAW", "X-GM-LABELS"} == RFC_3501


@pytest.mark.parametrize("name", ALL_ROWS)
def test_the_example_of_a_row_is_read_compiled_and_decided(name: str) -> None:
    row = ALL_ROWS[name]
    assert re.match(rf"{name}:", row.example)
    node = parsed(row.example)
    assert sent(node)
    assert evaluate(node, message("Subject: x\n\n"), {}, NOW).verdict in (True, False, None)
    assert row.doc
    assert row.doc[0].islower()


@pytest.mark.parametrize("name", KEYS)
def test_what_was_read_of_a_message_is_told(name: str) -> None:
    key = next(keys(parsed(KEYS[name].example)))
    assert evaluate(key, message(), {}, NOW).why


@pytest.mark.parametrize("name", [name for name in KEYS if name not in {"matches", "attachment"}])
def test_a_value_is_written_as_a_person_would(name: str) -> None:
    key = next(keys(parsed(KEYS[name].example)))
    assert next(keys(parsed(f"{name}: {KEYS[name].written(key.value)}"))) == key


@pytest.mark.parametrize("name", ALL_ROWS)
def test_the_schema_accepts_the_example_of_a_row(name: str) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(json_of(ALL_ROWS[name].example))


@pytest.mark.parametrize("yaml", [
    "{}", "[{from: ada}]", "form: ada", "from: ''", "from: []", "from: {fil: a}", "seen: 1", "seen: 'true'", "all: false",
    "any: {from: ada}", "any: []",
    "not: {from: a, to: b}", "keyword: a b", "keyword: '\\Seen'", "larger: 5XB", "since: 5-Jan-2026", "older: 30", "uid: a",
    "header: {}", "header: {a: ''}",
    "matches: {subject: true}", "address: {form: a@b}", "attachment: {count: 0}", "attachment: {}", "search: ''",
    "any: [{form: ada}]"])
def test_the_schema_refuses_what_the_reader_refuses(yaml: str) -> None:
    assert mistakes(yaml)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(json_of(yaml))


def test_the_schema_is_json() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(json.dumps(SCHEMA)))


def test_what_a_row_reads_is_fetched() -> None:
    """A key that reads a header it does not ask for would find it absent."""
    everything = parsed("\n".join(row.example for name, row in KEYS.items() if name != "matches"))
    assert headers(everything) == {"from", "to", "cc", "bcc", "subject", "list-id", "date"}
