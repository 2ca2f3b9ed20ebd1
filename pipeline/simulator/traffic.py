"""What a flow does, minute by minute, when nothing is wrong: the numbers, before any event."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

import numpy as np

from detectors.columns import Floats, Ints
from pipeline.simulator.retailer import FlowProfile

RETRIED = 0.8
"""Share of failed runs that someone, or Patchworks itself, runs again ..."""
RETRY_AFTER = 5
"""... this many minutes later."""


class Traffic(NamedTuple):
    """What one flow did in each of some minutes. All arrays have shape (minutes,).

    Attributes
    ----------
    succeeded, failed, retries
        Runs by outcome, and those of them that repeat a failed run.
    duration_log, duration_var
        Mean and variance of the natural log of the duration in ms.
    records_in, records_out, missing
        Records read, records written, and those read without an attribute they should have.
    queue_depth
        Runs waiting at the end of the minute.
    """

    succeeded: Ints
    failed: Ints
    retries: Ints
    duration_log: Floats
    duration_var: Floats
    records_in: Ints
    records_out: Ints
    missing: Ints
    queue_depth: Ints

    @property
    def started(self) -> Ints:
        """Runs started; they end within the same minute as far as these numbers go."""
        return self.succeeded + self.failed

    def part(self, span: slice) -> Traffic:
        """Return some of the minutes."""
        return Traffic._make(column[span] for column in self)


def traffic(profile: FlowProfile, minutes: Ints, rng: np.random.Generator) -> Traffic:
    """Draw what a flow does in consecutive epoch minutes.

    The form (wandering level, negative-binomial minutes, latency rising with load, rates of
    failure that vary) is that of the detection notes' test worlds.

    Examples
    --------
    >>> from pipeline.simulator.retailer import FLOWS
    >>> day = traffic(FLOWS[0], np.arange(1440), np.random.default_rng(1))
    >>> bool(16 < day.started.mean() < 20)
    True
    """
    load = profile.rhythm.at(minutes) * np.exp(_wander(len(minutes), 0.985, 0.02, rng))
    runs = _runs(profile, minutes, load, rng)
    failed = rng.binomial(runs, _varying(profile.error_rate, len(runs), rng))
    retries = np.zeros_like(runs)
    retries[RETRY_AFTER:] = rng.binomial(failed[:-RETRY_AFTER], RETRIED)
    succeeded = runs - failed + retries
    log, var = _durations(profile, load, runs + retries, rng)
    records_in = runs + retries + rng.poisson((profile.records - 1) * (runs + retries))
    share = succeeded / np.maximum(runs + retries, 1)
    return Traffic(
        succeeded=succeeded,
        failed=failed,
        retries=retries,
        duration_log=log,
        duration_var=var,
        records_in=records_in,
        records_out=rng.binomial(records_in, share),
        missing=rng.binomial(records_in, profile.missing_rate),
        queue_depth=rng.binomial(runs + retries, _waiting(profile)),
    )


def _waiting(profile: FlowProfile) -> float:
    """Return the share of a minute's runs that still wait at its end.

    The queue is filled every 30 seconds, so a run waits a quarter of a minute on average; those of
    a schedule are all there at the beginning of the minute, and gone before its end.
    """
    return 0.0 if profile.cadence else 0.25


def _wander(length: int, phi: float, sd: float, rng: np.random.Generator) -> Floats:
    """AR(1): a level that strays from zero and comes back."""
    noise = rng.normal(0.0, sd, length)
    noise[0] /= np.sqrt(1 - phi**2)  # begin anywhere it may be, not at zero
    return np.fromiter(accumulate(noise, lambda level, step: phi * level + step), float, length)


def _runs(profile: FlowProfile, minutes: Ints, load: Floats, rng: np.random.Generator) -> Ints:
    if profile.cadence is None:
        return _negative_binomial(profile.runs * load, profile.dispersion, rng)
    ticks = profile.cadence.ticks(minutes) - minutes[0]
    # the first run of a tick always comes; its further pages follow what there is to do
    pages = _negative_binomial((profile.runs - 1) * load[ticks], profile.dispersion, rng)
    runs = np.zeros(len(minutes), np.int64)
    np.add.at(runs, _jittered(ticks, len(minutes), rng), 1 + pages)
    return runs


def _jittered(ticks: Ints, length: int, rng: np.random.Generator) -> Ints:
    """One run in ten waits long enough in the queue to start in the minute after its tick."""
    return np.minimum(ticks + (rng.random(len(ticks)) < 0.1), length - 1)


def _negative_binomial(mean: Floats, k: float, rng: np.random.Generator) -> Ints:
    return rng.negative_binomial(k, k / (k + mean)).astype(np.int64)


def _varying(rate: float, length: int, rng: np.random.Generator) -> Floats:
    """A rate that differs from minute to minute, as errors come in company."""
    return rng.beta(200 * rate, 200 * (1 - rate), length)


def _durations(
    profile: FlowProfile, load: Floats, runs: Ints, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    latency = profile.latency
    n = np.maximum(runs, 1)
    common = latency.log_mean + latency.load_effect * load**1.5
    common += _wander(len(load), 0.9, 0.03, rng)
    mean = common + rng.normal(0.0, latency.sd, len(load)) / np.sqrt(n)
    freedom = np.maximum(n - 1, 1)
    return mean, latency.sd**2 * rng.chisquare(freedom) / freedom
