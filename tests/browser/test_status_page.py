"""The status page in a real browser."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import picture
from tests.lab import chromium
from tests.lab.chromium import Chromium
from tests.lab.until import until
from tests.unit.test_service_telemetry import acted, passed
from tests.unit.test_service_web import House, running

pytestmark = pytest.mark.skipif(bool(chromium.missing()), reason=chromium.missing())


@pytest.fixture
def house() -> Iterator[House]:
    with running() as one:
        rules = ["invoices", "github", "newsletters", "a rule with a long name that somebody has thought about for a while", "never"]
        one.telemetry.loaded(rules, ["home"])
        one.heartbeat.account("work", 0, "refused", why="NO [AUTHENTICATIONFAILED] Authentication failed for ada@example.org.")
        for number, rule in enumerate(rules[:4], start=1):
            one.telemetry.passed(passed(*[rule] * number ** 3))
            for action in ("flag", "move"):
                one.telemetry.acted(acted(rule, uids=tuple(range(1, number + 1)), action=action))
        one.telemetry.acted(acted("github", "action.failed"))
        one.telemetry.rejected(['rules.yaml:12:9: unknown action "mvoe": did you mean "move"?'])
        yield one


def shown(browser: Chromium, house: House, *, width: int, dark: bool = False) -> None:
    browser.complaints.clear()
    browser.requested.clear()
    browser.open(f"http://127.0.0.1:{house.ports.first}/", width=width, dark=dark)
    until(lambda: browser.value("document.getElementById('live')?.textContent ?? ''").startswith("live"), what="the page live")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_fits_loads_nothing_from_elsewhere_and_the_console_is_silent(browser: Chromium, house: House, width: int, *, dark: bool) -> None:
    shown(browser, house, width=width, dark=dark)
    picture(browser, f"status-{width}{'-dark' if dark else ''}")
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("getComputedStyle(document.querySelector('.bar rect')).fill") != "rgb(0, 0, 0)", "the style is in force"
    assert {url.split("/")[2] for url in browser.requested if "://" in url} == {f"127.0.0.1:{house.ports.first}"}
    assert browser.complaints == []


def test_a_live_action_and_a_change_appear_without_a_reload(browser: Chromium, house: House) -> None:
    shown(browser, house, width=1280)
    browser.value("window.here = 1")
    house.telemetry.acted(acted("<img src=x onerror=alert(1)>"))
    until(lambda: "onerror" in browser.value("document.querySelector('#actions li').textContent"), what="the action as text")
    house.heartbeat.account("work", 0, "idle", good_for=600)
    house.telemetry.loaded(["invoices"], ["home"])
    until(lambda: browser.value("document.getElementById('verdict').textContent") == "all well", deadline=15, what="the verdict")
    assert "is in force" in browser.value("document.getElementById('rules').textContent")
    assert browser.value("document.title") == "mailbot: all well"
    assert browser.value("window.here") == 1
    assert browser.complaints == []


def test_it_is_used_by_keyboard_and_can_be_paused(browser: Chromium, house: House) -> None:
    shown(browser, house, width=400)
    browser.press("Tab")
    assert browser.value("document.activeElement.id") == "pause"
    assert browser.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press(" ", " ")
    until(lambda: browser.value("document.getElementById('live').textContent") == "paused", what="the pause")
    count = browser.value("document.querySelectorAll('#actions li').length")
    until(lambda: not house.server._streams, what="the stream closed")
    house.telemetry.acted(acted("while-paused"))
    browser.press(" ", " ")
    until(lambda: browser.value("document.querySelectorAll('#actions li').length") == count + 1, what="what was missed")
    browser.press("Tab")
    assert browser.value("document.activeElement.id") == "log"
    assert browser.complaints == []
