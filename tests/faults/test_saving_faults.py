"""The disk fails at any call, with any error: no half file under its name, and the next save finishes it."""

import errno
import itertools
import os
import stat
from datetime import UTC, datetime

import pytest

from mailbot.effects import Save, SavedPart
from mailbot.engine.disk import Disk
from mailbot.engine.engine import Engine
from mailbot.engine.passes import arrival
from mailbot.engine.pending import Inbox
from mailbot.engine.saving import Saver, SaveRefused
from mailbot.errors import Cause, Unreachable
from tests.unit.engine_house import House, ruleset
from tests.unit.fake_mailbox import FakeMailbox, eml

WHEN = datetime(2026, 1, 5, 12, tzinfo=UTC)
CONTENT = [b"a" * 1000, b"b" * 1000]
CALLS = ["open_folder", "make_folder", "make_file", "write", "set_time", "sync", "sync_folder", "link"]


class FailingDisk(Disk):
    """The n-th call of one kind fails; `short` writes an octet at a time at first, as a disk that is filling up does."""

    def __init__(self, call, at, error):
        self.call, self.left, self.error = call, at, error

    def __getattribute__(self, name):
        if name in CALLS and name == self.call:
            if self.left == 0:
                raise OSError(self.error, os.strerror(self.error))
            self.left -= 1
        return super().__getattribute__(name)


def save(folder, saver, content=CONTENT):
    effect = Save(SavedPart("2"), str(folder / "out"), str(folder / "out" / "2026" / "deep" / "bill.pdf"))
    return saver.save(effect, iter(content), WHEN, WHEN)


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_leaves_no_half_file_and_the_next_save_finishes_it(tmp_path, call, error):
    causes = set()
    for at in itertools.count():
        folder = tmp_path / str(at)
        folder.mkdir()
        disk = FailingDisk(call, at, error)
        try:
            save(folder, Saver(disk))
        except SaveRefused as refused:
            causes.add((refused.cause, os.strerror(error) in str(refused)))
            # A link whose folder could not be synced may stand already: whole, and found to be the same next time.
            assert set(files(folder).values()) <= {b"".join(CONTENT)}
            saved = save(folder, Saver())
            assert saved.path == f"{folder}/out/2026/deep/bill.pdf"
        else:
            break
        assert files(folder) == {"out/2026/deep/bill.pdf": b"".join(CONTENT)}
    assert causes == {(Cause.DISK, True)}


@pytest.mark.parametrize("call", CALLS)
def test_a_full_disk_leaves_the_message_untouched_and_counts_against_nobody(tmp_path, call):
    house = House(FakeMailbox("Archive"), tmp_path, str(tmp_path / "files"))
    then = "[{save: {to: 'in/{uid}.eml', parts: message}}, {flag: seen}, {move: Archive}]"
    rules = ruleset(f"[{{name: keep, when: {{all: true}}, then: {then}}}]", files=house.files)
    arrival(house.engine, house.mailbox, "INBOX", rules)
    house.mailbox.deliver("INBOX", eml())
    full = Engine(house.journal, house.files, lambda: house.now, saver=Saver(FailingDisk(call, 0, errno.ENOSPC)))
    for _ in range(5):
        arrival(full, house.mailbox, "INBOX", rules)
        assert house.mailbox.subjects("INBOX") == ["hello"]
        assert house.mailbox.flags("INBOX", 1) == frozenset()
        house.later(hours=1)
    assert house.journal.pending.parked() == []
    arrival(house.engine, house.mailbox, "INBOX", rules)
    assert house.mailbox.subjects("Archive") == ["hello"]
    assert files(tmp_path / "files") == {"in/1.eml": eml()}
    house.journal.close()


def test_a_stop_heard_at_any_moment_leaves_no_half_file_and_counts_against_nobody(tmp_path):
    house = House(FakeMailbox("Archive"), tmp_path, str(tmp_path / "files"))
    then = "[{save: {to: 'in/{uid}.eml', parts: message}}, {save: {to: 'twice/{uid}.eml', parts: message}}, {move: Archive}]"
    rules = ruleset(f"[{{name: keep, when: {{all: true}}, then: {then}}}]", files=house.files)
    arrival(house.engine, house.mailbox, "INBOX", rules)
    octets = eml(body="a" * 5000)
    for at in itertools.count():
        house.mailbox.deliver("INBOX", octets)
        asked = itertools.count()
        done = arrival(house.engine, house.mailbox, "INBOX", rules, stopped=lambda asked=asked, at=at: next(asked) >= at)
        if not done.cut_short:
            break
        [uid] = house.mailbox.boxes["INBOX"].mail
        assert set(files(tmp_path / "files").values()) <= {octets}
        assert house.journal.pending.fallen(Inbox("home", "INBOX", 7)) == []
        arrival(house.engine, house.mailbox, "INBOX", rules)        # due at once
        assert house.mailbox.boxes["INBOX"].mail == {}
        saved = files(tmp_path / "files")
        assert saved[f"in/{uid}.eml"] == saved[f"twice/{uid}.eml"] == octets
    assert at > 12, "it was never stopped within a file"
    house.journal.close()


