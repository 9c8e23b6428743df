"""The small parts of the service: the table of states, waiting, backing off, the heartbeat."""

import json
import threading
import time
from pathlib import Path
from random import Random

import pytest
import structlog

from mailbot import log
from mailbot.service import backoff
from mailbot.service.clocks import Clocks, Jump
from mailbot.service.health import NAME, ill
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.states import NEXT, Event, State
from mailbot.service.wake import Wake


def test_every_state_but_the_last_can_be_stopped_and_every_connected_one_can_lose_its_server() -> None:
    for state in State:
        assert NEXT[state, Event.STOP] is State.STOPPED
        if state not in (State.RETRY, State.REFUSED, State.STOPPED):
            assert NEXT[state, Event.LOST] is State.RETRY


def test_every_state_is_reached_from_the_first_and_leads_back_to_waiting() -> None:
    reached, new = set(), {State.RETRY}
    while new:
        reached |= new
        new = {after for (before, _), after in NEXT.items() if before in reached} - reached
    assert reached == set(State)
    for state in set(State) - {State.STOPPED}:
        assert any(before is state and after is not State.STOPPED for (before, _), after in NEXT.items())


def test_a_wake_tells_every_reason_once_and_is_readable_until_taken() -> None:
    wake = Wake()
    wake.set("look")
    wake.set("rules")
    wake.pause(5)
    assert wake.wait(5) == {"look", "rules"}
    assert wake.take() == frozenset()
    for _ in range(100_000):        # more than a pipe holds
        wake.set("look")
    assert wake.wait(5) == {"look"}
    wake.close()
    wake.set("after the end")


def test_a_wake_ends_a_wait_in_another_thread() -> None:
    wake, told = Wake(), []
    thread = threading.Thread(target=lambda: told.append(wake.wait(30)))
    thread.start()
    wake.set("stop")
    thread.join(5)
    assert told == [{"stop"}]
    wake.close()


def test_a_lost_server_is_tried_again_at_once_and_after_hours_every_minute() -> None:
    rng = Random(1)
    assert all(0.25 <= backoff.after_loss(0, rng) <= 0.5 for _ in range(100))
    assert all(1 <= backoff.after_loss(8, rng) <= 2 for _ in range(100))
    assert all(30 <= backoff.after_loss(10**6, rng) <= 60 for _ in range(100))


def test_a_connection_that_does_not_last_has_ended_no_outage() -> None:
    """Such as over a full disk, or a server that hangs up after each login: it is not tried twice a second for ever."""
    rng, losses, now, tries = Random(1), backoff.Losses(), 1000.0, 0
    while now < 1000 + 3600:
        losses.connected(now)
        now += 0.05
        now += backoff.after_loss(losses.lost(now).lasted, rng)
        tries += 1
    assert tries < 120
    losses.connected(now)
    assert losses.lost(now + backoff.STEADY).lasted == 0


def test_a_connection_over_which_something_was_done_has_ended_the_outage() -> None:
    rng, losses, now = Random(1), backoff.Losses(), 1000.0
    for _ in range(100):
        losses.connected(now)
        now += 4.0
        wait = backoff.after_loss(losses.lost(now, got_on=True).lasted, rng)
        assert wait <= 0.5
        now += wait


def test_an_outage_of_a_month_is_told_of_less_and_less() -> None:
    rng, losses, now = Random(1), backoff.Losses(), 1000.0
    losses.connected(now)
    told = []
    while now < 1000 + 30 * 86400:
        loss = losses.lost(now)
        told += [loss] if loss.news else []
        now += backoff.after_loss(loss.lasted, rng)
    assert [loss.first for loss in told] == [True] + [False] * (len(told) - 1)
    assert told[0].lasted == 0
    assert 30 * 24 <= len(told) <= 30 * 24 + 30


def test_a_watcher_that_falls_for_ever_is_started_again_each_minute() -> None:
    assert [backoff.after_fall(falls) for falls in (0, 1, 5, 6, 5000)] == [1, 2, 32, 60, 60]


class Hands:
    """Three clocks that a test sets: the one on the wall, one that counts all, one that stands still in a suspended machine."""

    def __init__(self) -> None:
        self.wall = self.lived = self.awake = 1000.0
        self.clocks = Clocks(lambda: self.wall, lambda: self.lived, lambda: self.awake)

    def go(self, *, wall: float, lived: float = 10, awake: float = 10) -> Jump | None:
        self.wall, self.lived, self.awake = self.wall + wall, self.lived + lived, self.awake + awake
        return self.clocks.jumped()


