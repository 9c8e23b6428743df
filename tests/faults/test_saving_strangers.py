"""Names from strangers and links put in the way: nothing outside the rule's own directory, nothing overwritten."""

import base64
import contextlib
import itertools
import os
import stat
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailbot.effects import Folders, Save, SavedPart
from mailbot.engine.saving import Caps, Saver, SaveRefused
from mailbot.errors import Cause
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.mail.structure import Part
from mailbot.rules.context import Context
from tests.unit.engine_house import ruleset

WHEN = datetime(2026, 1, 5, 12, tzinfo=UTC)
NASTY = ["..", "../../etc/passwd", "/etc/passwd", "a/b", "a\\b", "a\0b", ".bashrc", "-rf", "con", "\u202efdp.exe",
         "x" * 400 + ".pdf", "ä" * 200 + ".pdf", "", " ", ".", "~", "$(id)", "a\nb", "\ud800", ".mailbot-1-1",
         "COM1.txt", "a:b", "..\u2025"]


def put(folder, path, content=b"new", saver=None):
    effect = Save(SavedPart("2"), str(folder), path)
    return (saver or Saver()).save(effect, iter([content]), WHEN, WHEN)


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


HOSTILE = st.one_of(st.sampled_from(NASTY), st.text(max_size=60), st.text(alphabet="./\\\0-~ a\u202e\u2025:", max_size=12))
TO = "in/{from.name|default:nobody}/{subject|default:nothing}/{name}"


def mail_with(name, subject, sender):
    """A message whose attachment, subject and sender are called so."""
    encoded = [base64.b64encode(text.encode(errors="replace")) for text in (subject, sender)]
    headers = Headers.parse(b"Subject: =?utf-8?b?%s?=\r\nFrom: =?utf-8?b?%s?= <a@x.example>\r\n\r\n" % tuple(encoded))
    parts = (Part("1", "text/plain"), Part("2", "application/pdf", name, "attachment"))
    return Message(1, frozenset(), WHEN, 99, headers, Part("", "multipart/mixed", parts=parts))


@pytest.mark.parametrize("quarter", range(4))
def test_whatever_ten_thousand_strangers_call_things_all_lies_in_its_directory_and_nothing_is_overwritten(tmp_path, quarter):
    (tmp_path / "bystander").write_bytes(b"mine")
    [rule] = ruleset(f"[{{name: r, when: {{all: true}}, then: [{{save: '{TO}'}}]}}]", files=str(tmp_path)).rules
    saver, written = Saver(), {}

    @settings(max_examples=2_500, suppress_health_check=list(HealthCheck))
    @given(HOSTILE, HOSTILE, HOSTILE)
    @example("../bystander", "..", "/")
    def save(name, subject, sender):
        context = Context(mail_with(name, subject, sender), "home", "INBOX", Folders({}, {}), {}, UTC, str(tmp_path))
        [effect] = rule.then[0].effects(context)
        content = b"%d" % len(written)
        saved = saver.save(effect, iter([content]), WHEN, WHEN)
        path = Path(saved.path)
        assert path.is_relative_to(tmp_path / "in")
        assert len(path.relative_to(tmp_path).parts) == 4, "a stranger made a level"
        assert saved.path not in written, "it was there already"
        written[saved.path] = content

    save()
    assert len(written) >= 2_400       # hypothesis ends early where it finds no new ones
    assert {path.name for path in tmp_path.iterdir()} == {"bystander", "in"}
    assert (tmp_path / "bystander").read_bytes() == b"mine"
    assert {str(path): path.read_bytes() for path in (tmp_path / "in").rglob("*") if not path.is_dir()} == written


@given(HOSTILE)
@example("half of a pair \ud83d")
def test_a_name_that_nobody_cleaned_is_refused_or_lies_in_its_directory(tmp_path_factory, name):
    root = tmp_path_factory.mktemp("names")
    try:
        saved = put(root / "in", f"{root}/in/{name}")
    except SaveRefused:
        assert everything(root) in ([], ["in"])
    else:
        assert Path(saved.path).is_relative_to(root / "in")
        assert {path.name for path in root.iterdir()} == {"in"}


@pytest.mark.parametrize("path", ["{}/../out.txt", "{}/a/../../out.txt", "{}/", "{}/./x", "{}//x", "{}x", "/etc/x", "{}/a\0b",
                                  "{}"])
