"""Numbers that users feed: judged by window, told of in alerts, kept exactly, bounded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import pytest

from pipeline.engine.emissions import DeadLetter, Emission, MetricVerdict
from pipeline.engine.engine import Engine
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings, ExtraDetector
from schemas.alerts import Alert
from schemas.signals import SignalEvent
from tests.make import MONDAY, Event, batch, event, heartbeat

SETTINGS = EngineSettings(lateness_seconds=0)


def sample(minute: float, value: float, metric: str = "queue_depth", **data: object) -> Event:
    body = {"metric": metric, "value": value, "flow_id": "orders"} | data
    body = {name: each for name, each in body.items() if each is not None}
    return event("cogent.metric.sample", MONDAY + 60 * minute, body)


def usual(minute: int) -> float:
    return 100.0 + minute * 7 % 11


def feed(engine: Engine, values: Iterable[tuple[int, float]], **data: object) -> list[Emission]:
    out: list[Emission] = []
    for minute, value in values:
        beat = heartbeat(MONDAY + 60 * (minute + 1))
        out += engine.apply(batch(sample(minute, value, **data), beat))
    return out


def learned(settings: EngineSettings = SETTINGS, minutes: int = 300, **data: object) -> Engine:
    engine = Engine(settings)
    feed(engine, [(minute, usual(minute)) for minute in range(minutes)], **data)
    return engine


def verdicts(emissions: Sequence[Emission]) -> list[MetricVerdict]:
    return [e for e in emissions if isinstance(e, MetricVerdict)]


def alerts(emissions: Sequence[Emission]) -> list[Alert]:
    return [e for e in emissions if isinstance(e, Alert)]


def test_a_window_is_judged_by_the_mean_of_its_samples() -> None:
    engine = Engine(SETTINGS)

    out = engine.apply(batch(sample(0, 1.0), sample(0.9, 6.0), sample(0.5, 2.0)))
    out += engine.apply(batch(heartbeat(MONDAY + 60)))

    [verdict] = verdicts(out)
    assert (verdict.start, verdict.seconds, verdict.metric) == (MONDAY, 60, "queue_depth")
    assert verdict.observed == 3.0


def test_a_window_without_samples_is_unknown_not_zero() -> None:
    engine = learned()

    assert verdicts(engine.apply(batch(heartbeat(MONDAY + 60 * 400)))) == []


def test_a_number_out_of_bounds_raises_one_alert_that_names_it() -> None:
    engine = learned()

    out = feed(engine, [(300, 900.0), (301, 910.0), (302, 905.0)], unit="items")

    [alert] = alerts(out)
    assert (alert.signal, alert.flow_id, alert.status) == ("metric", "orders", "firing")
    assert alert.summary == "queue_depth of orders is unusual"
    assert alert.explanation == (
        "queue_depth is 900 items, where 101 to 109 is usual: beyond anything seen so far."
    )
    assert alert.evidence[0].metric == "queue_depth"
    assert engine.firing() == [alert]


def test_an_alert_resolves_after_calm_or_silence() -> None:
    engine = learned()
    feed(engine, [(300, 900.0)])

    early = engine.apply(batch(heartbeat(MONDAY + 60 * 330)))
    late = engine.apply(batch(heartbeat(MONDAY + 60 * 332)))

    assert alerts(early) == []
    assert [alert.status for alert in alerts(late)] == ["resolved"]
    assert engine.firing() == []


def test_a_number_is_learning_before_it_is_judged() -> None:
    engine = Engine(SETTINGS)
    out = verdicts(feed(engine, [(minute, usual(minute)) for minute in range(120)]))

    assert [verdict.learning for verdict in out] == [True] * 100 + [False] * 20


def test_a_late_sample_is_counted_as_late() -> None:
    engine = learned()

    assert engine.apply(batch(sample(10, 5.0))) == []
    assert engine.totals["late"] == 1


def test_a_sample_far_ahead_is_put_aside() -> None:
    [letter] = learned().apply(batch(sample(300 + 3 * 1440, 5.0)))

    assert isinstance(letter, DeadLetter)
    assert letter.reason == "too_far_ahead"


def test_a_number_of_the_tenant_is_judged_by_partition_0_alone() -> None:
    for partition, expected in ((0, 1), (1, 0)):
        engine = Engine(SETTINGS, partition)
        out = feed(engine, [(0, 5.0)], flow_id=None)
        assert [v.flow.flow_id for v in verdicts(out)] == ["*"] * expected


def test_numbers_of_flows_and_tenants_are_apart() -> None:
    engine = Engine(SETTINGS)
    other = sample(0, 3.0) | {"tenant": "other"}
    out = engine.apply(batch(sample(0, 1.0), sample(0, 2.0, flow_id="returns"), other))
    out += engine.apply(batch(heartbeat(MONDAY + 60)))

    assert [(*v.flow, v.observed) for v in verdicts(out)] == [
        ("acme", "orders", 1.0),
        ("acme", "returns", 2.0),
        ("other", "orders", 3.0),
    ]


def test_maintenance_is_neither_judged_nor_learned() -> None:
    engine = learned()
    masked = {"kind": "maintenance", "scope": "orders"}
    masked |= {"from": "2026-03-02T05:00:00Z", "to": "2026-03-02T06:00:00Z"}
    engine.apply(batch(event("cogent.annotation", MONDAY, masked)))

    out = feed(engine, [(minute, 900.0) for minute in range(300, 361)])

    assert [verdict.start for verdict in verdicts(out)] == [MONDAY + 360 * 60]
    assert verdicts(out)[0].score > 1  # 900 is still unheard of


def test_a_restored_engine_has_the_same_future() -> None:
    extra = ExtraDetector(metric="queue_depth", model="river.anomaly.HalfSpaceTrees")
    settings = EngineSettings(lateness_seconds=0, detectors=(extra,))
    first, second = learned(settings), Engine(settings)
    first.apply(batch(sample(300, 104.0)))

    second.restore(first.snapshot())

    coming = [(minute, usual(minute) + (minute > 350) * 300) for minute in range(300, 400)]
    out = feed(first, coming)
    again = feed(second, coming)
    assert again == out
    assert alerts(out)


def test_batching_does_not_matter() -> None:
    events = []
    for minute in range(200):
        events += [sample(minute, usual(minute)), heartbeat(MONDAY + 60 * (minute + 1))]
    one, many = Engine(SETTINGS), Engine(SETTINGS)

    whole = one.apply(batch(*events))
    single = [e for each in events for e in many.apply(batch(each))]

    assert whole == single


def test_numbers_beyond_the_bound_are_put_aside_with_a_reason() -> None:
    engine = Engine(EngineSettings(max_metrics=2))
    out = engine.apply(batch(*(sample(0, 1.0, metric=name) for name in "abc")))

    [letter] = out
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "too_many_metrics"
    assert "max_metrics" in letter.detail


def test_a_number_quiet_for_a_week_gives_way() -> None:
    engine = Engine(EngineSettings(max_metrics=2))
    engine.apply(batch(sample(0, 1.0, metric="a"), sample(2000, 1.0, metric="b")))
    week = 7 * 1440 + 10
    engine.apply(batch(heartbeat(MONDAY + 60 * week)))

    assert engine.apply(batch(sample(week, 1.0, metric="c"))) == []
    out = engine.apply(batch(heartbeat(MONDAY + 60 * (week + 5))))
    assert [verdict.metric for verdict in verdicts(out)] == ["c"]


def test_a_first_sample_from_the_far_future_does_not_begin_a_number() -> None:
    engine = Engine(SETTINGS)
    engine.apply(batch(heartbeat(MONDAY)))

    [letter] = engine.apply(batch(sample(30 * 1440, 1.0)))

    assert isinstance(letter, DeadLetter)
    assert letter.reason == "too_far_ahead"
    assert len(verdicts(feed(engine, [(0, 1.0)]))) == 1


def test_an_extra_detector_judges_the_number_it_is_named_for() -> None:
    extra = ExtraDetector(metric="queue_depth", model="river.anomaly.StandardAbsoluteDeviation")
    engine = learned(EngineSettings(lateness_seconds=0, detectors=(extra,)), minutes=1500)

    out = verdicts(feed(engine, [(1500, 110.15)]))

    assert "StandardAbsoluteDeviation" in out[-1].why
    assert out[-1].score > verdicts(feed(learned(minutes=1500), [(1500, 110.15)]))[-1].score


def test_a_verdict_leaves_as_a_signal() -> None:
    out = feed(learned(), [(300, 900.0)])

    outputs = encode(out, topic="events", partition=0)
    [signal] = [json.loads(o.value or b"") for o in outputs if o.topic == "signals"]

    data = SignalEvent.model_validate_json(json.dumps(signal[0])).data
    assert (data.signal, data.metric, data.observed) == ("metric", "queue_depth", 900.0)
    assert data.status == "anomalous"
    assert signal[0]["id"] == f"sig:acme:orders:metric:queue_depth:{MONDAY + 300 * 60}"


@pytest.mark.parametrize("value", [1e18, -1e18, 0.0, 5e-324])
def test_any_value_the_contract_allows_is_applied(value: float) -> None:
    engine = learned()

    [verdict] = verdicts(feed(engine, [(300, value)]))

    assert verdict.observed == value
    encode([verdict], topic="events", partition=0)
