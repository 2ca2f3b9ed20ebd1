"""What the generic detector costs: processor time a value, beside river's trees, and memory.

Both see the same made-up series (a daily wave and noise), one value at a time, turn by turn.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

import numpy as np
from rich.console import Console

from benchmarks.nab.peers import Detector, HalfSpace
from benchmarks.nab.run import generic
from benchmarks.throughput.report import machine
from detectors.generic import GenericDetector
from pipeline.engine.snapshot import dump

AT = datetime(2026, 3, 2, tzinfo=UTC)


def series(values: int) -> list[float]:
    """Make a series: 288 values a day."""
    day = np.sin(np.arange(values) * 2 * np.pi / 288)
    made: list[float] = (100 + 30 * day + np.random.default_rng(1).normal(0, 3, values)).tolist()
    return made


def microseconds(make: Callable[[], Detector], values: list[float]) -> float:
    """Measure processor time a value, of scoring and learning, its first values included."""
    detector = make()
    begun = time.process_time()
    for value in values:
        detector(AT, value)
    return 1e6 * (time.process_time() - begun) / len(values)


def kilobytes(values: list[float]) -> float:
    """Measure the state after some values, as a snapshot holds it."""
    detector = GenericDetector()
    for value in values:
        detector.learn(value)
    return len(dump(detector.state())) / 1000


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser("benchmarks.generic", description=__doc__)
    parser.add_argument("--values", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s; medians")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    values, own, trees = series(given.values), [], []
    with Console(stderr=True).status("measuring"):
        for _ in range(given.rounds):
            own.append(microseconds(generic(), values))
            trees.append(microseconds(HalfSpace, values))
        size = kilobytes(values)
    found = {
        "us_per_point": round(median(own), 1),
        "river_half_space_trees_us": round(median(trees), 1),
        "ratio": round(median(a / b for a, b in zip(own, trees, strict=True)), 2),
        "kilobytes": round(size, 1),
    }
    conditions = {"values": given.values, "rounds": given.rounds, **machine()}
    if given.json:
        print(json.dumps({**found, **conditions}))
    else:
        for name, value in {**found, **conditions}.items():
            print(f"{name.replace('_', ' ')}: {value}")


if __name__ == "__main__":
    main()
