"""Whose turn it is to log in: one watcher of an account at a time, and one try an interval after a refusal."""

from mailbot.service.arrivals import Arrivals
from mailbot.service.turns import TURN, Turns, Wait
from mailbot.service.wake import Wake


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


def test_connections_to_one_server_come_one_after_the_other_and_other_servers_do_not_wait() -> None:
    clock = Clock()
    arrivals = Arrivals(0.02, clock)
    assert [round(arrivals.take("a", 993), 2) for _ in range(3)] == [0.0, 0.02, 0.04]
    assert arrivals.take("b", 993) == 0.0
    assert arrivals.take("a", 143) == 0.0
    clock.now = 0.05
    assert round(arrivals.take("a", 993), 2) == 0.01
    clock.now = 60
    assert arrivals.take("a", 993) == 0.0, "who comes late saves nothing up"
    assert round(arrivals.take("a", 993), 2) == 0.02
