"""The state file: private, lasting, and never a reason to do something destructive."""

import errno
import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from mailbot.effects import AddFlags, Copy, Delete, Move, Outcome, RemoveFlags, Save, SavedPart, SetFlags
from mailbot.engine import schema
from mailbot.engine.codec import effect_of, effect_text
from mailbot.engine.database import UNFINISHED, said
from mailbot.engine.effect_rows import Intent, Place
from mailbot.engine.journal import Cursor, Journal
from mailbot.engine.locks import Locks, explained
from mailbot.engine.pending import Inbox, Setback
from mailbot.errors import Cause, Locked, StateFailed
from mailbot.log import configure

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
INBOX = Inbox("home", "INBOX", 7)
EFFECTS = [AddFlags(frozenset({r"\Seen", "$a"})), RemoveFlags(frozenset({"$ä"})), SetFlags(frozenset()),
           Copy("A/ü", create=False), Move("B"), Delete(),
           Save(SavedPart("1.2", "x.pdf", "application/pdf", 5), "/d", "/d/x.pdf")]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "state.db"


@pytest.fixture
def journal(path):
    opened = Journal.open(path)
    yield opened
    opened.close()


def intent(uid=1, effect=EFFECTS[4], folder="INBOX"):
    return Intent(Place(folder, 7, uid), 100, "f" * 32, effect, "rule", "move", frozenset({r"\Seen"}))


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: type(effect).__name__)
def test_an_effect_is_read_as_it_was_written_and_equal_ones_are_equal_text(effect):
    read = effect_of(effect_text(effect))
    assert read == effect
    assert effect_text(read) == effect_text(effect)
    if isinstance(effect, Save):
        assert (read.part.name, read.part.type, read.part.size) == ("x.pdf", "application/pdf", 5)


def test_file_and_folder_are_private_whatever_the_umask(path):
    before = os.umask(0)
    try:
        journal = Journal.open(path)
        journal.cursors.set("home", "INBOX", Cursor(7, 5))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        journal.close()
    finally:
        os.umask(before)
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_every_commit_is_on_the_disk(journal):
    assert journal._database.read("PRAGMA synchronous")[0][0] == 2
    assert journal._database.read("PRAGMA journal_mode")[0][0] == "wal"


def test_a_snapshot_reads_beside_a_process_that_writes_and_what_it_writes_reaches_nobody(path, journal):
    journal.cursors.set("home", "INBOX", Cursor(7, 5))
    with journal.transaction():
        journal.cursors.set("home", "INBOX", Cursor(7, 6))
        snapshot = Journal.open(path, read_only=True)
    snapshot.cursors.set("home", "INBOX", Cursor(7, 50))
    assert snapshot.cursors.get("home", "INBOX") == Cursor(7, 50)
    assert journal.cursors.get("home", "INBOX") == Cursor(7, 6)
    snapshot.close()


def test_what_has_no_outcome_yet_is_told_as_such_by_a_snapshot(path, journal):
    """As after a kill, or in the middle of a pass: whether it was done is not known before somebody looks."""
    with journal.transaction():
        done = journal.begin_pass("home", "INBOX", "arrival", NOW)
    journal.effects.intend("home", done, [Intent(Place("INBOX", 7, 1), 2, "f" * 32, Move("Archive"), "r", "move", frozenset())], NOW)
    snapshot = Journal.open(path, read_only=True)
    assert [(row.state, row.why) for row in snapshot.effects.of_pass(done)] == [("failed", UNFINISHED)]
    snapshot.close()
    assert [row.state for row in journal.effects.of_pass(done)] == ["intent"]


