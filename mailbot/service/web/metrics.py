"""The figures as Prometheus reads them. docs/health.md lists them; a test holds the two together.

Labels are bounded: accounts and rules are those of the rules file (at most telemetry.MOST_RULES), the rest are closed sets.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from mailbot import __version__
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.telemetry import BUCKETS, Telemetry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(Collector):
    def __init__(self, telemetry: Telemetry, heartbeat: Heartbeat) -> None:
        self._telemetry, self._heartbeat = telemetry, heartbeat
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("mailbot_info", "The version that runs; always 1.", labels=["version"])
        info.add_metric((__version__,), 1)
        yield info
        yield from self._accounts()
        yield from self._rules()

    def _accounts(self) -> Iterator[Metric]:
        figures = self._telemetry.figures()
        connected = GaugeMetricFamily("mailbot_connected", "1 while every connection of the account is logged in.", labels=["account"])
        for name, up in self._heartbeat.connected().items():
            connected.add_metric((name,), up)
        yield connected
        age = GaugeMetricFamily("mailbot_last_pass_age_seconds", "Since a folder of the account was last looked through, else since "
                                "the start.", labels=["account"])
        for name, seconds in figures.passed.items():
            age.add_metric((name,), seconds)
        yield age
        lost = CounterMetricFamily("mailbot_reconnects", "Connections that had to be made again, and tries that failed.", labels=["reason"])
        for reason, count in figures.reconnects.items():
            lost.add_metric((reason,), count)
        yield lost
        bounds = [*map(str, BUCKETS), "+Inf"]
        yield HistogramMetricFamily(
            "mailbot_wake_to_action_seconds", "From the server's word to the end of the pass that acted upon it.",
            buckets=list(zip(bounds, figures.waits, strict=True)), sum_value=figures.waited)

    def _rules(self) -> Iterator[Metric]:
        figures = self._telemetry.figures()
        matches = CounterMetricFamily("mailbot_matches", "Messages that the rule matched.", labels=["rule"])
        for rule, count in figures.matches.items():
            matches.add_metric((rule,), count)
        yield matches
        actions = CounterMetricFamily("mailbot_actions", "Messages that the rule's action was done to, or was to be.",
                                      labels=["rule", "action", "result"])
        for labels, count in figures.actions.items():
            actions.add_metric(labels, count)
        yield actions
        yield GaugeMetricFamily("mailbot_rules_valid", "1 while the rules on disk are in force, 0 while they are refused.",
                                value=not figures.problems)
        reloads = CounterMetricFamily("mailbot_reloads", "Times that the rules were read again.", labels=["result"])
        for result, count in figures.reloads.items():
            reloads.add_metric((result,), count)
        yield reloads
