"""Symptoms of trouble ahead, each a running log-likelihood ratio against an ordinary window.

A symptom is a shift of one signal of a size that matters. Every window adds how much better the
shift explains it than chance does, in nats; below zero the sum starts anew. This is the cumulative
sum test of Page (1954), which finds a known shift soonest (Moustakides, 1986), and its value adds
up over independent symptoms, as logistic regression takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from detectors.columns import Floats, Reals, Verdict, or_zero
from schemas.signals import SignalName

SHARES: Final[Mapping[SignalName, str]] = {
    "errors": "failed runs",
    "partial": "partial successes",
    "warnings": "warnings",
    "retries": "retried runs",
    "missing": "missing attributes",
    "duplicates": "duplicate records",
}
TIMES: Final[Mapping[SignalName, str]] = {"latency": "slow runs", "wait": "long waits in the queue"}
COUNTS: Final[Mapping[SignalName, str]] = {
    "volume": "more runs than usual",
    "backlog": "a growing queue",
}
SYMPTOMS: Final = (*SHARES, *TIMES, *COUNTS, "shortage")
"""Every symptom, in the order of the arrays; the last is a shortage of runs."""
IN_WORDS: Final = (*SHARES.values(), *TIMES.values(), *COUNTS.values(), "fewer runs than usual")
"""`SYMPTOMS`, for people."""
COLUMNS: Final = ("observed", "expected", "upper")

# Shifts looked for. Chosen on two seeds of benchmarks/forecast, where half and double of each
# changed the average precision by .01 at most.
RATIO: Final = 6.0
"""Shares: so many times the ordinary."""
LENGTHENING: Final = 0.6
"""Times: by this much in the natural logarithm (x 1.8)."""
GROWTH: Final = 0.5
"""Counts: half more, or half less, than expected ..."""
LEAST, MOST = 1.0, 3.0
"""... but at least and at most so many standard deviations; at most so many for times too."""
CLIP: Final = 6.0
"""No single window says more than this (nats): one freak minute is no symptom."""
CEILING: Final = 8.0
"""Certain enough (e**8 to 1); lets a symptom be over soon after it ended."""


def accumulate(strength: Reals, surprise: Floats) -> Floats:
    """Add the latest window to the strength of symptoms, both of shape (symptoms, rows).

    >>> accumulate(np.array([0.0, 7.0]), np.array([-1.0, 4.0]))
    array([0., 8.])
    """
    grown: Floats = (strength + surprise).clip(0, CEILING)
    return grown


def surprise(verdicts: Mapping[SignalName, Verdict]) -> Floats:
    """What one window says for each of `SYMPTOMS`, in nats: shape (symptoms, rows).

    Unknown is 0. Standard deviations are read off the upper bounds, which lie three above.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        shares, times, counts = (_numbers(verdicts, kind) for kind in (SHARES, TIMES, COUNTS))
        fewer = 2 * counts[1, :1] - counts[0, :1]  # as far above expectation as runs are below
        said = [
            _of_shares(*shares),
            _of_times(*np.log(times)),
            _of_counts(*counts),
            _of_counts(fewer, *counts[1:, :1]),
        ]
    return or_zero(np.concatenate(said).clip(-CLIP, CLIP))


def _numbers(verdicts: Mapping[SignalName, Verdict], names: Iterable[SignalName]) -> Floats:
    """Observed, expected and upper bounds of some signals, shape (3, signals, rows)."""
    some = [verdicts[name] for name in names]
    return np.array([[getattr(v, column) for v in some] for column in COLUMNS])


def _of_shares(observed: Floats, expected: Floats, upper: Floats) -> Floats:
    """Poisson counts at `RATIO` times the expected, tempered by their overdispersion."""
    dispersion = ((upper - expected) / 3) ** 2 / expected
    ratio: Floats = observed * np.log(RATIO) - expected * (RATIO - 1)
    return ratio / np.fmax(dispersion, 1)


def _of_times(observed: Floats, expected: Floats, upper: Floats) -> Floats:
    deviation = (upper - expected) / 3
    return _of_shift((observed - expected) / deviation, (LENGTHENING / deviation).clip(0, MOST))


def _of_counts(observed: Floats, expected: Floats, upper: Floats) -> Floats:
    deviation = np.maximum((upper - expected) / 3, 0.5)
    shift = (GROWTH * expected / deviation).clip(LEAST, MOST)
    return _of_shift((observed - expected) / deviation, shift)


def _of_shift(z: Floats, shift: Floats) -> Floats:
    """A standard normal residual, against one shifted by so many standard deviations."""
    return shift * (z - shift / 2)
