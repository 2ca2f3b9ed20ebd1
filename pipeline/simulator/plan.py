"""The demo's plan: which faults befall the retailer, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from pipeline.simulator.faults import Fault

FULL_HOURS = 28
"""Hours of live part that hold the whole plan, with an hour of quiet at its end."""


def plan(start: datetime, end: datetime, rng: np.random.Generator) -> tuple[Fault, ...]:
    """Draw the faults of a live part that begins at ``start``, best 08:00 UTC on a weekday.

    The first comes within the first half hour, the others hours apart, each on a flow of its own,
    so that an alert has one fault it can belong to. Those that would not be over an hour before
    ``end`` are left out.

    Examples
    --------
    >>> from datetime import UTC
    >>> begin = datetime(2026, 3, 3, 8, tzinfo=UTC)
    >>> faults = plan(begin, begin + timedelta(hours=28), np.random.default_rng(1))
    >>> len(faults), len({fault.flow_id for fault in faults})
    (8, 8)
    """
    drawn = (_drawn(fault, rng) for fault in _script(start))
    return tuple(fault for fault in drawn if fault.end + timedelta(hours=1) <= end)


def _drawn(fault: Fault, rng: np.random.Generator) -> Fault:
    late = timedelta(minutes=int(rng.integers(0, 10)))
    milder_or_worse = float(rng.uniform(0.9, 1.1))
    severity = 1.0 if fault.kind == "stop" else fault.severity * milder_or_worse
    return replace(fault, start=fault.start + late, severity=severity)


def _script(start: datetime) -> tuple[Fault, ...]:
    def after(hours: int, minutes: int) -> datetime:
        return start + timedelta(hours=hours, minutes=minutes)

    return (
        Fault(
            "stop", "orders-shopify-netsuite", after(0, 15), 45, 1.0,
            "Someone deleted the Shopify webhook subscription for new orders.",
        ),
        Fault(
            "error burst", "customers-shopify-klaviyo", after(2, 30), 40, 0.4,
            "The Klaviyo API key was rotated; one connection still uses the old one.",
            "Client error: `POST /api/profiles` resulted in a `401 Unauthorized` response",
        ),
        Fault(
            "latency step", "stock-peoplevox-shopify", after(4, 45), 60, 2.5,
            "A release makes the stock flow ask Peoplevox once for every SKU.",
        ),
        Fault(
            "drop", "fulfilments-peoplevox-shopify", after(7, 0), 75, 0.6,
            "A release filters out one of the two warehouses, and more than half of the parcels.",
        ),
        Fault(
            "backlog", "orders-bigcommerce-netsuite", after(9, 45), 90, 0.5,
            "NetSuite stops answering in time: runs hold their slots, and the queue grows.",
        ),
        Fault(
            "latency creep", "orders-shopify-peoplevox", after(12, 30), 150, 3.0,
            "Peoplevox is rebuilding an index, and answers more slowly by the minute.",
        ),
        Fault(
            "stop", "payouts-shopify-netsuite", after(17, 55), 120, 1.0,
            "The settlement flow was disabled for maintenance and never enabled again.",
        ),
        Fault(
            "retry storm", "refunds-shopify-netsuite", after(25, 30), 45, 3.0,
            "NetSuite's limit is reached, and a new retry rule repeats every run at once.",
            "RESTlet error 400: SSS_REQUEST_LIMIT_EXCEEDED: the maximum number of concurrent "
            "requests for this account has been exceeded.",
        ),
    )  # fmt: skip