def test_a_snapshot_of_a_closed_file_leaves_nothing_behind_and_of_none_makes_none(path):
    snapshot = Journal.open(path, read_only=True)
    assert snapshot.cursors.get("home", "INBOX") is None
    snapshot.close()
    assert not path.parent.exists()
    journal = Journal.open(path)
    journal.cursors.set("home", "INBOX", Cursor(7, 5))
    journal.close()
    snapshot = Journal.open(path, read_only=True)
    assert snapshot.cursors.get("home", "INBOX") == Cursor(7, 5)
    snapshot.close()
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


@pytest.mark.parametrize("spoil", [
    lambda octets: b"this is no database, and never was one" * 100,
    lambda octets: octets[:100] + b"\xff" * (len(octets) - 100),
    lambda octets: octets[:len(octets) // 2],
], ids=["other content", "overwritten", "cut in half"])
def test_a_spoilt_file_is_moved_aside_with_a_clear_word_and_it_begins_anew(path, spoil, capsys):
    journal = Journal.open(path)
    for number in range(500):
        journal.cursors.set("home", f"folder {number}", Cursor(7, number))
    journal.close()
    octets = spoil(path.read_bytes())
    path.write_bytes(octets)
    configure("json")
    try:
        journal = Journal.open(path, now=lambda: NOW)
    finally:
        structlog.reset_defaults()
    event = json.loads(capsys.readouterr().err)
    assert (event["event"], event["alert"], event["level"]) == ("state.reset", True, "error")
    assert journal.cursors.get("home", "folder 3") is None
    journal.close()
    aside = path.with_name("state.db.spoilt-20261122T120000")
    assert event["kept"] == str(aside)
    assert aside.read_bytes() == octets


def test_a_file_of_a_newer_version_is_refused_and_left_alone(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(StateFailed, match="newer mailbot"):
            Journal.open(path, read_only=read_only)
    assert [file.name for file in path.parent.iterdir() if "spoilt" in file.name] == []


@pytest.mark.parametrize("version", [0, 1])
def test_a_database_of_another_program_is_refused_and_left_alone(path, version):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(f"CREATE TABLE theirs (x TEXT); INSERT INTO theirs VALUES ('kept'); PRAGMA user_version = {version};")
    connection.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(StateFailed, match="another program"):
            Journal.open(path, read_only=read_only)
    assert path.read_bytes() == before


def test_an_older_file_is_brought_up_to_date_and_keeps_what_it_holds(path, monkeypatch):
    journal = Journal.open(path)
    journal.cursors.set("home", "INBOX", Cursor(7, 5))
    journal.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE later (x TEXT)"))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    journal = Journal.open(path)
    assert journal.cursors.get("home", "INBOX") == Cursor(7, 5)
    assert journal._database.read("SELECT * FROM later") == []
    assert journal._database.read("PRAGMA user_version")[0][0] == schema.VERSION
    journal.close()


def test_where_the_folder_cannot_be_used_one_sentence_says_so(tmp_path):
    (tmp_path / "state").write_text("a file where a folder must be")
    with pytest.raises(StateFailed, match=r"state/state\.db"):
        Journal.open(tmp_path / "state" / "state.db")


@pytest.mark.parametrize("begins", ["none", "an older one"])
def test_processes_that_open_it_at_once_do_not_stand_in_each_others_way(tmp_path, begins):
    """`run` and `apply` after an upgrade; here threads, each with a connection of its own."""
    for number in range(4):
        path = tmp_path / str(number) / "state.db"
        if begins != "none":
            path.parent.mkdir()
            with closing(sqlite3.connect(path)) as connection:
                connection.executescript(f"{schema.FIRST} PRAGMA user_version = 1; PRAGMA journal_mode = WAL;")
        together = threading.Barrier(4)

        def opened(path=path, together=together):
            together.wait()
            Journal.open(path).close()

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(opened) for _ in range(4)]:
                done.result()


def test_another_process_that_is_through_with_it_leaves_us_the_log_that_we_write_to(path, journal):
    """As `apply` does beside a running bot: the last one to close takes the log away, and that is not it."""
    opens = "import sys; from pathlib import Path; from mailbot.engine.journal import Journal; Journal.open(Path(sys.argv[1])).close()"
    subprocess.run([sys.executable, "-c", opens, str(path)], check=True)
    journal.cursors.set("home", "INBOX", Cursor(7, 42))
    reads = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT next FROM cursor').fetchall())"
    assert subprocess.run([sys.executable, "-c", reads, str(path)], check=True, capture_output=True, text=True).stdout == "[(42,)]\n"


def test_a_transaction_is_all_or_nothing(journal):
    def broken():
        with journal.transaction():
            journal.cursors.set("home", "INBOX", Cursor(7, 5))
            journal.pending.begin(INBOX, [1])
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert journal.cursors.get("home", "INBOX") is None
    assert journal.pending.due(INBOX, NOW, "") == []


def test_threads_share_one_connection(journal):
    def work(number):
        for uid in range(50):
            with journal.transaction():
                journal.pending.begin(Inbox("home", f"F{number}", 7), [uid + 1])
                journal.cursors.set("home", f"F{number}", Cursor(7, uid + 2))

    journal._database.read("PRAGMA synchronous = OFF")
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [journal.cursors.get("home", f"F{number}") for number in range(8)] == [Cursor(7, 51)] * 8
    assert len(journal.pending.fallen(Inbox("home", "F3", 7))) == 50


def test_what_was_moved_takes_all_its_rows_with_it(journal):
    pass_id = journal.begin_pass("home", "INBOX", "arrival", NOW)
    flag, move = journal.effects.intend("home", pass_id, [intent(effect=EFFECTS[0]), intent()], NOW)
    assert [row.id for row in journal.effects.open("home")] == [flag, move]
    moved = Outcome(Move("B"), 1, target_uidvalidity=9, target_uid=4)
    journal.effects.settle("home", [(move, moved), (flag, Outcome(EFFECTS[0], 1))], NOW)
    rows = journal.effects.of_pass(pass_id)
    assert [row.at for row in rows] == [Place("B", 9, 4)] * 2
    assert [row.found for row in rows] == [Place("INBOX", 7, 1)] * 2
    assert journal.effects.put("home", "B", 9, [3, 4]) == {4}
    assert journal.effects.lower_bound("home", "B") == (9, 5)
    assert journal.effects.open("home") == []


def test_the_lower_bound_of_a_target_is_what_was_last_seen_of_it(journal):
    assert journal.effects.lower_bound("home", "B") == (0, 1)
    journal.cursors.set("home", "B", Cursor(9, 12))
    assert journal.effects.lower_bound("home", "B") == (9, 12)


def test_waits_double_from_a_minute_to_an_hour(journal):
    journal.pending.begin(INBOX, [1])
    waits = []
    for _ in range(9):
        assert not journal.pending.set_back(INBOX, 1, Setback("busy", counts=False), NOW, "")
        waits.append((journal.pending.next_due("home") - NOW) / timedelta(minutes=1))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_what_waits_in_other_folders_is_not_asked_for(journal):
    journal.pending.begin(INBOX, [1])
    journal.pending.set_back(INBOX, 1, Setback("busy"), NOW, "")
    assert journal.pending.next_due("home", {"INBOX"}) == NOW + timedelta(minutes=1)
    assert journal.pending.next_due("home", {"Other"}) is None
    assert journal.pending.next_due("work") is None


def test_a_schedule_counts_from_when_the_rule_was_first_seen_then_from_when_it_was_done(journal):
    later = NOW + timedelta(hours=1)
    assert journal.schedules.since("home", "old mail", NOW) == NOW
    assert journal.schedules.since("home", "old mail", later) == NOW
    journal.schedules.done("home", "old mail", later)
    assert journal.schedules.since("home", "old mail", later + timedelta(days=1)) == later


def test_a_schedule_that_was_done_in_the_future_counts_from_now(journal):
    journal.schedules.done("home", "old mail", NOW + timedelta(days=300))
    assert journal.schedules.since("home", "old mail", NOW) == NOW
    assert journal.schedules.since("home", "old mail", NOW + timedelta(hours=1)) == NOW, "from each look anew it would never be due"


def test_a_try_that_another_clock_has_put_off_for_years_is_due(journal):
    journal.pending.begin(INBOX, [1])
    journal.pending.set_back(INBOX, 1, Setback("busy"), NOW + timedelta(days=300), "")
    assert journal.pending.due(INBOX, NOW, "") == [1]
    journal.pending.begin(INBOX, [2])
    journal.pending.set_back(INBOX, 2, Setback("busy"), NOW, "")
    assert journal.pending.due(INBOX, NOW, "") == [1]


def locks(tmp_path):
    return Locks(tmp_path, threading.Event().wait)


def test_a_second_run_is_refused_at_once(tmp_path):
    with locks(tmp_path).run(), pytest.raises(Locked), locks(tmp_path).run():
        pytest.fail("two at once")
    with locks(tmp_path).run():
        pass


def test_another_process_holds_an_account_for_as_long_as_it_lives(tmp_path):
    code = ("import sys, threading; from pathlib import Path; from mailbot.engine.locks import Locks\n"
            f"with Locks(Path({str(tmp_path)!r}), threading.Event().wait).account('home'):\n"
            "    print('held', flush=True); sys.stdin.read()\n")
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Locked), locks(tmp_path).account("home", within=0.1):
            pytest.fail("two at once")
        with locks(tmp_path).account("work", within=0.1):
            pass
        other.kill()
        other.wait()
        with locks(tmp_path).account("home", within=5):
            pass


