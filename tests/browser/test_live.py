"""The status page of the program itself, over a real mailbox, in a real browser."""

from pathlib import Path

import pytest

from tests.browser.conftest import picture
from tests.e2e.bot import Bot, over_tls
from tests.e2e.http import Http
from tests.e2e.mail import message
from tests.lab import chromium
from tests.lab.chromium import Chromium
from tests.lab.until import until

pytestmark = pytest.mark.skipif(bool(chromium.missing()), reason=chromium.missing())
RULES = "rules:\n  - {name: invoices, when: {subject: invoice}, then: [{flag: [seen]}, {move: Invoices}]}\n"


def text(browser: Chromium, element: str) -> str:
    return str(browser.value(f"document.getElementById('{element}')?.innerText ?? ''"))


def test_mail_an_outage_and_a_broken_edit_appear_without_a_reload(browser: Chromium, own_dovecot, http: Http, tmp_path: Path) -> None:
    server = own_dovecot()
    user, path = server.user(), tmp_path / "rules.yaml"
    account = over_tls(server, user).replace("{host", "{idle_refresh: 2s, host")
    path.write_text(account + RULES)
    with Bot(tmp_path, MAILBOT_HTTP=str(http.port)) as bot:
        bot.wait("idle.started")
        browser.complaints.clear()
        browser.open(f"http://127.0.0.1:{http.port}/", width=1280)
        until(lambda: text(browser, "live").startswith("live"), what="the page live")
        assert text(browser, "verdict") == "all well"
        assert text(browser, "actions") == ""
        browser.value("window.here = 1")
        server.deliver(user, message("invoice of a secret kind"), message("else"))
        until(lambda: "move" in text(browser, "actions"), what="the move on the page")
        until(lambda: "2\nactions failed" in text(browser, "tiles"), what="flag and move counted")
        path.write_text(account + RULES.replace("subject", "subjet"))
        until(lambda: "subjet" in text(browser, "rules"), deadline=20, what="the mistake on the page")
        server.kill()
        until(lambda: text(browser, "verdict") == "2 things to look at", deadline=30, what="the outage on the page")
        picture(browser, "live-outage")
        server.start()
        path.write_text(account + RULES)
        until(lambda: text(browser, "verdict") == "all well", deadline=30, what="all well again")
        picture(browser, "live")
        shown = browser.value("document.documentElement.outerHTML")
        assert "secret kind" not in shown, "no subject unless it is asked for"
        assert browser.value("window.here") == 1
        assert browser.complaints == []
        assert bot.stop()[0] == 0
        until(lambda: text(browser, "live").startswith("not live"), what="the page without its service")
