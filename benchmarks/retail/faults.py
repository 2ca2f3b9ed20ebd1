"""Kinds of fault: how long each lasts, how bad it is, and what it does to a flow's conditions.

The first nine are those of the detection notes, section 4.1, with its severities; the lengths of
all but the creep and the burst are this benchmark's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.retail.activity import Profile
from benchmarks.retail.arrivals import Arrivals
from benchmarks.retail.conditions import Conditions
from benchmarks.retail.world import WEEK

Apply = Callable[[Conditions, slice, float], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    Attributes
    ----------
    minutes, severity
        Bounds between which its length and its severity are drawn.
    apply
        Writes it into the conditions of a span.
    runs
        On a scheduled flow it lasts for so many runs at least, if they come within six hours.
    often
        How often it strikes, relative to other kinds.
    """

    minutes: tuple[int, int]
    severity: tuple[float, float]
    apply: Apply
    runs: int = 1
    often: int = 1


def _stop(c: Conditions, at: slice, _: float) -> None:
    c.kept[at] = 0.0


def _drop(c: Conditions, at: slice, share: float) -> None:
    c.kept[at] *= 1 - share


def _creep(c: Conditions, at: slice, factor: float) -> None:
    length = at.stop - at.start
    c.slower[at] += np.log(factor) * np.arange(1, length + 1) / length


def _slower(c: Conditions, at: slice, factor: float) -> None:
    c.slower[at] += np.log(factor)


def _errors(c: Conditions, at: slice, share: float) -> None:
    c.errors[at] += share


def _double(c: Conditions, at: slice, copies: float) -> None:
    c.copies[at] += copies


def _backlog(c: Conditions, at: slice, share: float) -> None:
    c.short[at] += share


def _missing(c: Conditions, at: slice, share: float) -> None:
    c.missing[at] += share


def _half_run(c: Conditions, at: slice, share: float) -> None:
    c.size[at] *= 1 - share


def _retry_storm(c: Conditions, at: slice, repeats: float) -> None:
    """Runs fail and are repeated at once, and most repeats fail too."""
    c.repeats[at] += repeats
    c.errors[at] += 0.3
    c.longer_wait[at] += np.log1p(repeats)


def _duplicates(c: Conditions, at: slice, share: float) -> None:
    """The same keys come again; volume moves little."""
    c.duplicates[at] += share
    c.copies[at] += share / 4


def _rate_limit(c: Conditions, at: slice, share: float) -> None:
    """A system answers 429: runs take longer, are retried, wait, and fewer get through."""
    c.kept[at] *= 1 - share / 2
    c.slower[at] += np.log1p(2 * share)
    c.longer_wait[at] += np.log1p(6 * share)
    c.repeats[at] += share / 2
    c.short[at] += share / 2


CLASSIC: Final[Mapping[str, Kind]] = {
    "stop": Kind((20, 90), (1.0, 1.0), _stop, runs=3),
    "drop": Kind((60, 180), (0.3, 0.6), _drop, runs=6),
    "latency creep": Kind((120, 240), (1.8, 3.0), _creep, runs=8),
    "latency step": Kind((30, 120), (1.5, 2.5), _slower, runs=4),
    "error step": Kind((60, 180), (0.045, 0.045), _errors, runs=4),
    "error burst": Kind((4, 10), (0.2, 0.4), _errors),
    "double": Kind((30, 90), (1.0, 1.0), _double, runs=3),
    "backlog": Kind((60, 180), (0.05, 0.2), _backlog, runs=4),
    "missing": Kind((60, 180), (0.06, 0.12), _missing, runs=3),
}
"""Error step: to 5 % from about a half."""

FURTHER: Final[Mapping[str, Kind]] = {
    "retry storm": Kind((10, 40), (0.5, 2.0), _retry_storm, runs=2),
    "duplicates": Kind((30, 120), (0.05, 0.2), _duplicates, runs=2),
    "schema change": Kind((120, 360), (0.3, 0.9), _missing, runs=4),
    "rate limit": Kind((30, 120), (0.3, 0.7), _rate_limit, runs=4),
}

SCHEDULED: Final[Mapping[str, Kind]] = {
    "missing run": Kind((30, 30), (1.0, 1.0), _stop, often=3),
    "half run": Kind((30, 30), (0.4, 0.7), _half_run, often=3),
    "failed runs": Kind((20, 30), (0.9, 1.0), _errors, runs=2, often=3),
}
"""Only scheduled flows have them. A run of a frequent schedule is missed by nobody: they last for
at least half an hour."""

KINDS: Final[Mapping[str, Kind]] = {**CLASSIC, **FURTHER, **SCHEDULED}


def possible(arrivals: Arrivals, profile: Profile) -> Mapping[str, Kind]:
    """Return the kinds that can strike a flow and leave a trace."""
    impossible: set[str] = set()
    if not len(arrivals.due):
        impossible |= set(SCHEDULED)
    elif arrivals.expected.max() <= 1:  # one run at a time
        impossible |= {"stop", "drop", "backlog", "error step", "error burst"}
        gap = np.diff(arrivals.due).min(initial=WEEK)
        if gap > 30:  # too few runs for what shows only in several
            impossible |= {"retry storm"}
        if gap > 60:
            impossible |= {"latency creep", "latency step", "rate limit"}
    if np.isnan(profile.waiting):
        impossible.add("backlog")
    if np.isnan(profile.duplicates):
        impossible.add("duplicates")
    return {name: kind for name, kind in KINDS.items() if name not in impossible}
