"""Series of cloud monitoring, hourly or by the minute: any number, not only counts.

They go through the volume detector with windows as wide as their rows. Series without an event are
watched too: whatever fires there is false.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from itertools import groupby

from benchmarks.real.judge import Case
from benchmarks.real.peers import PEERS
from benchmarks.real.section import Job, Section, Tell, section
from benchmarks.real.series import ranges, read_events, read_series
from benchmarks.real.watch import loudest, watch
from detectors.columns import Floats

LEARNING_DAYS = 7
"""Most series last four weeks or less, some eleven days."""


def measure(job: Job, tell: Tell) -> list[Section]:
    """Score the series of each width as rows of one bank."""
    with (job.folder / "manifest.csv").open(newline="") as file:
        listed = sorted(csv.DictReader(file), key=_width)
    groups = [(width, [row["series"] for row in rows]) for width, rows in groupby(listed, _width)]
    sections = []
    for i, (width, names) in enumerate(groups):
        tell(i / len(groups))
        sections.append(_section(job, width, names))
    return sections


def _section(job: Job, seconds: int, names: Iterable[str]) -> Section:
    events = read_events(job.folder / "events.json")
    series = [read_series(job.folder / f"{name}.csv", seconds) for name in names]
    series = [one._replace(columns={"volume": one.columns["value"]}) for one in series]
    per_day = 86_400 // seconds
    first = LEARNING_DAYS * per_day
    spans = [ranges(one, events.get(one.name, ()), first) for one in series]

    def cases(scores: Iterable[Floats], *, calm: bool = False) -> list[Case]:
        each = zip(series, scores, spans, strict=True)
        return [
            Case(one.name, score, span, first)
            for one, score, span in each
            if not (calm and span.excused)
        ]

    watched = watch(series, job.threshold)
    volume = [scores["volume"] for scores in watched]
    scored = {
        "engine, volume": cases(volume),
        "engine, all signals": cases([loudest(scores) for scores in watched]),
    }
    for name in job.peers:
        scored[name] = cases([PEERS[name](one.columns["volume"], per_day) for one in series])
    if without := cases(volume, calm=True):
        scored["engine, volume, series without events"] = without
    return section(f"msft, rows of {seconds} s", scored, seconds)


def _width(row: dict[str, str]) -> int:
    return int(row["step_s"])
