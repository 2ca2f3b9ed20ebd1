"""Single runs judged beside those before: which of half, slow, failed, double ones are seen.

Flows that run nightly to every five minutes, with normal, heavy-tailed, seasonal and spiky
sizes (500 records a run), durations of 3 s and one run in a hundred that fails of itself. About
every tenth day one run (of nightly flows every fifteenth) has half or three times its records,
takes twice as long, fails, or comes twice. A run above 1 that has none of these is a false alarm.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from detectors.each_run import SIGNALS, EachRun, Runs
from detectors.state import Rows

WEEK: Final = 10_080
DAY: Final = 1440
SETTLE: Final = 14
"""Runs before faults are set and anything is counted."""
FAULTS: Final = {
    "half": "records",
    "triple": "records",
    "slow": "latency",
    "failed": "errors",
    "twice": "volume",
}

Floats = NDArray[np.float64]
Noise = Callable[[np.random.Generator, Floats, int], Floats]


class Kind(NamedTuple):
    """Minutes between runs, and the log of their size about the usual: (runs, flows)."""

    period: int
    noise: Noise


def normal(deviation: float) -> Noise:
    """Log-normal sizes."""
    return lambda rng, at, flows: rng.normal(0, deviation, (len(at), flows))


def heavy(rng: np.random.Generator, at: Floats, flows: int) -> Floats:
    """Sizes with the tail of a t distribution of three degrees of freedom."""
    return 0.2 * rng.standard_t(3, (len(at), flows))


def seasonal(rng: np.random.Generator, at: Floats, flows: int) -> Floats:
    """Nine times as much at noon as at midnight."""
    day = 1.1 * np.sin((at / DAY - 0.25) * 2 * np.pi)
    return rng.normal(day[:, None], 0.2, (len(at), flows))


def spiky(rng: np.random.Generator, at: Floats, flows: int) -> Floats:
    """One run in fifty more than four times as large."""
    return rng.normal(0, 0.2, (len(at), flows)) + 1.5 * (rng.random((len(at), flows)) < 0.02)


def often_empty(rng: np.random.Generator, at: Floats, flows: int) -> Floats:
    """Every other run brings nothing."""
    return np.where(rng.random((len(at), flows)) < 0.5, -20, rng.normal(0, 0.2, (len(at), flows)))


KINDS: Final = {
    "nightly": Kind(DAY, normal(0.15)),
    "nightly, noisy": Kind(DAY, normal(0.6)),
    "nightly, heavy tails": Kind(DAY, heavy),
    "four-hourly": Kind(240, normal(0.2)),
    "hourly": Kind(60, normal(0.2)),
    "hourly, heavy tails": Kind(60, heavy),
    "hourly, by the time of day": Kind(60, seasonal),
    "hourly, spiky": Kind(60, spiky),
    "hourly, often empty": Kind(60, often_empty),
    "every 15 minutes": Kind(15, normal(0.2)),
    "every 5 minutes": Kind(5, normal(0.2)),
}


def measure(kind: Kind, flows: int, weeks: int, rng: np.random.Generator) -> dict[str, float]:
    """Judge the runs of some flows of a kind; return recall by fault and false alarms a week."""
    n = weeks * WEEK // kind.period
    at = np.arange(n, dtype=np.float64) * kind.period + 200
    records: Floats = 500 * np.exp(kind.noise(rng, at, flows))
    duration = rng.normal(8, 0.25, (n, flows))
    bad = (rng.random((n, flows)) < 0.01).astype(np.float64)
    faults = np.full((n, flows), "", dtype="U6")
    every = max(15, 10 * DAY // kind.period)
    for flow in range(flows):
        for i, run in enumerate(range(SETTLE + every + flow % 5, n, every)):
            faults[run, flow] = list(FAULTS)[i % len(FAULTS)]
    records = records * np.where(faults == "half", 0.5, np.where(faults == "triple", 3.0, 1.0))
    duration += np.log(np.where(faults == "slow", 2, 1))
    bad[faults == "failed"] = 1
    ended = np.where(faults == "twice", 2.0, 1.0)
    hot = _judge(kind.period, at, Runs(ended, bad, records, duration))
    recall = {f: float(hot[signal][faults == f].mean()) for f, signal in FAULTS.items()}
    calm = faults[SETTLE:] == ""
    false = {f"false {s}": hot[s][SETTLE:][calm].sum() / (weeks * flows) for s in hot}
    return {name: round(float(value), 3) for name, value in (recall | false).items()}


def _judge(period: int, at: Floats, runs: Runs) -> dict[str, NDArray[np.bool_]]:
    detector, flows = EachRun(), runs.ended.shape[1]
    detector.reserve(flows)
    rows, hot = Rows.of(np.arange(flows)), {}
    for signal in set(FAULTS.values()):
        hot[signal] = np.zeros(runs.ended.shape, np.bool_)
    for i, minute in enumerate(at):
        detector.since += period - 1  # nothing happens in between
        these = Runs(*(column[i] for column in runs))
        now = np.full(flows, int(minute) % WEEK)
        for signal, judged in detector.step(rows, now, these).items():
            hot[signal][i] = judged.verdict(5.0).score > 1
    return hot


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.rhythm.single",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--flows", type=int, default=20, help="of each kind; default: %(default)s")
    parser.add_argument("--weeks", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    table = Table("runs", *FAULTS, *(f"false {s}" for s in SIGNALS))
    for name, kind in KINDS.items():
        row = measure(kind, given.flows, given.weeks, np.random.default_rng(given.seed))
        if given.json:
            print(json.dumps({"kind": name} | row))
        table.add_row(name, *(str(row[c.header]) for c in table.columns[1:]))  # type: ignore[index]
    if not given.json:
        Console().print(table)


if __name__ == "__main__":
    main()
