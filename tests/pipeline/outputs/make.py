"""What an engine might hand out, made to order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from detectors.columns import Verdict, Windows
from pipeline.engine.emissions import ClosedWindow, ErrorCounts, FlowKey
from schemas.alerts import Alert, Evidence
from schemas.signals import SignalName

START = 1_772_445_600  # Monday 2026-03-02 10:00 UTC
NAN = float("nan")


def flows(number: int, tenant: str = "acme") -> list[FlowKey]:
    return [FlowKey(tenant, f"flow-{i}") for i in range(number)]


def verdict(size: int, **columns: ArrayLike) -> Verdict:
    """A calm verdict: what was observed was expected, unless said otherwise."""
    values: dict[str, Any] = {
        "observed": 10.0, "expected": 10.0, "lower": 4.0, "upper": 18.0, "score": 0.2,
        "evidence": 0.5, "high": True, "span": 15, "span_observed": 150.0, "span_expected": 150.0,
    }  # fmt: skip
    kinds = {"high": np.bool_, "span": np.int64}
    return Verdict(
        **{
            name: np.broadcast_to(np.asarray(value, kinds.get(name, np.float64)), size)
            for name, value in (values | columns).items()
        }
    )


def closed(
    keys: Sequence[FlowKey],
    verdicts: dict[SignalName, dict[str, ArrayLike]] | None = None,
    *,
    start: int = START,
    seconds: int = 60,
    learning: ArrayLike = False,
    relearning: ArrayLike = False,
    errors: ErrorCounts | None = None,
    **columns: ArrayLike,
) -> ClosedWindow:
    """A closed window of some flows; ``columns`` overrides what was counted."""
    size = len(keys)
    counted = dict.fromkeys(Windows._fields, 0.0) | {"finished": 10.0, "queue_depth": 3.0} | columns
    return ClosedWindow(
        start,
        seconds,
        keys,
        Windows(**{n: np.broadcast_to(np.asarray(v, float), size) for n, v in counted.items()}),
        {s: verdict(size, **c) for s, c in (verdicts or {"volume": {}}).items()},
        np.broadcast_to(np.asarray(learning, np.bool_), size),
        np.broadcast_to(np.asarray(relearning, np.bool_), size),
        errors or {},
    )


def alert(key: FlowKey = FlowKey("acme", "orders"), **changes: Any) -> Alert:  # noqa: B008 - frozen
    """A critical alert just raised: the flow has stopped."""
    at = datetime.fromtimestamp(START, UTC)
    text = "no runs started in 15 minutes, where about 160 are usual"
    fields: dict[str, Any] = {
        "id": f"{key.flow_id}-1",
        "fingerprint": f"{key.flow_id}-f",
        "status": "firing",
        "revision": 0,
        "severity": "critical",
        "tenant": key.tenant,
        "flow_id": key.flow_id,
        "flow_name": "Orders: Shopify to NetSuite",
        "signal": "volume",
        "starts_at": at,
        "updated_at": at + timedelta(minutes=1),
        "score": 2.5,
        "summary": f"Orders: Shopify to NetSuite has stopped: {text}",
        "explanation": f"{text.capitalize()}. In the last hour 120 runs started, 3 failed.",
        "next_step": "Check that the flow is deployed and enabled, and that its trigger fires.",
        "evidence": (
            Evidence(
                signal="volume", direction="low", span_minutes=15, observed=0, expected=160.2,
                score=2.5, text=text,
            ),
        ),
    }  # fmt: skip
    return Alert(**(fields | changes))
