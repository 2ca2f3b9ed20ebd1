"""Flows of a few runs a minute or fewer: stops, halves and doublings, by rate.

Steady flows and webhooks with the day's rhythm, at peak rates of 0.2 to 3 runs a minute. Every
third day one fault: no runs for three hours, half of them for twelve, or twice as many for six.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.rhythm.judge import AFTERMATH, onsets
from benchmarks.rhythm.partition import DAY, Partition, Trouble, disturb, partition
from detectors.bank import FlowBank
from detectors.columns import Windows

RATES: Final = (0.2, 0.5, 1.0, 3.0)
FAULTS: Final = {"stop": 180, "thinned": 720, "doubled": 360}
SETTLE: Final = 14 * DAY


def world(seed: int, weeks: int, flows: int) -> tuple[Partition, NDArray[np.float64]]:
    """Draw flows, so many of each rate, and their faults."""
    rng = np.random.default_rng(seed)
    peaks = np.repeat(RATES, flows)
    born = np.zeros(len(peaks), np.int64)
    p = partition(weeks * 7 * DAY, born, peaks, rng, shapes=("webhook", "steady"))
    for flow in range(len(peaks)):
        for i, day in enumerate(range(SETTLE // DAY, weeks * 7 - 1, 3)):
            what, length = list(FAULTS.items())[(i + flow) % len(FAULTS)]
            start = day * DAY + int(rng.integers(8 * 60, 18 * 60))
            disturb(p, Trouble(what, flow, start, start + length), rng)
    return p, peaks


def scores(p: Partition, tick: Callable[[], None]) -> NDArray[np.float32]:
    """The higher score of volume and silence; shape (minutes, flows)."""
    bank, rows = FlowBank(), np.arange(p.runs.shape[1])
    bank.grow(len(rows))
    out = np.zeros(p.runs.shape, np.float32)
    nothing = Windows(*np.full((len(Windows._fields), len(rows)), np.nan))
    nothing = nothing._replace(duration_count=np.zeros(len(rows)))
    for minute in range(len(p.runs)):
        if minute % DAY == 0:
            tick()
        now = np.full(len(rows), minute % (7 * DAY))
        window = nothing._replace(volume=p.runs[minute])
        verdicts = bank.step(rows, now, (now + 5) % (7 * DAY), window)
        out[minute] = np.maximum(verdicts["volume"].score, verdicts["silence"].score)
    return out


def found(
    p: Partition, score: NDArray[np.float32], flows: list[int]
) -> dict[str, float | str | None]:
    """Recall and median delay by fault, and false alarms a flow-week, of some flows."""
    delays: dict[str, list[float]] = {what: [] for what in FAULTS}
    counts, false = dict.fromkeys(FAULTS, 0), 0
    for flow in flows:
        alarms = onsets(score[:, flow])
        alarms = alarms[alarms >= SETTLE]
        wrong = np.ones(len(alarms), np.bool_)
        for t in (t for t in p.troubles if t.flow == flow):
            hits = alarms[(alarms >= t.start) & (alarms <= t.end + 10)]
            wrong &= (alarms < t.start) | (alarms > t.end + AFTERMATH)
            counts[t.what] += 1
            delays[t.what] += [float(hits[0] - t.start)] if len(hits) else []
        false += int(wrong.sum())
    row: dict[str, float | str | None] = {}
    for what, found_in in delays.items():
        row[what] = round(len(found_in) / max(counts[what], 1), 3)
        row[f"{what} min"] = float(np.median(found_in)) if found_in else None
    row["false/wk"] = round(false / (len(flows) * (len(p.runs) - SETTLE) / DAY / 7), 3)
    return row


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.rhythm.sparse",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--flows", type=int, default=8, help="of each rate; default: %(default)s")
    parser.add_argument("--weeks", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    p, peaks = world(given.seed, given.weeks, given.flows)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("judging flows", total=given.weeks * 7)
        score = scores(p, lambda: progress.update(task, advance=1))
    rows = {
        f"{rate} a minute": found(p, score, np.flatnonzero(peaks == rate).tolist())
        for rate in RATES
    }
    if given.json:
        for name, row in rows.items():
            print(json.dumps({"rate": name} | row))
        return
    table = Table("peak rate", *rows[f"{RATES[0]} a minute"])
    for name, row in rows.items():
        table.add_row(name, *(str(value) for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
