"""What detection costs: processor time and memory, beside river's trees.

All signals of many flows are judged window by window, every column of which is reported. The
generic detector and river's half-space trees see one made-up series, value by value, turn by turn.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Final

import numpy as np
from rich.console import Console

from benchmarks.nab.peers import Detector, HalfSpace
from benchmarks.nab.run import generic
from benchmarks.throughput.report import machine
from detectors.bank import FlowBank
from detectors.columns import Windows
from detectors.generic import GenericDetector
from pipeline.engine.snapshot import dump

AT = datetime(2026, 3, 2, tzinfo=UTC)


FLOWS: Final = 1000
WINDOWS: Final = 60


def windows(flows: int, rng: np.random.Generator) -> Windows:
    """Make one window of flows that report everything: some 20 runs of three records each."""
    runs = rng.poisson(20, flows).astype(float)
    part = {
        name: rng.binomial(runs.astype(int), 0.02).astype(float)
        for name in ("failed", "partial", "warnings", "retries", "missing", "duplicates")
    }
    logs = {name: 7 + rng.normal(0, 0.1, flows) for name in ("duration_log", "wait_log")}
    counts = dict.fromkeys(("volume", "finished", "duration_count", "wait_count"), runs)
    records = rng.poisson(3 * runs).astype(float)
    queue = rng.poisson(5, flows).astype(float)
    return Windows(
        **counts, **part, **logs, records=records, checked=records, queue_depth=queue,
        overdue=np.full(flows, np.nan),
    )  # fmt: skip


class Flows:
    """A bank that has been running for a while, to be stepped again and again."""

    def __init__(self, flows: int = FLOWS) -> None:
        rng = np.random.default_rng(1)
        self.rows = np.arange(flows)
        self.bank = FlowBank()
        self.bank.grow(flows)
        self._made = [windows(flows, rng) for _ in range(20)]
        self._minute = 0
        self.step(200)

    def step(self, windows: int) -> float:
        """Step through so many windows; return microseconds a flow-window."""
        begun = time.process_time()
        for _ in range(windows):
            now = np.full(len(self.rows), self._minute % 10_080)
            self.bank.step(self.rows, now, (now + 5) % 10_080, self._made[self._minute % 20])
            self._minute += 1
        return 1e6 * (time.process_time() - begun) / windows / len(self.rows)

    def kilobytes(self) -> float:
        """State of one flow."""
        flows = len(self.rows)
        return sum(a.nbytes for a in self.bank.flows.state(flows).values()) / flows / 1000


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
    parser = argparse.ArgumentParser("benchmarks.cost", description=__doc__)
    parser.add_argument("--values", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s; medians")
    parser.add_argument("--flows", type=int, default=FLOWS, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    values, own, trees, steps = series(given.values), [], [], []
    with Console(stderr=True).status("measuring"):
        flows = Flows(given.flows)
        for _ in range(given.rounds):
            steps.append(flows.step(WINDOWS))
            own.append(microseconds(generic(), values))
            trees.append(microseconds(HalfSpace, values))
        size = kilobytes(values)
    found = {
        "all_signals_us_per_flow_window": round(median(steps), 2),
        "all_signals_kilobytes_a_flow": round(flows.kilobytes(), 1),
        "generic_us_per_point": round(median(own), 1),
        "generic_kilobytes_a_series": round(size, 1),
        "river_half_space_trees_us_per_point": round(median(trees), 1),
        "generic_to_river": round(median(a / b for a, b in zip(own, trees, strict=True)), 2),
        "all_signals_to_river": round(median(a / b for a, b in zip(steps, trees, strict=True)), 2),
    }
    conditions = {
        "flows": given.flows, "values": given.values, "rounds": given.rounds, **machine(),
    }  # fmt: skip
    if given.json:
        print(json.dumps({**found, **conditions}))
    else:
        for name, value in {**found, **conditions}.items():
            print(f"{name.replace('_', ' ')}: {value}")


if __name__ == "__main__":
    main()
