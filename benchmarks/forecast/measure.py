"""What a forecast is worth: its ranking, its calibration, and the warnings it gives.

Judged are the minutes of the second half in which the flow was well: not in an outage, nor in the
half-hour after one. The label of a minute is whether an outage starts within the horizon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast.world import Array, Episode, World

Bools = NDArray[np.bool_]

HORIZON: Final = 30
RECOVERY: Final = 30
QUIET: Final = 30
"""Minutes below the threshold after which a warning is over, as an alert is."""
LONGEST: Final = 60
"""Minutes after which a standing warning counts as a new one: always warning is always wrong."""
AHEAD: Final = 10
"""Minutes of notice an operator needs."""
WEEK: Final = 10_080


class Warned(NamedTuple):
    """What warnings at one threshold amount to."""

    false_per_flow_week: float
    foretold: float
    """Share of the outages with a precursor that were warned of at least 10 minutes ahead."""
    sudden: float
    """The same share of the sudden ones: luck."""
    median_lead: float


class Judged(NamedTuple):
    """The minutes that count, of all flows one after the other, and the outages among them."""

    counted: Bools
    label: Bools
    outages: list[Episode]
    first: int

    @property
    def flow_weeks(self) -> float:
        """How long all flows were watched."""
        minutes, flows = self.counted.shape
        return float((minutes - self.first) * flows / WEEK)


def judged(made: World) -> Judged:
    """Say which minutes of a world count, and what the truth of each is."""
    shape = made.columns["volume"].shape
    first = shape[0] // 2
    counted, label = np.zeros(shape, bool), np.zeros(shape, bool)
    counted[first : shape[0] - HORIZON] = True
    for outage in made.outages:
        counted[outage.start : outage.end + RECOVERY, outage.flow] = False
        label[max(outage.start - HORIZON, 0) : outage.start, outage.flow] = True
    return Judged(counted, label, [o for o in made.outages if o.start >= first + LONGEST], first)


def average_precision(p: Array, label: Bools) -> float:
    """Mean precision over the recall gained, ties taken together.

    >>> average_precision(np.array([0.9, 0.8, 0.1]), np.array([True, False, True]))
    0.8333...
    """
    hits, taken = _ranked(p, label)
    gained = np.diff(hits, prepend=0) / hits[-1]
    return float((gained * hits / taken).sum())


def roc_auc(p: Array, label: Bools) -> float:
    """Chance that a minute before an outage is ranked above another one.

    >>> roc_auc(np.array([0.9, 0.8, 0.1]), np.array([True, False, True]))
    0.5
    """
    hits, taken = _ranked(p, label)
    misses = taken - hits
    return float(np.trapezoid([0, *hits / hits[-1]], [0, *misses / misses[-1]]))


def _ranked(p: Array, label: Bools) -> tuple[Array, Array]:
    """Labels found, and minutes taken, down to each value that occurs, highest first."""
    order = np.argsort(-p, kind="stable")
    last = np.flatnonzero(np.diff(p[order], append=-1.0))
    hits: Array = np.cumsum(label[order])[last].astype(np.float64)
    taken: Array = last.astype(np.float64) + 1
    return hits, taken


def warned(above: Bools, truth: Judged) -> Warned:
    """Judge the warnings of all flows, ``above`` the threshold or not, shape (minutes, flows)."""
    false = sum(
        not any(o.flow == flow and onset < o.start <= last + HORIZON for o in truth.outages)
        for flow in range(above.shape[1])
        for onset, last in warnings(above[truth.first :, flow] & _open(truth, flow), truth.first)
    )
    leads = {o: _lead(above[:, o.flow], o.start) for o in truth.outages}
    return Warned(
        false / truth.flow_weeks,
        _share([lead for o, lead in leads.items() if o.kind == "foretold"]),
        _share([lead for o, lead in leads.items() if o.kind == "sudden"]),
        _median([lead for lead in leads.values() if lead > 0]),
    )


def warnings(above: Bools, offset: int = 0) -> Iterator[tuple[int, int]]:
    """Yield the first and last minute of each warning.

    >>> minutes = np.zeros(200, bool)
    >>> minutes[[5, 20, 90]] = True
    >>> list(warnings(minutes))
    [(5, 20), (90, 90)]
    """
    onset = last = None
    for at in (np.flatnonzero(above) + offset).tolist():
        if onset is not None and last is not None and (at - last > QUIET or at - onset >= LONGEST):
            yield onset, last
            onset = None
        onset, last = at if onset is None else onset, at
    if onset is not None and last is not None:
        yield onset, last


def within_budget(p: Array, truth: Judged, budget: float = 1.0) -> float:
    """Give the lowest threshold that keeps to a budget of false warnings, known in hindsight."""
    low, high = 0.0, 1.0
    for _ in range(14):
        middle = (low + high) / 2
        if warned(p > middle, truth).false_per_flow_week > budget:
            low = middle
        else:
            high = middle
    return high


def _open(truth: Judged, flow: int) -> Bools:
    """Leave out the minutes of outages and just after: nothing is foretold there."""
    return truth.counted[truth.first :, flow]


def _lead(above: Bools, start: int) -> int:
    """Minutes of notice: from the first of the warning minutes within the horizon."""
    before = np.flatnonzero(above[start - HORIZON : start])
    return HORIZON - int(before[0]) if len(before) else 0


def _share(leads: Sequence[int]) -> float:
    return float(np.mean([lead >= AHEAD for lead in leads])) if leads else np.nan


def _median(leads: Sequence[int]) -> float:
    return float(np.median(leads)) if leads else np.nan
