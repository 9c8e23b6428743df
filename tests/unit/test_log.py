"""What is on stderr: one JSON object a line, or a line for a person; never what would move a terminal's cursor."""

import json
import logging

import pytest
import structlog

from mailbot.log import configure, get_logger

HOSTILE = "x\x1b[2J\r\n\x9b\u202e\u2028\ud800 ä"


@pytest.fixture(autouse=True)
def _defaults_again():
    yield
    structlog.reset_defaults()


def test_an_event_is_one_json_object_with_event_level_and_timestamp_first(capsys):
    configure("json")
    get_logger("here").warning("action.failed", rule="r", uids="1:3", to=HOSTILE)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.isascii()
    fields = json.loads(err)
    assert list(fields)[:3] == ["event", "level", "timestamp"]
    assert {name: fields[name] for name in ("event", "level", "rule", "uids", "to")} == {
        "event": "action.failed", "level": "warning", "rule": "r", "uids": "1:3", "to": HOSTILE}


def test_on_a_console_nothing_from_a_stranger_moves_the_cursor(capsys):
    configure("console", color=False)
    get_logger("here").info("file.saved", to=HOSTILE, uids=(1, HOSTILE))
    err = capsys.readouterr().err
    assert err.endswith("\n")
    assert err[:-1].isprintable()
    assert r"\x1b[2J\r\n\x9b\u202e\u2028\ud800 ä" in err


def test_on_a_console_the_mistakes_of_a_rules_file_stand_below_with_their_carets(capsys):
    configure("console", color=False)
    get_logger("here").error("rules.rejected", problems=("rules.yaml:1:1: bad\n    1 | b\x1bd\n        ^",), why="the old stay")
    head, *below = capsys.readouterr().err.splitlines()
    assert "rules.rejected" in head
    assert "why='the old stay'" in head
    assert below == ["    rules.yaml:1:1: bad", r"        1 | b\x1bd", "            ^"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_holds_no_local_variables(capsys, form):
    configure(form, color=False)

    def fails(password):
        return 1 / (len(password) * 0)

    try:
        fails("hunter" + "2")
    except ZeroDivisionError:
        get_logger("here").exception("watcher.failed")
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err
    assert "hunter2" not in err


def test_levels_below_the_chosen_one_are_silent_and_the_wires_debug_log_always(capsys):
    configure("json", "error")
    log = get_logger("here")
    log.debug("a")
    log.info("b")
    log.warning("c")
    assert capsys.readouterr().err == ""
    configure("json", "debug")
    assert not logging.getLogger("imapclient.imaplib").isEnabledFor(logging.DEBUG)
