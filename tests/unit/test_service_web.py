"""The listener over a real socket: what it answers, what it refuses, what it bears."""

import http.client
import importlib.util
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import quote

import pytest

from mailbot.errors import ConfigError
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.telemetry import Telemetry
from mailbot.service.web import serving as web_serving
from mailbot.service.web.address import Address
from mailbot.service.web.requests import POLICY, Site
from mailbot.service.web.server import CONNECTIONS, STREAMS, Server
from mailbot.service.web.serving import serving, subjects
from tests.lab.ports import Ports
from tests.lab.until import until
from tests.unit.test_service_telemetry import acted, told

PATHS = ("/", "/livez", "/readyz", "/metrics", "/status.css", "/status.js", "/icon.svg")


class House:
    """A listener with what it tells of."""

    def __init__(self, *, subjects: bool = False) -> None:
        self.telemetry, self.heartbeat = Telemetry(subjects=subjects), Heartbeat(None)
        self.telemetry.loaded(["r"], ["home"])
        self.heartbeat.account("home", 0, "idle", good_for=600)
        self.ports = Ports(1)
        self.server = Server(Address("127.0.0.1", self.ports.first), Site(self.telemetry, self.heartbeat, subjects=subjects))
        self.server.begin()

    def ask(self, path: str = "/", method: str = "GET", body: bytes | None = None,
            **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.first, timeout=5)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def raw(self, sent: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.ports.first), timeout=5)
        connection.sendall(sent)
        return connection


@contextmanager
def running(*, subjects: bool = False) -> Iterator[House]:
    house = House(subjects=subjects)
    try:
        yield house
    finally:
        house.server.end()
        house.ports.release()


@pytest.fixture
def house() -> Iterator[House]:
    with running() as one:
        yield one