def test_a_path_that_does_not_lie_below_its_directory_is_refused(tmp_path, path):
    inside = tmp_path / "inside"
    with pytest.raises(SaveRefused) as refused:
        put(inside, path.format(inside))
    assert refused.value.cause is Cause.MESSAGE
    assert everything(tmp_path) == []


def test_a_name_taken_by_other_content_gets_a_suffix_and_the_same_content_is_done_already(tmp_path):
    path = f"{tmp_path}/bill.tar.pdf"
    assert put(tmp_path, path, b"one").path == path
    second = put(tmp_path, path, b"two")
    assert (second.path, second.new) == (f"{tmp_path}/bill.tar-2.pdf", True)
    assert put(tmp_path, path, b"six").path == f"{tmp_path}/bill.tar-3.pdf"
    again = put(tmp_path, path, b"two")
    assert (again.path, again.new) == (f"{tmp_path}/bill.tar-2.pdf", False)
    assert everything(tmp_path) == ["bill.tar-2.pdf", "bill.tar-3.pdf", "bill.tar.pdf"]
    assert (tmp_path / "bill.tar.pdf").read_bytes() == b"one"


def test_a_file_is_private_and_has_the_date_of_its_message(tmp_path):
    saved = put(tmp_path / "new", f"{tmp_path}/new/x")
    about = Path(saved.path).stat()
    assert stat.S_IMODE(about.st_mode) == 0o600
    assert about.st_nlink == 1
    assert about.st_mtime == WHEN.timestamp()


@pytest.mark.parametrize("make", [
    lambda path, outside: path.symlink_to(outside / "secret"),
    lambda path, outside: path.symlink_to(outside / "absent"),
    lambda path, outside: path.mkdir(),
    lambda path, outside: os.mkfifo(path),
], ids=["link", "dangling link", "folder", "pipe"])
def test_what_is_in_the_way_under_the_name_is_neither_followed_nor_replaced(tmp_path, make):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret").write_bytes(b"new")
    make(inside / "x", outside)
    assert put(inside, f"{inside}/x").path == f"{inside}/x-2"
    assert everything(outside) == ["secret"]


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "sub").symlink_to(outside)
    with pytest.raises(SaveRefused) as refused:
        put(inside, f"{inside}/sub/x")
    assert refused.value.cause is Cause.MESSAGE
    assert everything(outside) == []


def test_a_thread_that_swaps_links_leads_nothing_outside(tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    stop = threading.Event()

    def swap():
        for number in itertools.count():
            if stop.is_set():
                return
            (inside / "sub").symlink_to(outside)
            (inside / "sub").unlink()
            (inside / "sub").mkdir()
            stop.wait(0.002)
            (inside / "sub").rename(inside / f"was-{number}")

    def swap_on():
        while not stop.is_set():
            with contextlib.suppress(OSError):      # the saver made the folder in between: it is moved away
                swap()
            with contextlib.suppress(OSError):
                (inside / "sub").rename(inside / f"made-{time.monotonic_ns()}")

    swapping = threading.Thread(target=swap_on)
    swapping.start()
    outcomes = Counter()
    try:
        for number in range(2000):
            if min(outcomes["saved"], outcomes["refused"]) >= 10 and number >= 200:
                break
            try:
                put(inside, f"{inside}/sub/{number}", b"%d" % number)
                outcomes["saved"] += 1
            except SaveRefused:
                outcomes["refused"] += 1
    finally:
        stop.set()
        swapping.join()
    assert everything(outside) == []
    assert min(outcomes["saved"], outcomes["refused"]) >= 1, "the race was never run"


def test_caps_are_kept(tmp_path):
    with pytest.raises(SaveRefused) as refused:
        put(tmp_path, f"{tmp_path}/x", b"12345", Saver(caps=Caps(file=4)))
    assert refused.value.cause is Cause.MESSAGE
    daily = Saver(caps=Caps(day=8))
    put(tmp_path, f"{tmp_path}/y", b"12345", daily)
    with pytest.raises(SaveRefused) as refused:
        put(tmp_path, f"{tmp_path}/z", b"12345", daily)
    assert refused.value.cause is Cause.DISK
    effect = Save(SavedPart("3"), str(tmp_path), f"{tmp_path}/m")
    with pytest.raises(SaveRefused) as refused:
        Saver(caps=Caps(message=8)).save(effect, iter([b"12345"]), WHEN, WHEN, before=5)
    assert refused.value.cause is Cause.MESSAGE
    assert everything(tmp_path) == ["y"]