def test_a_clock_that_is_set_and_a_machine_that_was_suspended_are_told_apart_once() -> None:
    hands = Hands()
    assert hands.go(wall=10) is None
    assert hands.go(wall=11) is None, "what a time server does"
    assert hands.go(wall=-3590) == Jump(-3600, "the clock was set")
    assert hands.go(wall=10) is None
    assert hands.go(wall=3610) == Jump(3600, "the clock was set")
    assert hands.go(wall=28810, lived=28810) == Jump(28800, "the machine was suspended")
    assert hands.go(wall=600, lived=600, awake=600) is None, "our own process stood still: every clock went on"


def test_setting_the_clock_neither_spoils_a_promise_nor_prolongs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beat, wall = Heartbeat(tmp_path), time.time
    beat.account("home", 0, "idle", good_for=600)
    for hours in (-3, 3):
        monkeypatch.setattr(time, "time", lambda hours=hours: wall() + hours * 3600)
        beat.beat()
        assert ill(tmp_path) == []
        document = json.loads((tmp_path / NAME).read_text())
        assert 590 < document["accounts"]["home"]["until"] - time.time() < 610


def test_a_refused_login_is_tried_at_most_twelve_times_an_hour() -> None:
    rng = Random(1)
    assert all(backoff.after_refusal(backoff.LOGIN_REFUSED, rng) >= 300 for _ in range(100))


def test_an_account_is_as_good_as_its_worst_watcher(tmp_path: Path) -> None:
    beat = Heartbeat(tmp_path)
    beat.account("home", 0, "idle", good_for=600)
    assert ill(tmp_path) == []
    beat.account("home", 1, "connecting")
    assert ill(tmp_path) != []
    beat.account("home", 1, "idle", good_for=600)
    beat.beat()
    assert ill(tmp_path) == []
    beat.account("home", 1, "retrying", why="gone")     # a lost connection is forgiven until the promise runs out
    assert ill(tmp_path) == []
    beat.account("home", 1, "refused", why="wrong password")
    assert ill(tmp_path) == ["home: refused: wrong password"]
    assert ill(tmp_path, "work") == ["work: no such account in the running service"]
    beat.forget("home", 1)
    assert ill(tmp_path) == []
    beat.rules("2 mistakes")
    assert ill(tmp_path) == ["rules: 2 mistakes"]
    beat.close()
    assert "no heartbeat" in ill(tmp_path)[0]


def test_a_promise_that_would_run_out_before_the_next_beat_is_written_at_once(tmp_path: Path) -> None:
    beat = Heartbeat(tmp_path)

    def written() -> float:
        return float(json.loads((tmp_path / NAME).read_text())["accounts"]["home"]["until"])

    beat.account("home", 0, "idle", good_for=4)
    first = written()
    beat.account("home", 0, "idle", good_for=4)
    assert written() > first
    beat.account("home", 0, "idle", good_for=600)
    later = written()
    beat.account("home", 0, "idle", good_for=600)
    assert written() == later, "the next beat is soon enough"


def test_a_heartbeat_that_is_not_renewed_turns_ill(tmp_path: Path) -> None:
    Heartbeat(tmp_path).beat()
    document = json.loads((tmp_path / NAME).read_text())
    (tmp_path / NAME).write_text(json.dumps({**document, "until": time.time() - 1}))
    assert "not been heard of" in ill(tmp_path)[0]


@pytest.mark.parametrize("text", [
    "", "{}", "[]", "null", "\0", '{"until": "x"}', '{"until": 9e99, "rules_refused": "", "accounts": {"a": 1}}'])
def test_a_heartbeat_that_makes_no_sense_is_ill_and_no_traceback(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert "cannot be read" in ill(tmp_path)[0]


def test_a_heartbeat_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    beat = Heartbeat(tmp_path / "gone")
    beat.account("home", 0, "idle", good_for=600)
    beat.close()


def test_a_heartbeat_that_cannot_be_written_is_told_of_once_until_it_can_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json")
    folder = tmp_path / "state"
    beat = Heartbeat(folder)
    for _ in range(5):
        beat.beat()
    folder.mkdir()
    beat.beat()
    assert json.loads((folder / NAME).read_text())["accounts"] == {}
    (folder / NAME).unlink()
    folder.rmdir()
    beat.beat()
    structlog.reset_defaults()
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["alert"]) for line in told] == [("state.failed", True)] * 2