def test_threads_of_one_process_wait_their_turn_until_they_are_stopped(tmp_path):
    mine = locks(tmp_path)
    inside, order = [], []

    def work(number):
        with mine.account("home"):
            inside.append(number)
            order.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with mine.account("home"):
        for thread in threads:
            thread.start()
        assert order == []
    for thread in threads:
        thread.join()
    assert order == [1] * 8
    stopping = Locks(tmp_path, lambda seconds: True)
    with mine.account("home"), pytest.raises(Locked), stopping.account("home"):
        pytest.fail("two at once")


def test_a_failed_effect_is_not_done(journal):
    pass_id = journal.begin_pass("home", "INBOX", "arrival", NOW)
    [row] = journal.effects.intend("home", pass_id, [intent()], NOW)
    journal.effects.settle("home", [(row, Outcome(Move("B"), 1, Cause.FOLDER, "NO"))], NOW)
    assert journal.effects.standing("home", "INBOX", 7, [1]) == []
    [found] = journal.effects.of_pass(pass_id)
    assert (found.state, found.why, found.at) == ("failed", "NO", Place("INBOX", 7, 1))


def test_a_file_that_was_moved_away_takes_no_notes_until_it_is_back(path, journal):
    """SQLite would go on writing to what no name leads to any more."""
    first = journal.begin_pass("home", "INBOX", "arrival", NOW)
    path.rename(path.with_name("aside"))
    with pytest.raises(StateFailed, match="removed or replaced"):
        journal.begin_pass("home", "INBOX", "arrival", NOW)
    path.touch()
    with pytest.raises(StateFailed, match="removed or replaced"):
        journal.begin_pass("home", "INBOX", "arrival", NOW)
    path.with_name("aside").replace(path)
    assert journal.begin_pass("home", "INBOX", "arrival", NOW) == first + 1


def test_where_there_is_no_room_it_says_what_to_do(tmp_path):
    with closing(sqlite3.connect(tmp_path / "small.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.Error) as full:
            connection.execute("CREATE TABLE one (a)")
    assert said(full.value) == "database or disk is full: make room there, or point MAILBOT_STATE elsewhere"
    assert "make room there" in explained(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), tmp_path)
