from __future__ import annotations

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from pipeline.engine.emissions import ClosedWindow, FlowKey
from pipeline.outputs.metrics import EngineMetrics
from tests.pipeline.outputs.make import NAN, START, closed, flows

ORDERS = FlowKey("acme", "orders")


class Scrape:
    """Metrics that have observed some windows, and what a scrape of them says."""

    def __init__(self, *windows: ClosedWindow, max_flows: int = 500) -> None:
        self.registry = CollectorRegistry()
        self.metrics = EngineMetrics(self.registry, max_flows)
        self.metrics.observe(0, windows)

    def value(self, name: str, key: FlowKey = ORDERS, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"cogentai_{name}", key._asdict() | labels)

    def flows(self, name: str) -> set[str]:
        return {
            sample.labels["flow_id"]
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == f"cogentai_{name}"
        }


def test_volume_is_shown_with_its_expected_band() -> None:
    scrape = Scrape(
        closed([ORDERS], {"volume": {"observed": 9, "expected": 12, "lower": 5, "upper": 20}})
    )
    names = ("flow_volume", "flow_volume_expected", "flow_volume_lower", "flow_volume_upper")
    assert [scrape.value(name) for name in names] == [9, 12, 5, 20]


def test_errors_are_shown_as_a_share_of_finished_runs() -> None:
    errors = {"observed": 10, "expected": 1, "upper": 50}
    scrape = Scrape(closed([ORDERS], {"errors": errors}, finished=40))
    assert scrape.value("flow_error_ratio") == 0.25
    assert scrape.value("flow_error_expected_ratio") == 0.025
    assert scrape.value("flow_error_upper_ratio") == 1.0


def test_a_window_in_which_nothing_finished_has_no_error_ratio() -> None:
    scrape = Scrape(closed([ORDERS], {"errors": {"observed": 0}}, finished=0))
    assert scrape.value("flow_error_ratio") is None


def test_latency_is_shown_in_seconds() -> None:
    scrape = Scrape(closed([ORDERS], {"latency": {"observed": 1500, "expected": 1200}}))
    assert scrape.value("flow_latency_seconds") == 1.5
    assert scrape.value("flow_latency_expected_seconds") == 1.2


@pytest.mark.parametrize("name", ["flow_latency_seconds", "failure_probability_ratio"])
def test_what_is_unknown_has_no_sample(name: str) -> None:
    scrape = Scrape(closed([ORDERS], {"latency": {"observed": NAN}}))
    assert scrape.value(name) is None


def test_every_signal_that_concerns_a_flow_has_its_score() -> None:
    verdicts = {"volume": {"score": 0}, "silence": {"observed": NAN, "score": 1.5}}
    scrape = Scrape(closed([ORDERS], {**verdicts, "backlog": {"observed": NAN, "score": 0}}))
    assert scrape.value("detector_score", signal="volume") == 0
    assert scrape.value("detector_score", signal="silence") == 1.5
    assert scrape.value("detector_score", signal="backlog") is None


def test_the_newest_window_of_a_flow_is_shown() -> None:
    older = closed([ORDERS, *flows(2)], {"volume": {"observed": 1}})
    newer = closed([ORDERS], {"volume": {"observed": 2}}, start=START + 60)
    scrape = Scrape(older, newer)
    assert scrape.value("flow_volume") == 2
    assert scrape.value("flow_volume", FlowKey("acme", "flow-1")) == 1


def test_a_flow_is_named_by_its_name_or_else_by_its_id() -> None:
    scrape = Scrape(closed([ORDERS, *flows(1)]))
    scrape.metrics.set_names(0, {ORDERS: "Orders to NetSuite"})
    assert scrape.value("flow_info", flow_name="Orders to NetSuite") == 1
    assert scrape.value("flow_info", FlowKey("acme", "flow-0"), flow_name="flow-0") == 1


def test_runs_that_complained_are_counted_by_class_over_windows() -> None:
    windows = [closed([ORDERS], errors={0: {"auth": 3, "timeout": 1}}) for _ in range(2)]
    scrape = Scrape(*windows)
    values = {k: scrape.value("flow_errors_total", **{"class": k}) for k in ("auth", "timeout")}
    assert values == {"auth": 6, "timeout": 2}
    scrape.metrics.forget(0)
    assert scrape.flows("flow_errors_total") == set()


class TestFlowsBeyondTheCap:
    OTHER = FlowKey("_other", "_other")

    def scrape(self) -> Scrape:
        verdicts = {
            "volume": {"observed": [1, 2, 3, NAN, 5], "score": [0, 0, 0.1, 1.4, 0.3]},
            "latency": {"observed": 1000},
            "failure": {"observed": [0.1, 0.1, 0.2, NAN, 0.7]},
        }
        depth = [1, 1, NAN, 4, 5]
        return Scrape(closed(flows(5), verdicts, queue_depth=depth), max_flows=2)

    def test_the_first_flows_keep_series_of_their_own(self) -> None:
        assert self.scrape().flows("flow_volume") == {"flow-0", "flow-1", "_other"}
        assert self.scrape().flows("flow_info") == {"flow-0", "flow-1"}

    def test_what_counts_is_summed_over_the_rest(self) -> None:
        assert self.scrape().value("flow_volume", self.OTHER) == 8
        assert self.scrape().value("flow_queue_depth", self.OTHER) == 9

    def test_the_worst_of_the_rest_is_shown(self) -> None:
        assert self.scrape().value("detector_score", self.OTHER, signal="volume") == 1.4
        assert self.scrape().value("failure_probability_ratio", self.OTHER) == 0.7

    def test_complaints_of_the_rest_are_summed(self) -> None:
        window = closed(flows(3), errors={1: {"auth": 2}, 2: {"auth": 5}})
        scrape = Scrape(window, max_flows=1)
        assert scrape.value("flow_errors_total", self.OTHER, **{"class": "auth"}) == 7

    def test_durations_of_unlike_flows_are_not_mixed(self) -> None:
        assert self.scrape().flows("flow_latency_seconds") == {"flow-0", "flow-1"}

    def test_a_scrape_grows_no_further(self) -> None:
        def lines(number: int) -> int:
            scrape = Scrape(closed(flows(number), {"volume": {}, "errors": {}}), max_flows=10)
            return sum(len(family.samples) for family in scrape.registry.collect())

        assert lines(11) == lines(2000)

    def test_a_place_that_becomes_free_goes_to_a_new_flow(self) -> None:
        scrape = self.scrape()
        scrape.metrics.forget(0)
        scrape.metrics.observe(1, [closed([ORDERS])])
        assert scrape.flows("flow_volume") == {"orders"}

    def test_with_no_places_everything_is_summed(self) -> None:
        scrape = Scrape(closed(flows(3), {"volume": {"observed": np.ones(3)}}), max_flows=0)
        assert scrape.flows("flow_volume") == {"_other"}
