"""Every query of the dashboard and of the rules, asked of a real Prometheus that scrapes a live
engine. A panel that stays empty is a defect, of the dashboard or of the engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.grafana.dashboard import FILE, dashboard, render
from pipeline.outputs.metrics import EngineMetrics
from tests.deploy.live import FLOWS, live_engine_metrics
from tests.deploy.prometheus import DEPLOY, Prometheus, running_prometheus, wait_until

PANELS: list[dict[str, Any]] = [p for p in dashboard()["panels"] if p["type"] != "row"]
QUERIES = [
    pytest.param(target, id=f"{panel['title']}-{target['refId']}")
    for panel in PANELS
    for target in panel["targets"]
]
VARIABLES = {v["name"]: v for v in dashboard()["templating"]["list"] if v["type"] == "query"}


def filled(expression: str, flow: str = "stock") -> str:
    """Put a value in for every variable, as Grafana does."""
    values = {"tenant": ".*", "flow": flow, "__rate_interval": "10s", "__range": "1m"}
    return re.sub(r"\$([a-z_]\w*)", lambda found: values[found[1]], expression)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has watched an engine with two flows in trouble for a few seconds."""
    folder = tmp_path_factory.mktemp("prometheus")
    with live_engine_metrics(folder) as port, running_prometheus(folder, port) as server:
        wait_until(
            lambda: len(server.query("count by (flow_id) (cogentai_alerts_firing)")) >= 2,
            "the engine has raised its alerts, and they have been scraped",
        )
        wait_until(
            lambda: server.query("rate(cogentai_events_total[10s]) > 0"),
            "the engine has been scraped a few times at work",
        )
        yield server


@pytest.mark.prometheus
@pytest.mark.parametrize("target", QUERIES)
def test_no_panel_is_empty(prometheus: Prometheus, target: dict[str, Any]) -> None:
    ask = prometheus.query if target["instant"] else prometheus.query_range
    wait_until(lambda: ask(filled(target["expr"])), f"samples of {target['expr']}", seconds=5)


@pytest.mark.prometheus
def test_every_alert_on_the_panels_is_an_annotation(prometheus: Prometheus) -> None:
    [annotation] = dashboard()["annotations"]["list"]
    assert prometheus.query_range(filled(annotation["expr"]))


@pytest.mark.prometheus
def test_the_variables_offer_every_flow_by_its_name(prometheus: Prometheus) -> None:
    query = VARIABLES["flow"]["query"]["query"]
    inner = re.fullmatch(r"query_result\((.*)\)", query)
    assert inner is not None
    offered = set()
    for sample in prometheus.query(filled(inner[1])):
        text = "{" + ",".join(f'{k}="{v}"' for k, v in sample["metric"].items()) + "}"
        named = re.search(r'flow_name="(?P<text>[^"]+)', text)
        valued = re.search(r'flow_id="(?P<value>[^"]+)', text)
        assert named is not None
        assert valued is not None
        offered.add((named["text"], valued["value"]))
    assert offered == {(f"The {flow} flow", flow) for flow in FLOWS}
    assert VARIABLES["flow"]["regex"] == '/flow_name="(?<text>[^"]+)|flow_id="(?<value>[^"]+)/g'


@pytest.mark.prometheus
def test_two_workers_that_show_one_flow_do_not_count_twice(prometheus: Prometheus) -> None:
    assert len(prometheus.query("up == 1")) == 2
    [flows] = prometheus.query(filled(panel_named("Flows")["targets"][0]["expr"]))
    assert float(flows["value"][1]) == len(FLOWS)
    [critical] = prometheus.query(filled(panel_named("Alerts")["targets"][0]["expr"]))
    firing = "count(count by (flow_id, signal, severity) (cogentai_alerts_firing))"
    assert critical["value"][1] == prometheus.query(firing)[0]["value"][1]


@pytest.mark.prometheus
def test_every_rule_evaluates_and_every_recording_has_samples(prometheus: Prometheus) -> None:
    files = [DEPLOY / "prometheus" / name for name in ("recording.yml", "alerts.yml")]
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    rules = [rule for group in groups for rule in group["rules"]]
    for rule in rules:
        prometheus.query(rule["expr"])
        if "record" in rule:
            wait_until(lambda r=rule: prometheus.query(r["record"]), f"samples of {rule['record']}")
    known = prometheus.rules()
    assert len(known) == len(rules)
    assert [rule for rule in known if rule["health"] != "ok"] == []


@pytest.mark.prometheus
def test_a_flow_in_trouble_is_an_alert_of_prometheus(prometheus: Prometheus) -> None:
    fired = 'ALERTS{alertname="CogentaiFlowAlert",alertstate="firing",flow_id="orders"}'
    wait_until(lambda: prometheus.query(fired), "the flow's alert fires")
    [rule] = [rule for rule in prometheus.rules() if rule["name"] == "CogentaiFlowAlert"]
    summaries = {a["labels"]["flow_id"]: a["annotations"]["summary"] for a in rule["alerts"]}
    assert summaries["orders"].endswith("trouble in flow The orders flow of acme")


def test_the_committed_dashboard_is_the_rendered_one() -> None:
    assert FILE.read_text(encoding="utf-8") == render(), "run: python -m deploy.grafana.dashboard"


def test_panels_do_not_overlap_and_fill_the_width() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    assert len(taken) == 24 * (1 + max(y for _, y in taken))
    assert {x for x, _ in taken} == set(range(24))


def test_every_panel_says_what_it_shows() -> None:
    assert [p["title"] for p in PANELS if not p["description"]] == []


def test_the_data_source_can_be_chosen_everywhere() -> None:
    uids = set(re.findall(r'"uid": "([^"]+)"', json.dumps(dashboard())))
    assert uids == {dashboard()["uid"], "${datasource}"}


def test_queries_name_only_metrics_that_exist() -> None:
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry()
    EngineMetrics(registry)
    exported = {family.name for family in registry.collect()}
    suffix = re.compile(r"_(total|info|bucket|sum|count)$")
    for panel in PANELS:
        for target in panel["targets"]:
            for name in re.findall(r"cogentai_\w+", target["expr"]):
                assert {name, suffix.sub("", name)} & exported, name


def panel_named(title: str) -> dict[str, Any]:
    return next(panel for panel in PANELS if panel["title"] == title)
