"""What operators tell of stretches of time, as the engine takes it."""

from __future__ import annotations

import pytest

from detectors.familiar import rates
from pipeline.engine.annotations import MOST
from pipeline.engine.emissions import DeadLetter
from pipeline.engine.engine import Engine
from pipeline.settings import EngineSettings
from tests.make import batch
from tests.pipeline.engine.shop import RATE, Change, Shop, annotation, flows_of

PEAK = {"start": 30, "end": 120}


def peak(times: float) -> dict[str, object]:
    """Traffic of a flow that rises ten minutes early and falls ten minutes late."""
    return {"orders-uk": lambda m: times if 20 <= m < 130 else 1.0}


def test_a_doubling_nobody_announced_is_an_alert(shop: Shop) -> None:
    assert flows_of(shop.play(60, times=peak(2))) == {"orders-uk"}


def test_an_announced_peak_is_no_alert(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", "orders-uk", expected_factor=2, **PEAK))
    assert shop.play(180, times=peak(2)) == []


def test_records_and_backlog_rise_with_an_announced_peak(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", "wholesale", expected_factor=2, **PEAK))
    assert shop.play(180, times={"wholesale": peak(2)["orders-uk"]}) == []
    shop.tell(annotation("planned_peak", "wholesale", expected_factor=3, start=210, end=500))
    shop.play(60, times={"wholesale": lambda m: 3.0 if m >= 200 else 1.0})
    closed, i = shop.latest("wholesale")
    for signal, usual in (("records", 3 * RATE), ("backlog", 2.0)):
        assert 2.2 * usual < closed.verdicts[signal].expected[i] < 4 * usual


def test_a_factor_may_be_a_guess(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", "orders-uk", expected_factor=3, **PEAK))
    assert shop.play(180, times=peak(2.5)) == []


def test_an_announced_peak_is_what_is_expected(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", "orders-uk", expected_factor=2, **PEAK))
    shop.play(100, times=peak(2))
    assert 1.6 * RATE < shop.expected("orders-uk") < 2.4 * RATE


def test_a_peak_is_not_learned_as_normal(shop: Shop) -> None:
    tables = shop.engine._closing.bank.flows.counts.seasonality.slots
    before = rates(tables[:, 0])
    shop.tell(annotation("planned_peak", "orders-uk", expected_factor=3, **PEAK))
    shop.play(180, times=peak(3))
    assert rates(tables[:, 0]) == pytest.approx(before, rel=0.25)
    assert shop.expected("orders-uk") < 1.3 * RATE


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_stop_or_a_drop_to_the_usual_within_a_peak_is_an_alert(shop: Shop, level: float) -> None:
    shop.tell(annotation("planned_peak", "orders-uk", expected_factor=3, **PEAK))
    assert shop.play(60, times=peak(3)) == []
    alerts = shop.play(30, times={"orders-uk": level})
    assert [(a.flow_id, a.signal) for a in alerts if a.revision == 0] == [("orders-uk", "volume")]
    assert "planned peak of 3 times the usual" in alerts[0].explanation


def test_errors_within_a_peak_are_an_alert(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", "orders-uk", expected_factor=2, **PEAK))
    shop.play(60, times=peak(2))
    (alert, *_) = shop.play(20, times=peak(2), errors={"orders-uk": 0.4})
    assert alert.signal == "errors"


def test_how_many_come_in_a_peak_without_a_factor_is_not_judged(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", "orders-uk", **PEAK))
    assert shop.play(180, times=peak(6)) == []
    assert shop.expected("orders-uk") < 1.3 * RATE


def test_a_stop_in_a_peak_without_a_factor_is_an_alert(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", "orders-uk", **PEAK))
    shop.play(60, times=peak(2))
    assert flows_of(shop.play(20, times={"orders-uk": 0.0})) == {"orders-uk"}


def test_in_a_peak_without_a_factor_no_upper_bound_is_claimed(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", "orders-uk", **PEAK))
    shop.play(60, times=peak(2))
    closed, i = shop.latest("orders-uk")
    verdict = closed.verdicts["volume"]
    assert verdict.upper[i] != verdict.upper[i]
    assert verdict.lower[i] < verdict.expected[i]


def test_word_that_comes_late_ends_the_alert(shop: Shop) -> None:
    assert flows_of(shop.play(60, times=peak(2))) == {"orders-uk"}
    shop.tell(annotation("planned_peak", "orders-uk", expected_factor=2, **PEAK))
    later = shop.play(120, times=peak(2))
    assert [a.status for a in later] == ["resolved"]
    assert later[0].ends_at is not None
    assert later[0].ends_at.timestamp() <= shop.at - 120 * 60


def test_an_annotation_told_again_with_another_end_is_that(shop: Shop) -> None:
    told = {"expected_factor": 3, "start": 30}
    shop.tell(annotation("planned_peak", "orders-uk", end=600, **told))
    shop.tell(annotation("planned_peak", "orders-uk", end=120, **told))
    assert shop.play(240, times=peak(3)) == []


def test_an_annotation_that_ends_as_it_begins_is_withdrawn(shop: Shop) -> None:
    told = {"expected_factor": 2, "start": 30}
    shop.tell(annotation("planned_peak", "orders-uk", end=120, **told))
    shop.tell(annotation("planned_peak", "orders-uk", end=30, **told))
    assert flows_of(shop.play(60, times=peak(2))) == {"orders-uk"}


def test_a_peak_withdrawn_when_it_has_not_come_leaves_nothing_behind(shop: Shop) -> None:
    told = {"expected_factor": 3, "start": 30}
    shop.tell(annotation("planned_peak", "orders-uk", end=600, **told))
    assert flows_of(shop.play(70)) == {"orders-uk"}
    shop.tell(annotation("planned_peak", "orders-uk", end=30, **told))
    assert [a.status for a in shop.play(120)] == ["resolved"]


def test_a_scope_may_be_the_beginning_of_flow_ids(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", "orders-*", expected_factor=2, **PEAK))
    times = dict.fromkeys(("orders-uk", "orders-de", "stock"), peak(2)["orders-uk"])
    assert flows_of(shop.play(60, times=times)) == {"stock"}


def test_an_annotation_is_of_one_tenant(shop: Shop) -> None:
    shop.tell(annotation("planned_peak", tenant="other", expected_factor=2, **PEAK))
    assert flows_of(shop.play(60, times=peak(2))) == {"orders-uk"}


def test_the_closest_scope_counts(shop: Shop) -> None:
    shop.tell(
        annotation("planned_peak", "orders-uk", expected_factor=2, **PEAK),
        annotation("planned_peak", "*", expected_factor=6, **PEAK),
    )
    assert flows_of(shop.play(80, times=peak(2))) == {"orders-de", "stock", "wholesale"}


SUNDAY = {"wholesale": lambda m: 0.3 if m >= 30 else 1.0}
"""From the half hour on, a Monday that is like a Sunday."""


@pytest.mark.parametrize("times", [SUNDAY, {}])
def test_a_holiday_may_be_like_a_sunday_or_like_any_day(shop: Shop, times: Change) -> None:
    shop.tell(annotation("holiday", start=30, end=600))
    assert shop.play(180, times=times) == []


def test_a_sunday_on_a_monday_that_is_no_holiday_is_an_alert(shop: Shop) -> None:
    assert flows_of(shop.play(60, times=SUNDAY)) == {"wholesale"}


def test_a_stop_on_a_holiday_is_an_alert(shop: Shop) -> None:
    shop.tell(annotation("holiday", start=0, end=600))
    shop.play(60)
    assert flows_of(shop.play(30, times={"stock": 0.0})) == {"stock"}


def test_a_holiday_with_a_factor_expects_that_much(shop: Shop) -> None:
    shop.tell(annotation("holiday", "stock", expected_factor=0.3, start=0, end=600))
    assert shop.play(120, times={"stock": 0.3}) == []
    assert flows_of(shop.play(60, times={"stock": 1.0})) == {"stock"}


def test_maintenance_of_one_scope_leaves_the_others_judged(shop: Shop) -> None:
    shop.tell(annotation("maintenance", "orders-*", start=10, end=60))
    none = dict.fromkeys(("orders-uk", "stock"), lambda m: 0.0 if 10 <= m < 60 else 1.0)
    assert flows_of(shop.play(180, times=none)) == {"stock"}


def test_maintenance_told_late_ends_the_alert(shop: Shop) -> None:
    stopped = {"stock": lambda m: 0.0 if 10 <= m < 60 else 1.0}
    assert flows_of(shop.play(30, times=stopped)) == {"stock"}
    shop.tell(annotation("maintenance", "stock", start=10, end=60))
    assert [a.status for a in shop.play(120, times=stopped)] == ["resolved"]


def test_a_flow_that_does_not_come_back_after_maintenance_is_an_alert(shop: Shop) -> None:
    shop.tell(annotation("maintenance", "stock", start=10, end=60))
    assert shop.play(60, times={"stock": lambda m: 0.0 if m >= 10 else 1.0}) == []
    assert flows_of(shop.play(5, times={"stock": 0.0})) == {"stock"}


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("maintenance", {"start": 0}, "data.to"),
        ("planned_peak", {"end": 5}, "data.from"),
        ("feedback", {"alert_fingerprint": "f"}, "data.verdict"),
        ("feedback", {"verdict": "real"}, "data.alert_fingerprint"),
    ],
)
def test_an_annotation_that_lacks_what_its_kind_needs_is_put_aside(
    kind: str, data: dict[str, object], field: str
) -> None:
    told = batch(annotation(kind, **data))
    (letter,) = Engine(EngineSettings()).apply(told)
    assert isinstance(letter, DeadLetter)
    assert (letter.reason, letter.detail.split()[0]) == ("annotation", field)
    assert Engine(EngineSettings(), partition=1).apply(told) == []


def test_the_annotations_of_a_tenant_are_bounded() -> None:
    engine = Engine(EngineSettings())
    told = [annotation("holiday", start=n, end=n + 1) for n in range(MOST + 1)]
    (letter,) = engine.apply(batch(*told))
    assert isinstance(letter, DeadLetter)
    assert str(MOST) in letter.detail
