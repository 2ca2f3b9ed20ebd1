"""What each kind of fault does, told from the same flow without it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.retail.activity import Profile, activity
from benchmarks.retail.arrivals import Arrivals, Stream
from benchmarks.retail.conditions import Conditions
from benchmarks.retail.cron import Cron
from benchmarks.retail.faults import KINDS, possible
from benchmarks.retail.plan import Target, plan
from benchmarks.retail.world import DAY

AT = slice(400, 520)
PROFILE = Profile(
    records=20,
    errors=0.02,
    partial=0.01,
    warnings=0.02,
    retries=0.005,
    duplicates=0.005,
    wait_log=8.0,
)
STREAM = Stream(np.full(1000, 60.0), 120.0, 100.0)


def effects(kind: str, severity: float) -> dict[str, float]:
    """Return by column how its mean changes in the fault: the ratio, or of logs the difference."""
    c = Conditions.calm(1000)
    KINDS[kind].apply(c, AT, severity)
    calm = activity(PROFILE, STREAM, Conditions.calm(1000), np.random.default_rng(1))
    wrong = activity(PROFILE, STREAM, c, np.random.default_rng(1))
    found = {}
    for name in calm:
        with np.errstate(invalid="ignore"):
            was, now = (np.nan_to_num(x[name][AT]).mean() for x in (calm, wrong))
        found[name] = now - was if name.endswith("_log") else now / was
    return found


@pytest.mark.parametrize(
    ("kind", "severity", "column", "low", "high"),
    [
        ("stop", 1.0, "volume", 0, 0),
        ("drop", 0.5, "volume", 0.4, 0.6),
        ("latency creep", 2.0, "duration_log", 0.25, 0.45),
        ("latency step", 2.0, "duration_log", 0.6, 0.8),
        ("error step", 0.045, "failed", 2.5, 4),
        ("error burst", 0.3, "failed", 12, 20),
        ("double", 1.0, "volume", 1.9, 2.1),
        ("backlog", 0.1, "queue_depth", 10, 40),
        ("missing", 0.1, "missing", 8, 14),
        ("schema change", 0.6, "missing", 45, 75),
        ("duplicates", 0.2, "duplicates", 25, 80),
        ("duplicates", 0.2, "volume", 1.0, 1.1),
        ("retry storm", 1.0, "retries", 100, 400),
        ("retry storm", 1.0, "failed", 25, 40),
        ("rate limit", 0.6, "volume", 0.7, 1.0),
        ("rate limit", 0.6, "duration_log", 0.5, 0.9),
        ("rate limit", 0.6, "wait_log", 1.2, 1.8),
        ("rate limit", 0.6, "retries", 20, 80),
        ("half run", 0.5, "records", 0.4, 0.6),
        ("failed runs", 0.95, "failed", 40, 70),
    ],
)
def test_a_fault_shows_where_it_should(
    kind: str, severity: float, column: str, low: float, high: float
):
    assert low <= effects(kind, severity)[column] <= high


def test_latency_alone_changes_nothing_else():
    found = effects("latency step", 2.0)

    assert all(found[name] == 1 for name in ("volume", "failed", "records", "queue_depth"))


HOURLY = Cron(np.arange(7, 3 * DAY, 60), np.zeros(72, np.int64), np.ones(3 * DAY))


def test_a_missing_run_lasts_from_when_it_was_due_until_the_next():
    target = Target(0, DAY, 3 * DAY, HOURLY.expected, HOURLY.due)
    (fault, *_) = plan(target, {"missing run": KINDS["missing run"]}, 2, np.random.default_rng(1))

    assert fault.start % 60 == 7
    assert fault.end == fault.start + 60
    c = Conditions.calm(3 * DAY)
    KINDS["missing run"].apply(c, slice(fault.start, fault.end), fault.severity)
    runs = HOURLY.draw(c, np.random.default_rng(1))
    assert [runs[fault.start + shift] for shift in (-60, 0, 60)] == [1, 0, 1]


@pytest.mark.parametrize("arrivals", [STREAM, HOURLY])
def test_only_flows_with_a_schedule_miss_a_run(arrivals: Arrivals):
    assert ("missing run" in possible(arrivals, PROFILE)) == (arrivals is HOURLY)


def test_a_flow_whose_keys_nobody_counts_has_no_duplicates():
    assert "duplicates" not in possible(STREAM, Profile())
