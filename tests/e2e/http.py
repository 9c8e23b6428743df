"""Asking the program over HTTP, as probes and Prometheus do."""

import http.client
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families


class Http:
    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        """Status and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metrics(self) -> dict[str, float]:
        """`name{label=value,…}` -> value, by Prometheus' own parser."""
        families = text_string_to_metric_families(self.ask("/metrics")[1])
        return {sample.name + _labels(sample.labels): sample.value for family in families for sample in family.samples}


def _labels(labels: Mapping[str, str]) -> str:
    inside = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"{{{inside}}}" if inside else ""
