"""The first week of new flows: which gross faults are seen when, and how many false alarms.

Forty flows have been watched for two weeks when forty more begin, over a day. Half of these have
one gross fault in their first two days (a stop, half of the runs failing, runs four times as
long); the rest have none. ``--alone`` leaves the older flows out, so that nothing can be borrowed.
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

OLDER: Final = 14
WEEK: Final = 7
FAULTS: Final = ("stop", "half fail", "slow")


def world(seed: int, flows: int) -> Partition:
    """Draw older and younger flows, and the faults of these."""
    rng = np.random.default_rng(seed)
    born = np.concatenate(
        [np.zeros(flows, np.int64), np.sort(rng.integers(OLDER * DAY, (OLDER + 1) * DAY, flows))]
    )
    peaks = np.exp(rng.uniform(np.log(0.5), np.log(30), 2 * flows))
    p = partition((OLDER + 1 + WEEK) * DAY, born, peaks, rng)
    for i in range(flows, 2 * flows, 2):
        for _ in range(20):  # a stop of what is closed is none
            length = int(rng.integers(45, 180))
            start = int(born[i]) + int(rng.integers(4 * 60, 2 * DAY - length))
            if np.nansum(p.runs[start : start + length, i]) >= 20:
                disturb(p, Trouble(FAULTS[i // 2 % 3], i, start, start + length), rng)
                break
    return p


def scores(p: Partition, first: int, tick: Callable[[], None]) -> NDArray[np.float32]:
    """The highest score of any signal but the forecast; shape (minutes, flows)."""
    bank = FlowBank()
    out = np.zeros(p.runs.shape, np.float32)
    for minute in range(len(p.runs)):
        if minute % DAY == 0:
            tick()
        rows = np.flatnonzero(p.born[first:] <= minute)
        if not len(rows):
            continue
        bank.grow(len(rows))
        now = np.full(len(rows), minute % (7 * DAY))
        verdicts = bank.step(rows, now, (now + 5) % (7 * DAY), p.window(minute, rows + first))
        judged = [v.score for name, v in verdicts.items() if name != "failure"]
        out[minute, rows + first] = np.max(judged, axis=0)
    return out


def result(p: Partition, score: NDArray[np.float32]) -> list[dict[str, float | str | None]]:
    """Recall and delay by fault, and false alarms by day of life, of the younger flows."""
    young = [i for i in range(len(p.born)) if p.born[i] > 0]
    faults = {t.flow: t for t in p.troubles}
    delays: dict[str, list[float | None]] = {}
    false = np.zeros(WEEK)
    for i in young:
        alarms = onsets(score[:, i])
        if i in faults:
            t = faults[i]
            hits = alarms[(alarms >= t.start) & (alarms <= t.end + 10)]
            delays.setdefault(t.what, []).append(float(hits[0] - t.start) if len(hits) else None)
            alarms = alarms[(alarms < t.start) | (alarms > t.end + AFTERMATH)]
        day = (alarms - p.born[i]) // DAY
        false += np.bincount(day[day < WEEK], minlength=WEEK)
    rows: list[dict[str, float | str | None]] = [
        {
            "fault": what,
            "faults": len(d),
            "recall": round(len(h) / len(d), 3),
            "median_minutes": round(float(np.median(h)), 1) if h else None,
        }
        for what, d in sorted(delays.items())
        if (h := [x for x in d if x is not None]) is not None
    ]
    rows.append({"fault": "false alarms a flow-week", "recall": round(false.sum() / len(young), 3)})
    rows += [
        {"fault": f"false alarms on day {day + 1}", "recall": round(n / len(young), 3)}
        for day, n in enumerate(false)
    ]
    return rows


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.rhythm.young",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--flows", type=int, default=40, help="of each age; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--alone", action="store_true", help="without older flows")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    p = world(given.seed, given.flows)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("judging flows", total=OLDER + 1 + WEEK)
        score = scores(
            p, given.flows if given.alone else 0, lambda: progress.update(task, advance=1)
        )
    if given.json:
        for row in result(p, score):
            print(json.dumps(row))
        return
    table = Table("fault", "faults", "recall or number", "median min")
    for row in result(p, score):
        table.add_row(
            *(str(row.get(k, "")) for k in ("fault", "faults", "recall", "median_minutes"))
        )
    Console().print(table)


if __name__ == "__main__":
    main()
