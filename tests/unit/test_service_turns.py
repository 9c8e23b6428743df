"""Whose turn it is to log in: one watcher of an account at a time, and one try an interval after a refusal."""

import itertools
import threading
import time

from mailbot.service.arrivals import Arrivals
from mailbot.service.turns import TURN, Turns, Wait
from mailbot.service.wake import Wake
from tests.lab.until import until


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_logs_in_and_the_others_are_woken_when_it_is_done() -> None:
    turns, first, second = Turns(), Wake(), Wake()
    assert turns.take(first) is None
    assert turns.take(first) is None, "it is its turn still"
    waiting = turns.take(second)
    assert waiting
    assert not waiting.refused
    turns.done(first)
    assert second.take() == {TURN}
    assert turns.take(second) is None


def test_a_refusal_holds_for_all_and_then_for_one_try() -> None:
    clock = Clock()
    turns, wakes = Turns(clock), [Wake() for _ in range(5)]
    tries = []
    for clock.now in range(0, 7200, 7):
        for wake in wakes:
            if turns.take(wake) is None:
                tries.append(clock.now)
                turns.refused(wake, 360, "wrong password")
    assert len(tries) == 20
    assert turns.take(wakes[0]) == Wait(tries[-1] + 360 - clock.now, "wrong password")


def test_those_that_wait_for_another_hear_of_its_refusal() -> None:
    turns, first, second = Turns(Clock()), Wake(), Wake()
    turns.take(first)
    turns.take(second)
    turns.refused(first, 360, "wrong password")
    assert second.take() == {TURN}
    assert turns.take(second) == Wait(360, "wrong password")


def test_a_person_who_asks_gets_one_try() -> None:
    turns, first, second = Turns(Clock()), Wake(), Wake()
    turns.take(first)
    turns.refused(first, 360, "wrong password")
    turns.forget()
    assert turns.take(second) is None
    waiting = turns.take(first)
    assert waiting
    assert not waiting.refused


def test_a_login_that_succeeds_lets_all_others_in() -> None:
    clock = Clock()
    turns, first, second, third = Turns(clock), Wake(), Wake(), Wake()
    turns.take(first)
    turns.refused(first, 360, "wrong password")
    turns.take(second)
    clock.now = 361
    assert turns.take(third) is None
    turns.done(third)
    assert second.take() == {TURN}
    assert turns.take(second) is None


def test_a_watcher_that_ends_leaves_the_turn_to_others() -> None:
    turns, first, second, third = Turns(), Wake(), Wake(), Wake()
    turns.take(first)
    turns.take(second)
    turns.done(second)      # it was not its turn
    assert turns.take(third)
    turns.done(first)
    assert second.take() == frozenset()
    assert third.take() == {TURN}


class Sleeper:
    """Lets the time of a clock pass, `late` seconds more than it was asked to."""

    def __init__(self, clock: Clock, late: float = 0.0) -> None:
        self.clock, self.late, self.slept = clock, late, 0.0

    def __call__(self, seconds: float) -> bool:
        self.slept += seconds
        self.clock.now += seconds and seconds + self.late
        return False


def test_connections_to_one_server_come_one_after_the_other_and_other_servers_do_not_wait() -> None:
    clock = Clock()
    clock.now = 100.0
    arrivals, asleep = Arrivals(0.02, clock), Sleeper(clock)
    came = []
    for _ in range(50):
        assert not arrivals.wait("a", 993, asleep)
        came.append(clock.now)
    assert all(later - earlier >= 0.0199 for earlier, later in itertools.pairwise(came))
    asleep.slept = 0.0
    arrivals.wait("b", 993, asleep)
    arrivals.wait("a", 143, asleep)
    assert asleep.slept == 0.0
    clock.now += 60
    arrivals.wait("a", 993, asleep)
    assert asleep.slept == 0.0
    arrivals.wait("a", 993, asleep)
    assert round(asleep.slept, 3) == 0.02, "who comes late saves nothing up for the others"


def test_those_that_wake_late_and_together_do_not_come_together() -> None:
    """Ten have waited for their places, a second too long: each is still kept from the one before it."""
    arrivals, began, came = Arrivals(0.02), threading.Event(), list[float]()

    def late(seconds: float) -> bool:
        if threading.current_thread() not in waited:
            waited.add(threading.current_thread())
            return not began.wait(10)
        return threading.Event().wait(seconds)

    def come() -> None:
        if not arrivals.wait("a", 993, late):
            came.append(time.monotonic())

    waited = set[threading.Thread]()
    threads = [threading.Thread(target=come) for _ in range(10)]
    for thread in threads:
        thread.start()
    until(lambda: len(waited) == 10, what="all of them waiting")
    began.set()
    for thread in threads:
        thread.join(10)
    assert len(came) == 10
    assert max(came) - min(came) >= 8 * 0.02


def test_who_is_stopped_while_it_waits_does_not_come() -> None:
    assert Arrivals(0.02, Clock()).wait("a", 993, lambda _: True)