def test_a_save_whose_mail_breaks_off_leaves_nothing(tmp_path):
    def breaking():
        yield b"half"
        raise Unreachable

    with pytest.raises(Unreachable):
        save(tmp_path, Saver(), breaking())
    assert files(tmp_path) == {}


def test_what_a_dead_process_left_is_swept_up_and_what_a_living_one_writes_is_not(tmp_path):
    deep = tmp_path / "out" / "2026" / "deep"
    deep.mkdir(parents=True)
    (deep / ".mailbot-1-1").write_bytes(b"half")
    living = Disk()
    folder = living.open_folder(str(deep))
    file = living.make_file(".mailbot-2-1", folder)
    save(tmp_path, Saver())
    os.close(file)
    os.close(folder)
    assert set(files(deep)) == {".mailbot-2-1", "bill.pdf"}


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_the_save_is_over(tmp_path):
    calls = []

    class Watched(Disk):
        def __getattribute__(self, name):
            if name in {"write", "sync", "sync_folder", "link", "unlink"}:
                calls.append(name)
            return super().__getattribute__(name)

    save(tmp_path, Saver(Watched()), [b"a", b"b"])
    assert calls[:3] == ["sync_folder"] * 3, "of the folders in which folders were made"
    assert calls[calls.index("write"):] == ["write", "write", "sync", "link", "unlink", "sync_folder"]


def test_a_short_write_is_gone_on_with(tmp_path):
    class Slow(Disk):
        def write(self, file, octets):
            return super().write(file, octets[:7])

    save(tmp_path, Saver(Slow()))
    assert files(tmp_path) == {"out/2026/deep/bill.pdf": b"".join(CONTENT)}


@pytest.mark.parametrize("make", [
    lambda path: path.write_bytes(b"a file"),
    lambda path: path.symlink_to(path.parent / "absent"),
    lambda path: path.symlink_to(path.parent / "file"),
], ids=["a file", "a dangling link", "a link to a file"])
def test_a_rule_whose_directory_is_none_waits_until_it_is_one_and_no_message_is_to_blame(tmp_path, make):
    house = House(FakeMailbox("Archive"), tmp_path, str(tmp_path / "files"))
    rules = ruleset("[{name: keep, when: {all: true}, then: [{save: {to: 'in/{uid}.eml', parts: message}}, {move: Archive}]}]",
                    files=house.files)
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "files").mkdir()
    make(tmp_path / "files" / "in")
    arrival(house.engine, house.mailbox, "INBOX", rules)
    house.mailbox.deliver("INBOX", eml())
    for _ in range(4):
        done = arrival(house.engine, house.mailbox, "INBOX", rules)
        assert done.setbacks[1].why.startswith(f"{tmp_path}/files/in: ")
        house.later(hours=1)
    assert house.journal.pending.parked() == []
    (tmp_path / "files" / "in").unlink()
    arrival(house.engine, house.mailbox, "INBOX", rules)
    assert house.mailbox.subjects("Archive") == ["hello"]
    assert files(tmp_path / "files") == {"in/1.eml": eml()}
    assert (tmp_path / "file").read_bytes() == b"mine"
    house.journal.close()


def test_a_rule_s_directory_may_be_a_link_or_have_one_above(tmp_path):
    (tmp_path / "elsewhere" / "out").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere" / "out")
    save(tmp_path, Saver())
    save(tmp_path / "link", Saver())
    assert files(tmp_path / "elsewhere") == {"out/2026/deep/bill.pdf": b"".join(CONTENT)}


@pytest.mark.parametrize("error", [errno.EPERM, errno.EOPNOTSUPP])
def test_where_there_are_no_links_a_file_gets_its_name_all_the_same_and_replaces_nothing(tmp_path, monkeypatch, error):
    def no_link(*_arguments, **_names):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "link", no_link)
    saver = Saver()
    assert save(tmp_path, saver).new
    assert not save(tmp_path, saver).new
    assert save(tmp_path, saver, [b"other"]).path.endswith("/bill-2.pdf")
    deep = tmp_path / "out" / "2026" / "deep"
    assert files(deep) == {"bill.pdf": b"".join(CONTENT), "bill-2.pdf": b"other"}


def test_a_file_system_that_syncs_no_folders_is_written_to(tmp_path, monkeypatch):
    real = os.fsync

    def only_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    assert save(tmp_path, Saver()).new
