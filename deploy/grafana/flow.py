"""Panels about one flow: what it does, what it should do, and how the detectors judge it."""  # noqa: INP001 - deployment files are no package

from __future__ import annotations

from deploy.grafana.parts import (
    BLUE,
    FLOW,
    GREY,
    LIKELIHOOD,
    RED,
    Json,
    fixed,
    flow_max,
    override,
    series,
    target,
    thresholds,
)


def volume() -> Json:
    """Return volume inside its expected band."""
    made = series(
        "Volume",
        "Runs a window, and the range in which a window is nothing special.",
        target(flow_max("cogentai_flow_volume_lower"), "lower", "D"),
        target(flow_max("cogentai_flow_volume_upper"), "ordinary range", "C"),
        target(flow_max("cogentai_flow_volume_expected"), "expected", "B"),
        target(flow_max("cogentai_flow_volume"), "observed", "A"),
    )
    invisible = {"custom.lineWidth": 0, "custom.showPoints": "never"}
    unlisted = {"custom.hideFrom": {"legend": True, "tooltip": False, "viz": False}}
    band = {"custom.fillBelowTo": "lower", "custom.fillOpacity": 18}
    made["fieldConfig"]["overrides"] = [
        override("lower", invisible | unlisted),
        override("ordinary range", invisible | band | fixed(BLUE)),
        *_expected_and_observed(),
    ]
    return made


def scores() -> Json:
    """Return what each detector says."""
    made = series(
        "Detector scores",
        "Above 1 is anomalous, whatever the detector.",
        target(f"max by (signal) (cogentai_detector_score{{{FLOW}}})", "{{signal}}"),
    )
    made["fieldConfig"]["defaults"] |= {"thresholds": thresholds((None, "transparent"), (1, RED))}
    made["fieldConfig"]["defaults"]["custom"] |= {"thresholdsStyle": {"mode": "dashed+area"}}
    return made


def errors() -> Json:
    """Return the share of failed runs, with its expectation."""
    text = "Share of finished runs that failed."
    return _judged("Error rate", text, "cogentai_flow_error{}_ratio", "percentunit")


def latency() -> Json:
    """Return how long runs take, with its expectation."""
    text = "Typical duration of a run (geometric mean)."
    return _judged("Latency", text, "cogentai_flow_latency{}_seconds", "s")


def _judged(title: str, text: str, metric: str, unit: str) -> Json:
    made = series(
        title,
        text,
        target(flow_max(metric.format("_upper")), "ordinary up to", "C"),
        target(flow_max(metric.format("_expected")), "expected", "B"),
        target(flow_max(metric.format("")), "observed", "A"),
        unit=unit,
    )
    ordinary = {"custom.lineWidth": 0, "custom.showPoints": "never", "custom.fillOpacity": 12}
    made["fieldConfig"]["overrides"] = [
        override("ordinary up to", ordinary | fixed(BLUE)),
        *_expected_and_observed(),
    ]
    return made


def queue() -> Json:
    """Return how much work waits."""
    waiting = target(flow_max("cogentai_flow_queue_depth"), "waiting")
    return series("Queue", "Runs waiting at the end of a window.", waiting)


def failure() -> Json:
    """Return how likely it is that the flow fails soon."""
    text = "Predicted probability that the flow is about to fail."
    probability = target(flow_max("cogentai_failure_probability_ratio"), "probability")
    made = series("Failure score", text, probability, unit="percentunit")
    made["fieldConfig"]["defaults"] |= {
        "max": 1,
        "thresholds": thresholds(*LIKELIHOOD),
        "color": {"mode": "thresholds"},
    }
    made["fieldConfig"]["defaults"]["custom"] |= {"fillOpacity": 20, "gradientMode": "scheme"}
    return made


def _expected_and_observed() -> list[Json]:
    dashed = {"custom.lineStyle": {"fill": "dash", "dash": [6, 6]}, "custom.showPoints": "never"}
    return [
        override("expected", dashed | fixed(GREY)),
        override("observed", {"custom.lineWidth": 2} | fixed(BLUE)),
    ]
