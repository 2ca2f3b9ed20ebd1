from __future__ import annotations

import subprocess
import threading
from importlib.metadata import version

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from detectors.reliability import Reliability
from pipeline.engine.emissions import DeadLetter, FlowKey
from pipeline.outputs.metrics import EngineMetrics
from pipeline.outputs.partition_metrics import MAX_COLLECTORS
from tests.deploy.prometheus import binary
from tests.pipeline.outputs.make import START, alert, closed, flows

ORDERS = FlowKey("acme", "orders")
ALERT = {"tenant": "acme", "flow_id": "orders", "signal": "volume"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> EngineMetrics:
    return EngineMetrics(registry)


def letter(reason: str) -> DeadLetter:
    return DeadLetter(1, None, reason, "", None, None, ())


def samples(registry: CollectorRegistry, name: str) -> list[tuple[dict[str, str], float]]:
    return [
        (dict(sample.labels), sample.value)
        for family in registry.collect()
        for sample in family.samples
        if sample.name == name
    ]


class TestAlerts:
    def test_an_update_is_not_a_new_alert(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.observe(0, [alert(), alert(revision=1), alert(revision=2, status="resolved")])
        assert samples(registry, "cogentai_alerts_total") == [
            ({**ALERT, "severity": "critical"}, 1)
        ]

    def test_an_alert_fires_until_it_is_resolved(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.observe(0, [alert()])
        assert samples(registry, "cogentai_alerts_firing") == [
            ({**ALERT, "severity": "critical"}, 1)
        ]
        metrics.observe(0, [alert(revision=1, status="resolved")])
        assert samples(registry, "cogentai_alerts_firing") == []

    def test_an_alert_that_grows_worse_fires_once(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.observe(0, [alert(severity="warning"), alert(revision=1)])
        assert samples(registry, "cogentai_alerts_firing") == [
            ({**ALERT, "severity": "critical"}, 1)
        ]

    def test_an_alert_raised_in_every_partition_fires_once(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        for partition in range(4):
            metrics.observe(partition, [alert(id="collector-down")])
        assert [value for _, value in samples(registry, "cogentai_alerts_firing")] == [1]

    def test_alerts_that_fired_before_a_restart_fire_after_it_and_are_not_new(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.set_firing(0, [alert(revision=3)])
        assert len(samples(registry, "cogentai_alerts_firing")) == 1
        assert samples(registry, "cogentai_alerts_total") == []

    def test_alerts_of_flows_beyond_the_cap_are_counted_together(self) -> None:
        registry = CollectorRegistry()
        metrics = EngineMetrics(registry, max_flows=1)
        metrics.observe(0, [closed(flows(3))])
        metrics.observe(0, [alert(key) for key in flows(3)])
        raised = {labels["flow_id"]: n for labels, n in samples(registry, "cogentai_alerts_total")}
        assert raised == {"flow-0": 1, "_other": 2}


class TestCounters:
    def test_windows_are_counted_by_flow(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.observe(0, [closed(flows(3)), closed(flows(2), start=START + 60)])
        assert registry.get_sample_value("cogentai_windows_closed_total") == 5

    def test_dead_letters_are_counted_by_reason(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.observe(0, [letter("not-json"), letter("not-json"), letter("unknown-type")])
        assert samples(registry, "cogentai_dead_letters_total") == [
            ({"reason": "not-json"}, 2),
            ({"reason": "unknown-type"}, 1),
        ]

    def test_the_engines_totals_are_shown_by_partition(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.set_totals(3, {"events/cogent.flow.run": 7, "events_late": 2})
        metrics.set_totals(3, {"events/cogent.flow.run": 9, "events_late": 2})
        labels = {"partition": "3", "type": "cogent.flow.run"}
        assert samples(registry, "cogentai_events_total") == [(labels, 9)]
        assert samples(registry, "cogentai_events_late_total") == [({"partition": "3"}, 2)]

    def test_an_unknown_total_is_refused(self, metrics: EngineMetrics) -> None:
        with pytest.raises(ValueError, match="no such counter: surprises"):
            metrics.set_totals(0, {"surprises": 1})


class TestThresholds:
    def test_only_thresholds_that_verdicts_raised_are_shown(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.set_raised(0, {(ORDERS, "volume"): 0.3})
        labels = {"tenant": "acme", "flow_id": "orders", "signal": "volume"}
        assert samples(registry, "cogentai_threshold_raised_ratio") == [(labels, 0.3)]
        metrics.set_raised(0, {})
        assert samples(registry, "cogentai_threshold_raised_ratio") == []

    def test_flows_beyond_the_cap_share_the_furthest_of_theirs(self) -> None:
        registry = CollectorRegistry()
        metrics = EngineMetrics(registry, max_flows=1)
        metrics.set_raised(0, {(key, "volume"): 0.1 * i for i, key in enumerate(flows(4))})
        raised = samples(registry, "cogentai_threshold_raised_ratio")
        assert {labels["flow_id"]: value for labels, value in raised} == {
            "flow-0": 0.0,
            "_other": pytest.approx(0.3),
        }


class TestForecasts:
    def test_calibration_is_shown_by_partition(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        reliability = Reliability()
        reliability.add(np.array([0.04, 0.04, 0.6]), np.array([False, False, True]))
        metrics.set_reliability(3, reliability)
        reliability.add(np.array([0.9]), np.array([True]))  # later: the report stays as it was
        for name, value in (
            ("calibration_error_ratio", 0.48 / 3),
            ("brier_score", (2 * 0.04**2 + 0.4**2) / 3),
            ("base_rate_ratio", 1 / 3),
        ):
            ((labels, shown),) = samples(registry, f"cogentai_failure_{name}")
            assert (labels, shown) == ({"partition": "3"}, pytest.approx(value))
        made = {
            labels["from"]: n for labels, n in samples(registry, "cogentai_failure_forecasts_made")
        }
        assert (made["0.02"], made["0.5"], made["0.1"]) == (2, 1, 0)

    def test_before_the_first_outcome_nothing_is_known(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.set_reliability(0, Reliability())
        assert samples(registry, "cogentai_failure_brier_score") == []


class TestPartitions:
    def test_a_watermark_is_that_of_the_partition_furthest_behind(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.set_watermarks(0, {"poller": 200.0, "ingest": 150.0})
        metrics.set_watermarks(1, {"poller": 100.0})
        assert samples(registry, "cogentai_watermark_timestamp_seconds") == [
            ({"collector": "poller"}, 100.0),
            ({"collector": "ingest"}, 150.0),
        ]

    def test_collectors_without_number_share_one_series(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.set_watermarks(0, {f"c{i}": float(i) for i in range(MAX_COLLECTORS * 5)})
        marks = samples(registry, "cogentai_watermark_timestamp_seconds")
        assert len(marks) == MAX_COLLECTORS + 1
        assert marks[-1] == ({"collector": "_other"}, float(MAX_COLLECTORS))

    def test_position_and_lag_are_shown(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.set_position(2, applied=41, lag=7)
        labels = {"partition": "2"}
        assert registry.get_sample_value("cogentai_partition_applied_offset", labels) == 41
        assert registry.get_sample_value("cogentai_partition_lag_records", labels) == 7

    def test_the_age_of_the_last_commit_can_be_told(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        name = "cogentai_partition_last_commit_timestamp_seconds"
        metrics.set_position(2, applied=41, lag=7)
        assert registry.get_sample_value(name, {"partition": "2"}) is None
        metrics.set_committed(2, 1_772_409_600.5)
        assert registry.get_sample_value(name, {"partition": "2"}) == 1_772_409_600.5

    def test_a_partition_given_up_leaves_nothing_behind(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        before = generate_latest(registry).count(b"\ncogentai_")
        metrics.observe(5, [closed([ORDERS]), alert()])
        metrics.set_names(5, {ORDERS: "Orders"})
        metrics.set_totals(5, {"events_late": 2})
        metrics.set_watermarks(5, {"poller": 200.0})
        metrics.set_position(5, applied=41, lag=7)
        metrics.set_raised(5, {(ORDERS, "volume"): 0.15})
        assert generate_latest(registry).count(b"\ncogentai_") > before
        metrics.forget(5)
        assert generate_latest(registry).count(b"\ncogentai_") == before

    def test_the_other_partitions_stay(
        self, metrics: EngineMetrics, registry: CollectorRegistry
    ) -> None:
        metrics.observe(0, [closed(flows(1, "left"))])
        metrics.observe(1, [closed(flows(1, "stays"))])
        metrics.forget(0)
        [(labels, _)] = samples(registry, "cogentai_flow_volume")
        assert labels["tenant"] == "stays"


def test_durations_go_into_few_buckets(metrics: EngineMetrics, registry: CollectorRegistry) -> None:
    metrics.commit_seconds.observe(0.03)
    with metrics.open_seconds.time():
        pass
    assert registry.get_sample_value("cogentai_commit_duration_seconds_sum") == 0.03
    assert registry.get_sample_value("cogentai_open_duration_seconds_count") == 1
    assert len(samples(registry, "cogentai_commit_duration_seconds_bucket")) < 10


def test_the_build_names_its_version(metrics: EngineMetrics, registry: CollectorRegistry) -> None:
    [(labels, _)] = samples(registry, "cogentai_build_info")
    assert labels["version"] == version("cogentai")


def test_two_engines_in_one_process_do_not_meet() -> None:
    first, second = CollectorRegistry(), CollectorRegistry()
    EngineMetrics(first).observe(0, [alert()])
    EngineMetrics(second)
    assert samples(second, "cogentai_alerts_total") == []


def test_a_scrape_and_the_engine_may_run_at_the_same_time(
    metrics: EngineMetrics, registry: CollectorRegistry
) -> None:
    finished = threading.Event()
    failures: list[BaseException] = []

    def scrape() -> None:
        try:
            while not finished.is_set():
                generate_latest(registry)
        except BaseException as error:  # the test must see whatever the thread died of
            failures.append(error)

    thread = threading.Thread(target=scrape)
    thread.start()
    for i in range(300):
        metrics.observe(i % 3, [closed(flows(20, f"tenant-{i}")), alert(id=str(i))])
        if i % 10 == 0:
            metrics.forget(i % 3)
    finished.set()
    thread.join()
    assert failures == []


@pytest.mark.prometheus
def test_promtool_finds_no_fault_with_the_names(
    metrics: EngineMetrics, registry: CollectorRegistry
) -> None:
    metrics.observe(0, [closed([ORDERS], {"volume": {}, "errors": {}, "latency": {}}), alert()])
    metrics.observe(0, [letter("not-json")])
    metrics.set_totals(0, {"events/cogent.flow.run": 7, "events_late": 2, "events_duplicate": 1})
    metrics.set_watermarks(0, {"poller": 200.0})
    metrics.set_position(0, applied=41, lag=7)
    metrics.set_committed(0, 1_772_409_600.5)
    metrics.set_reliability(0, Reliability())
    text = b"".join(
        line + b"\n"
        for line in generate_latest(registry).splitlines()
        if b"_created" not in line and b"process_" not in line  # the library's own
    )
    lint = subprocess.run(
        [binary("promtool"), "check", "metrics"], check=False, input=text, capture_output=True
    )
    assert lint.stderr + lint.stdout == b""