class Stream:
    """An open /events, read event by event."""

    def __init__(self, house: House, after: str = "", **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", house.ports.first, timeout=10)
        self.connection.request("GET", f"/events{after and '?after=' + after}", headers=headers)
        self.answer = self.connection.getresponse()

    def next(self) -> dict[str, str]:
        """Comments passed over; {} at the end."""
        fields: dict[str, str] = {}
        while line := self.answer.readline().decode():
            name, colon, value = line.rstrip("\n").partition(":")
            if not colon and fields:
                return fields
            if name:
                fields[name] = value.strip()
        return {}

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_policy_and_is_kept_by_nobody(house: House, path: str) -> None:
    status, headers, _ = house.ask(path)
    assert status == 200
    assert headers["Content-Security-Policy"] == POLICY
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_only_get_is_answered(house: House, method: str) -> None:
    status, headers, _ = house.ask("/", method, body=b"x" * 1000 if method == "POST" else None)
    assert (status, headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize("path", ["/x", "/../etc/passwd", "/livez/", "/status.js/..", "/events/", "/%2e%2e/"])
def test_what_is_not_there_is_not_found(house: House, path: str) -> None:
    assert house.ask(path)[0] == 404


@pytest.mark.parametrize(("host", "well"), [
    ("127.0.0.1:9090", True), ("localhost", True), ("localhost:1", True), ("[::1]:9090", True), ("10.1.2.3:9090", True),
    ("LOCALHOST.", True), ("mailbot:9090", True), ("mailbot.mail.svc:9090", True), ("mailbot.mail.svc.cluster.local", True),
    ("nas.local", True), ("svc.evil.example", False), ("evil-local", True), ("evil.notlocal", False),
    ("evil.example:9090", False), ("evil.example", False), ("localhost.evil.example", False),
    ("127.0.0.1.evil.example", False), ("", False)])
def test_a_name_that_is_not_ours_is_refused(house: House, host: str, well: bool) -> None:
    for path in PATHS:
        assert (house.ask(path, Host=host)[0] == 200) is well


def test_the_name_that_is_listened_on_is_ours() -> None:
    assert Address("mail.example.org", 9090).is_called(["mail.example.org:9090"])
    assert not Address("127.0.0.1", 9090).is_called(["mail.example.org:9090"])
    assert not Address("127.0.0.1", 9090).is_called(["127.0.0.1", "evil.example"])


@pytest.mark.parametrize(("text", "host", "port"), [
    ("9090", "127.0.0.1", 9090), ("127.0.0.1:9090", "127.0.0.1", 9090), ("[::1]:80", "::1", 80), ("0.0.0.0:1", "0.0.0.0", 1),
    ("mailbot:9090", "mailbot", 9090)])
def test_where_to_listen(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == Address(host, port)


@pytest.mark.parametrize("text", ["on", "", ":9090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "h:65536", "::1:9090", "h:９", "h:-1"])
def test_no_address_to_listen_on_is_told_with_the_way_out(text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape("127.0.0.1:9090")):
        Address.parse(text)


def test_readyz_says_what_health_says(house: House) -> None:
    assert house.ask("/readyz")[::2] == (200, "ok\n")
    house.heartbeat.account("home", 0, "refused", why="NO [AUTHENTICATIONFAILED] ada@example.org is unknown")
    house.heartbeat.rules("1 mistake")
    assert house.ask("/readyz")[::2] == (503, "rules: 1 mistake\nhome: refused: NO [AUTHENTICATIONFAILED] … is unknown\n")
    assert house.ask("/livez")[0] == 200


def test_livez_is_red_when_the_service_does_not_beat(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.heartbeat, "_until", 1.0)
    assert house.ask("/livez")[0] == 503
    house.heartbeat.account("home", 0, "idle", good_for=600)        # a watcher is no supervisor
    assert house.ask("/livez")[0] == 503
    house.heartbeat.beat()
    assert house.ask("/livez")[0] == 200


def test_the_page_shows_accounts_rules_and_actions_escaped(house: House) -> None:
    house.heartbeat.account("<b>work", 0, "refused", why='<script>alert("x")</script>')
    house.telemetry.loaded(["<i>rule"], ["home"])
    house.telemetry.acted(acted("<i>rule"))
    house.telemetry.rejected(["rules.yaml:3:5: unknown key <u>: no\n    3 | password: hunter2\n      ^^^"])
    text = house.ask()[2]
    assert "&lt;script&gt;" in text
    for tag in ("<script>alert", "<b>", "<i>", "<u>"):
        assert tag not in text
    assert "&lt;i&gt;rule" in text
    assert "rules.yaml:3:5: unknown key" in text
    assert "hunter2" not in text, "source lines are not for this page"
    assert " style=" not in text
    assert "://" not in text, "nothing from elsewhere"


def test_no_subject_and_no_address_unless_asked_for() -> None:
    for asked in (False, True):
        with running(subjects=asked) as house:
            house.heartbeat.account("home", 0, "retrying", good_for=9, why="bob@example.org said no")
            house.telemetry.acted(acted())
            house.telemetry.rejected(["rules.yaml:1:1: eve@example.org is no name"])
            told_of = house.ask()[2] + house.ask("/readyz")[2] + house.ask("/metrics")[2]
            for word in ("bob@example.org", "eve@example.org", "subject 1", "Archive"):
                assert (word in told_of) is asked, word


def test_an_action_comes_live_and_a_change_is_announced(house: House) -> None:
    before, = re.findall(r'data-stream="/events\?after=([^"]+)"', house.ask()[2])
    house.telemetry.acted(acted())      # while the browser is still at the page: it must not be missed
    stream = Stream(house, before)
    event = stream.next()
    assert event["event"] == "action"
    assert ["rule", "r"] in json.loads(event["data"])
    event = stream.next()
    assert event["event"] == "changed"
    house.telemetry.acted(acted("s"))
    again = Stream(house, **{"Last-Event-ID": event["id"]})     # as a browser comes back
    assert ["rule", "s"] in json.loads(again.next()["data"])
    for one in (stream, again):
        one.close()
    until(lambda: not house.server._streams, what="both noticed to be gone")


@pytest.mark.parametrize("after", ["other-3", "nonsense", "-", "other-9-abc", "TOKEN-٣", "TOKEN-" + "9" * 5000, "TOKEN--1"])
def test_a_stream_of_another_process_begins_anew(house: House, after: str) -> None:
    stream = Stream(house, quote(after.replace("TOKEN", house.server.site.page._token)))
    assert (stream.next()["event"], stream.next()) == ("anew", {})
    stream.close()


def test_other_sites_get_no_stream(house: House) -> None:
    assert house.ask("/events", **{"Sec-Fetch-Site": "cross-site"})[0] == 403


def test_streams_are_counted_and_the_rest_still_answers(house: House) -> None:
    streams = [Stream(house) for _ in range(STREAMS)]
    until(lambda: len(house.server._streams) == STREAMS)
    status, headers, _ = house.ask("/events")
    assert (status, headers["Retry-After"]) == (503, "30")
    assert house.ask("/livez")[0] == 200
    for stream in streams:
        stream.close()
    until(lambda: not house.server._streams)
    assert house.ask("/livez")[0] == 200


def test_connections_are_counted_and_those_that_say_nothing_are_ended(house: House) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(house.raw(b"GET / HT")) for _ in range(CONNECTIONS)]
        until(lambda: len(house.server._open) == CONNECTIONS)
        for _ in range(1000):
            with house.raw() as one_more:
                assert one_more.recv(100).startswith(b"HTTP/1.0 503")
        for connection in silent:       # ended by the clock, the five seconds over
            connection.settimeout(15)
            connection.recv(1000)
        until(lambda: house.ask("/livez")[0] == 200)


def test_a_drip_is_ended_though_each_read_is_quick(house: House) -> None:
    with house.raw(b"GET / HTTP/1.1\r\n") as drip:
        def gone() -> bool:
            try:
                drip.sendall(b"X: y\r\n")
            except OSError:
                return True
            return False
        until(gone, deadline=15, what="the end of the drip")


def test_a_reader_that_does_not_read_holds_up_nobody_and_is_dropped(house: House) -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        slow.connect(("127.0.0.1", house.ports.first))
        slow.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: house.server._streams)
        stop = threading.Event()

        def busy() -> None:
            while not stop.is_set():
                house.telemetry.acted(acted("r" * 2000))
        thread = threading.Thread(target=busy)
        thread.start()
        try:
            assert house.ask("/livez")[0] == 200
            until(lambda: not house.server._streams, deadline=30, what="the slow reader dropped")
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize("request_line", [
    b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"\0\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / FTP\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n"])
def test_nonsense_gets_no_page_and_ends_nothing(house: House, request_line: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with house.raw(request_line) as connection:
        connection.shutdown(socket.SHUT_WR)
        said = b""
        try:
            while more := connection.recv(65536):
                said += more
        except ConnectionResetError:
            pass                # it did not read all of ours
    assert b"<html" not in said.lower()
    assert house.ask("/livez")[0] == 200
    assert capsys.readouterr().err == ""


def test_the_end_comes_at_once_with_streams_open(house: House) -> None:
    stream = Stream(house)
    assert stream.next()["event"] == "changed", "who has seen nothing is told to look"
    house.server.end()
    assert stream.next() == {}
    stream.close()
    house.server.end = lambda: None     # type: ignore[method-assign]  # the fixture's


def test_a_port_that_is_taken_is_told_with_the_way_out(house: House) -> None:
    with pytest.raises(ConfigError, match="another port"):
        Server(Address("127.0.0.1", house.ports.first), house.server.site)


def test_nothing_happens_where_it_is_not_asked_for() -> None:
    before = threading.active_count()
    with serving({}, Telemetry(), Heartbeat(None)):
        assert threading.active_count() == before


def test_without_prometheus_client_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_serving.importlib.util, "find_spec", lambda name: None)
    assert importlib.util.find_spec("prometheus_client") is None
    with pytest.raises(ConfigError, match=re.escape("imap-mailbot[metrics]")), serving({"MAILBOT_HTTP": "9090"}, told(), Heartbeat(None)):
        pass


def test_subjects_are_asked_for_by_1_alone() -> None:
    assert [subjects({"MAILBOT_HTTP_SUBJECTS": value}) for value in ("", "0", "1")] == [False, False, True]
    with pytest.raises(ConfigError):
        subjects({"MAILBOT_HTTP_SUBJECTS": "yes"})
