from __future__ import annotations

import numpy as np

from detectors.columns import Verdict, Windows
from detectors.failure import Foresight
from pipeline.engine.alerting import Alerting, Context
from pipeline.engine.emissions import ClosedWindow, FlowKey
from schemas.alerts import Alert

START = 1_772_409_600
CONTEXT = Context(
    name=lambda row: f"Flow {row}",
    total=lambda row, signal, span: 100.0,
    foresight=lambda row: Foresight(("slow runs", "retried runs"), 17.0, 0.75),
    recently=lambda row: "In the last 24 hours: 5 runs, no failed.",
)


def closed(minute: int, flows: int = 1, **scores: float) -> ClosedWindow:
    """One window in which every flow has the same score for the signals named."""

    def verdict(score: float) -> Verdict:
        ones = np.ones(flows)
        return Verdict(
            observed=ones, expected=10 * ones, lower=ones, upper=ones, score=score * ones,
            evidence=ones, high=np.zeros(flows, bool), span=np.full(flows, 15),
            span_observed=3 * ones, span_expected=160 * ones,
        )  # fmt: skip

    none = np.full(flows, np.nan)
    return ClosedWindow(
        start=START + 60 * minute,
        seconds=60,
        flows=[FlowKey("acme", f"flow-{i}") for i in range(flows)],
        windows=Windows(*[none] * len(Windows._fields)),
        verdicts={name: verdict(score) for name, score in scores.items()},
        learning=np.zeros(flows, bool),
    )


def judge(alerting: Alerting, window: ClosedWindow) -> list[Alert]:
    return alerting.judge(window, np.arange(len(window.flows)), CONTEXT)


def test_a_score_of_one_or_less_raises_nothing() -> None:
    assert judge(Alerting(1800), closed(0, volume=1.0, errors=0.4)) == []


def test_the_first_anomalous_window_raises_an_alert_with_its_reason() -> None:
    (alert,) = judge(Alerting(1800), closed(0, volume=1.2))
    assert (alert.status, alert.revision, alert.signal) == ("firing", 0, "volume")
    assert alert.starts_at.timestamp() == START
    assert alert.summary == (
        "Flow 0 has thinned out: 3 runs started in 15 minutes, where about 160 are usual"
    )
    assert alert.explanation.endswith("In the last 24 hours: 5 runs, no failed.")
    assert alert.next_step
    assert alert.evidence[0].span_minutes == 15


def test_an_alert_is_not_repeated_while_it_lasts() -> None:
    alerting = Alerting(1800)
    judge(alerting, closed(0, volume=1.2))
    assert [a for m in range(1, 60) for a in judge(alerting, closed(m, volume=1.3))] == []


def test_a_signal_that_joins_updates_the_alert_instead_of_raising_another() -> None:
    alerting = Alerting(1800)
    (first,) = judge(alerting, closed(0, volume=1.2))
    (second,) = judge(alerting, closed(1, volume=1.2, latency=1.5))
    assert (second.id, second.revision) == (first.id, 1)
    assert [e.signal for e in second.evidence] == ["latency", "volume"]


def test_a_trouble_that_grows_worse_updates_the_alert() -> None:
    alerting = Alerting(1800)
    (first,) = judge(alerting, closed(0, latency=1.2))
    (second,) = judge(alerting, closed(1, latency=2.5))
    assert (first.severity, second.severity) == ("warning", "critical")


def test_an_alert_resolves_after_the_calm_asked_for_and_not_before() -> None:
    alerting = Alerting(calm=30 * 60)
    (first,) = judge(alerting, closed(0, volume=1.2))
    for minute in range(1, 30):
        assert judge(alerting, closed(minute, volume=0.2)) == []
    (last,) = judge(alerting, closed(30, volume=0.2))
    assert (last.id, last.status, last.revision) == (first.id, "resolved", 1)
    assert last.ends_at is not None
    assert last.ends_at.timestamp() == START + 60


def test_a_relapse_during_the_calm_starts_the_calm_anew() -> None:
    alerting = Alerting(calm=30 * 60)
    judge(alerting, closed(0, volume=1.2))
    judge(alerting, closed(20, volume=1.2))
    assert judge(alerting, closed(40, volume=0.2)) == []
    assert [a.status for a in judge(alerting, closed(50, volume=0.2))] == ["resolved"]


def test_the_same_trouble_later_has_the_same_fingerprint_and_another_id() -> None:
    alerting = Alerting(calm=60)
    (first,) = judge(alerting, closed(0, volume=1.2))
    judge(alerting, closed(1, volume=0.0))
    (second,) = judge(alerting, closed(2, volume=1.2))
    assert first.fingerprint == second.fingerprint
    assert first.id != second.id


def test_flows_have_alerts_of_their_own() -> None:
    alerts = judge(Alerting(1800), closed(0, flows=3, volume=1.2))
    assert [a.flow_id for a in alerts] == ["flow-0", "flow-1", "flow-2"]
    assert len({a.id for a in alerts}) == 3


def test_what_has_happened_outranks_what_is_only_predicted() -> None:
    (alert,) = judge(Alerting(1800), closed(0, failure=3.0, volume=1.2))
    assert "thinned out" in alert.summary


def test_a_foreseen_failure_says_why_how_soon_and_how_sure() -> None:
    (alert,) = judge(Alerting(1800), closed(0, failure=3.0))
    assert alert.forecast is not None
    assert alert.forecast.reasons == ("slow runs", "retried runs")
    assert (alert.forecast.lead_minutes, alert.forecast.confidence) == (17.0, 0.75)
    assert "because of slow runs and retried runs" in alert.summary
    assert "75 % of the latest warnings came true, mostly 17 minutes ahead" in alert.summary


def test_what_earlier_warnings_were_worth_is_unknown_before_one_came_true() -> None:
    context = CONTEXT.__class__(
        CONTEXT.name, CONTEXT.total, lambda _: Foresight((), np.nan, np.nan), CONTEXT.recently
    )
    (alert,) = Alerting(1800).judge(closed(0, failure=3.0), np.arange(1), context)
    assert alert.forecast is not None
    assert (alert.forecast.lead_minutes, alert.forecast.confidence) == (None, None)
    assert "latest warnings" not in alert.summary


def test_alerts_of_what_has_happened_foretell_nothing() -> None:
    (alert,) = judge(Alerting(1800), closed(0, volume=3.0))
    assert alert.forecast is None


def test_open_alerts_survive_a_restart() -> None:
    alerting = Alerting(calm=120)
    judge(alerting, closed(0, volume=1.2, errors=1.1))
    again = Alerting(calm=120)
    again.restore(alerting.state())
    for minute in range(1, 4):
        window = closed(minute, volume=0.0)
        assert judge(again, window) == judge(alerting, window)
