"""Request counts of real web companies, a minute a row, with incidents marked by experts.

Dense as recorded, and thinned (binomially, with a fixed seed) to the size of a retailer's flows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.real.judge import Case
from benchmarks.real.peers import PEERS
from benchmarks.real.section import Job, Section, Tell, section
from benchmarks.real.series import Event, Series, ranges, read_events, read_series
from benchmarks.real.watch import loudest, watch
from detectors.columns import Floats

SECONDS = 60
PER_DAY = 1440
LEARNING = 14 * PER_DAY
"""The first two weeks do not count."""
SEED = 2018


def read(folder: Path) -> tuple[list[Series], Mapping[str, Sequence[Event]]]:
    """Read every series and its events."""
    paths = sorted(folder.glob("*.csv.gz"))
    return [read_series(path, SECONDS) for path in paths], read_events(folder / "events.json")


def thinned(series: Series, share: float, seed: int) -> Series:
    """Keep each request with a probability, as the only column ``volume``."""
    values = series.columns["value"].copy()
    known = ~np.isnan(values)
    if share < 1:
        rng = np.random.default_rng((SEED, seed))
        values[known] = rng.binomial(values[known].astype(np.int64), share)
    return series._replace(columns={"volume": values})


def measure(job: Job, tell: Tell) -> list[Section]:
    """Score all series as rows of one bank, and each with every peer."""
    series, events = read(job.folder)
    series = [thinned(one, job.share, seed) for seed, one in enumerate(series)]
    spans = [ranges(one, events[one.name], LEARNING) for one in series]

    def cases(scores: Sequence[Floats]) -> list[Case]:
        return [
            Case(one.name, score, span, LEARNING)
            for one, score, span in zip(series, scores, spans, strict=True)
        ]

    watched = watch(series, job.threshold, tell)
    scored = {
        "engine, volume": [scores["volume"] for scores in watched],
        "engine, all signals": [loudest(scores) for scores in watched],
    }
    for name in job.peers:
        scored[name] = [PEERS[name](one.columns["volume"], PER_DAY) for one in series]
    title = f"aiops, {job.share:.0%} of the requests"
    return [section(title, {name: cases(s) for name, s in scored.items()}, SECONDS)]
