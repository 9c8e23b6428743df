"""What the service tells of itself: counted, bounded, and read by Prometheus' own parser."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families

from mailbot.engine.engine import Acted, Pass
from mailbot.plan.plan import Named
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.telemetry import BUCKETS, LATEST, MOST_RULES, OTHER, Reason, Telemetry
from mailbot.service.wake import Wake
from mailbot.service.web.metrics import Metrics
from tests.docs import TOP


def acted(rule: str = "r", event: str = "action.applied", uids: tuple[int, ...] = (1, 2), action: str = "move") -> Acted:
    named = tuple(Named(uid, "", frozenset(), datetime(2026, 1, 5, tzinfo=UTC), "Ada", f"subject {uid}") for uid in uids)
    return Acted(event, "home", "INBOX", rule, action, "Archive", uids, messages=named)


def passed(*rules: str, account: str = "home") -> Pass:
    return Pass(account, "INBOX", hits=Counter(rules))


def told(rules: tuple[str, ...] = ("r", "s")) -> Telemetry:
    telemetry = Telemetry()
    telemetry.loaded(rules, ["home"])
    return telemetry


def samples(telemetry: Telemetry, heartbeat: Heartbeat | None = None) -> dict[str, float]:
    """`name{label=value,…}` -> value, of all samples."""
    text = Metrics(telemetry, heartbeat or Heartbeat(None)).text().decode()
    return {_name(sample.name, sample.labels): sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def _name(name: str, labels: Mapping[str, str]) -> str:
    inside = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"{name}{{{inside}}}" if inside else name


def test_matches_and_actions_are_counted_for_each_rule() -> None:
    telemetry = told()
    telemetry.passed(passed("r", "r", "s"))
    telemetry.acted(acted())
    telemetry.acted(acted(event="action.failed", uids=(7,)))
    found = samples(telemetry)
    assert found["mailbot_matches_total{rule=r}"] == 2
    assert found["mailbot_matches_total{rule=s}"] == 1
    assert found["mailbot_actions_total{action=move,result=done,rule=r}"] == 2
    assert found["mailbot_actions_total{action=move,result=failed,rule=r}"] == 1


def test_a_rule_that_never_matched_is_there_with_nought_and_one_that_is_gone_is_not() -> None:
    telemetry = told()
    assert samples(telemetry)["mailbot_matches_total{rule=s}"] == 0
    telemetry.passed(passed("r", "s"))
    telemetry.acted(acted("s"))
    telemetry.loaded(["r", "t"], ["home"])
    found = samples(telemetry)
    assert [name for name in found if "rule=s" in name] == []
    assert (found["mailbot_matches_total{rule=r}"], found["mailbot_matches_total{rule=t}"]) == (1, 0)


def test_labels_do_not_grow_for_ever() -> None:
    telemetry = told(tuple(f"rule {number}" for number in range(MOST_RULES + 500)))
    for number in range(MOST_RULES + 500):
        telemetry.passed(passed(f"rule {number}"))
        telemetry.acted(acted(f"rule {number}"))
    figures = telemetry.figures()
    assert len(figures.matches) <= MOST_RULES + 1
    assert figures.matches[OTHER] == 500 == figures.actions[OTHER, "move", "done"] / 2


def test_a_name_with_quotes_and_newlines_is_parsed_back_as_it_was() -> None:
    name = 'a "b"\\ \n c'
    assert samples(told((name,)))[f"mailbot_matches_total{{rule={name}}}"] == 0


def test_waits_are_a_histogram() -> None:
    telemetry = told()
    for seconds in (0.01, 0.05, 0.3, 99):
        telemetry.acted_after(seconds)
    found = samples(telemetry)
    counts = [found[f"mailbot_wake_to_action_seconds_bucket{{le={bound}}}"] for bound in (*BUCKETS, "+Inf")]
    assert counts == [1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4]
    assert found["mailbot_wake_to_action_seconds_count"] == 4
    assert abs(found["mailbot_wake_to_action_seconds_sum"] - 99.36) < 1e-6


def test_reconnects_reloads_and_the_state_of_the_file() -> None:
    telemetry = told()
    telemetry.lost(Reason.LOGIN)
    telemetry.rejected(["rules.yaml:1:1: no"])
    found = samples(telemetry)
    assert (found["mailbot_reconnects_total{reason=login}"], found["mailbot_reconnects_total{reason=unreachable}"]) == (1, 0)
    assert found["mailbot_rules_valid"] == 0
    telemetry.loaded(["r"], ["home"])
    found = samples(telemetry)
    assert found["mailbot_rules_valid"] == 1
    assert (found["mailbot_reloads_total{result=loaded}"], found["mailbot_reloads_total{result=rejected}"]) == (1, 1)


def test_an_account_is_connected_while_all_its_connections_are() -> None:
    heartbeat = Heartbeat(None)
    heartbeat.account("home", 0, "idle")
    heartbeat.account("home", 1, "passing")
    assert samples(told(), heartbeat)["mailbot_connected{account=home}"] == 1
    heartbeat.account("home", 1, "retrying")
    assert samples(told(), heartbeat)["mailbot_connected{account=home}"] == 0


def test_an_account_that_is_not_in_the_file_any_more_is_forgotten() -> None:
    telemetry = told()
    telemetry.loaded(["r"], ["work"])
    telemetry.passed(passed(account="home"))
    assert list(telemetry.figures().passed) == ["work"]


def test_the_latest_actions_are_remembered_and_no_more() -> None:
    telemetry = told()
    for _ in range(LATEST + 20):
        telemetry.acted(acted())
    latest = telemetry.figures().latest
    assert (len(latest), latest[-1].number) == (LATEST, LATEST + 20)
    assert [action.number for action in telemetry.since(LATEST + 18)] == [LATEST + 19, LATEST + 20]


def test_subjects_are_not_even_kept_unless_they_are_asked_for() -> None:
    telemetry = told()
    telemetry.acted(acted())
    assert telemetry.figures().latest[0].messages == ()
    telemetry = Telemetry(subjects=True)
    telemetry.acted(acted(uids=(1, 2, 3, 4)))
    assert telemetry.figures().latest[0].messages == ("Ada: subject 1", "Ada: subject 2", "Ada: subject 3")


def test_who_listens_is_woken_by_an_action() -> None:
    telemetry, wake = told(), Wake()
    telemetry.listen(wake)
    telemetry.acted(acted())
    assert wake.wait(5) == {"action"}
    telemetry.leave(wake)
    telemetry.acted(acted())
    assert wake.take() == frozenset()
    wake.close()


def test_every_metric_and_label_is_in_docs_and_nothing_else_is() -> None:
    telemetry, heartbeat = told(), Heartbeat(None)
    heartbeat.account("home", 0, "idle")
    telemetry.acted(acted())
    families = text_string_to_metric_families(Metrics(telemetry, heartbeat).text().decode())
    emitted = {(f"{family.name}_total" if family.type == "counter" else family.name, family.type,
                " ".join(sorted({label for sample in family.samples for label in sample.labels} - {"le"})))
               for family in families}
    rows = re.findall(r"(?m)^\| `(mailbot_\w+)` \| (\w+) \| ([\w` ]*?) ?\| ", (TOP / "docs/health.md").read_text())
    assert {(name, kind, " ".join(sorted(labels.replace("`", "").split()))) for name, kind, labels in rows} == emitted


def test_every_reason_of_a_reconnect_is_in_docs() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \|$", (TOP / "docs/health.md").read_text())
    assert set(rows) == set(Reason)
