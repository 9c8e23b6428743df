"""Names from strangers and links put in the way: nothing outside the rule's own directory, nothing overwritten."""

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

from mailbot.effects import Save, SavedPart
from mailbot.engine.saving import Caps, Saver, SaveRefused
from mailbot.errors import Cause
from mailbot.mail.names import safe_name

WHEN = datetime(2026, 1, 5, 12, tzinfo=UTC)
NASTY = ["..", "../../etc/passwd", "/etc/passwd", "a/b", "a\\b", "a\0b", ".bashrc", "-rf", "con", "\u202efdp.exe",
         "x" * 400 + ".pdf", "ä" * 200 + ".pdf", "", " ", ".", "~", "$(id)", "a\nb", "\ud800", ".mailbot-1-1",
         "COM1.txt", "a:b", "..\u2025"]


def put(folder, path, content=b"new", saver=None):
    effect = Save(SavedPart("2"), str(folder), path)
    return (saver or Saver()).save(effect, iter([content]), WHEN, WHEN)


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.one_of(st.sampled_from(NASTY), st.text(max_size=60), st.text(alphabet="./\\\0-~ a\u202e\u2025:", max_size=12)))
@example(name="../bystander")
def test_whatever_an_attachment_is_called_it_lies_in_its_directory(tmp_path_factory, name):
    root = tmp_path_factory.mktemp("names")
    (root / "bystander").write_bytes(b"mine")
    inside = root / "inside"
    cleaned = safe_name(name)
    if cleaned in {"", ".", ".."}:
        with pytest.raises(SaveRefused):
            put(inside, f"{inside}/{cleaned}")
    else:
        saved = put(inside, f"{inside}/{cleaned}")
        assert Path(saved.path).parent == inside
        assert len(everything(inside)) == 1
    assert (root / "bystander").read_bytes() == b"mine"
    assert {path.name for path in root.iterdir()} <= {"bystander", "inside"}


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
