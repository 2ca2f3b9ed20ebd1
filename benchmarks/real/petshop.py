"""A web shop under constant load with issues injected into it, five minutes a row.

An issue is found if an alarm begins during it at one of the listed components. False alarms are
those of the two days before the issues; those between issues are told beside them, but for the
first hour, in which components have changed for good.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.onsets import Span, score_onsets, sweep, within_budget
from benchmarks.real.judge import FIXED, Row
from benchmarks.real.section import Job, Section, Tell
from benchmarks.real.series import Series, epochs, read_series
from benchmarks.real.watch import Scores, loudest, watch
from detectors.columns import Bools, Floats, Ints

SECONDS: Final = 300
SCENARIOS: Final = ("high_traffic", "low_traffic")
COMPONENTS: Final = (
    "PetSite",
    "PetSearch_AWS__ECS*",
    "petlistadoptions_AWS__ECS*",
    "payforadoption*",
    "lambdastatusupdater_*_Function",
    "petInfo*",
    "PetAdoptionStatusUpdater*",
)
QUIET: Final = 2
"""Ten minutes: issues follow each other within half an hour, the usual quiet."""
ALLOWED: Final = 2
"""False alarms, those between issues too, at which issues found are read in hindsight."""
SETTLING: Final = 3600
SIGNALS: Final = ("any", "volume", "errors", "latency", "silence", "failure")


class Component(NamedTuple):
    """One part of the shop, and what the engine made of it."""

    series: Series
    scores: Scores

    def score(self, signal: str) -> Floats:
        """Return the scores of a signal, or the highest of all."""
        return loudest(self.scores) if signal == "any" else self.scores[signal]  # type: ignore[index]


class Outcome(NamedTuple):
    """Per threshold: issues found at any component, and false alarms at all of them.

    ``found`` has shape ``(issues, thresholds)``, ``normal`` and ``between`` (issues) one entry a
    threshold.
    """

    found: Bools
    normal: Ints
    between: Ints


class Scenario(NamedTuple):
    """Components under one load; issues come after ``normal_end``."""

    name: str
    components: Sequence[Component]
    normal_end: int
    faults: Sequence[Mapping[str, str]]

    def outcome(self, signal: str, thresholds: Floats) -> Outcome:
        """Compare one signal with the issues."""
        each = []
        for series, score in ((c.series, c.score(signal)) for c in self.components):
            end = (self.normal_end - series.start) // SECONDS
            hits = [_windows(series, fault, "end") for fault in self.faults]
            excused = [_windows(series, fault, "settled") for fault in self.faults]
            excused.append((end, end + SETTLING // SECONDS - 1))
            judge = partial(score_onsets, score, thresholds, hits, excused, quiet=QUIET)
            after = judge(judged=(end, len(score)))
            each.append((after.found, judge(judged=(0, end - 1)).false, after.false))
        found, normal, between = zip(*each, strict=True)
        return Outcome(np.any(found, axis=0), np.sum(normal, axis=0), np.sum(between, axis=0))


def measure(job: Job, tell: Tell) -> list[Section]:
    """Score both scenarios, each as one bank; judge them with one threshold."""
    scenarios = []
    for i, name in enumerate(SCENARIOS):
        folder = job.folder / name
        notes = json.loads((folder / "faults.json").read_text())
        series = read(folder)
        scores = watch(series, job.threshold, partial(_tell_half, tell, i))
        components = [Component(*pair) for pair in zip(series, scores, strict=True)]
        (end,) = epochs([notes["warmup_end"]])
        scenarios.append(Scenario(name, components, int(end), notes["faults"]))
    rows = [_row(signal, scenarios) for signal in SIGNALS]
    return [Section("petshop", rows, _issues(scenarios))]


def read(folder: Path) -> list[Series]:
    """Read the listed components, as the columns that detectors are fed."""
    paths = [p for p in sorted(folder.glob("*.csv")) if any(fnmatch(p.stem, c) for c in COMPONENTS)]
    return [_as_windows(read_series(path, SECONDS)) for path in paths]


def _as_windows(series: Series) -> Series:
    requests, errors = series.columns["requests"], series.columns["errors"]
    latency = series.columns["latency_mean_ms"]
    known, timed = ~np.isnan(requests), latency > 0
    columns = {
        "volume": requests,
        "finished": requests,
        "failed": np.where(known, np.nan_to_num(errors), np.nan),
        "duration_count": np.where(known, np.where(timed, requests, 0), np.nan),
        "duration_log": np.log(np.where(timed, latency, np.nan)),
    }
    return series._replace(columns=columns)


def _row(signal: str, scenarios: Sequence[Scenario]) -> Row:
    scores = [c.score(signal) for s in scenarios for c in s.components]
    thresholds = sweep(scores, QUIET)
    swept, fixed = (_outcome(signal, scenarios, t) for t in (thresholds, np.array([FIXED])))
    index = within_budget(swept.normal + swept.between, ALLOWED)
    return {
        "signal": signal,
        "issues": len(fixed.found),
        "fixed found": fixed.found.sum(),
        "fixed FA": fixed.normal[0],
        "fixed FA between issues": fixed.between[0],
        f"found at {ALLOWED} FA of both": swept.found[:, index].sum(),
        "threshold": thresholds[index],
    }


def _outcome(signal: str, scenarios: Sequence[Scenario], thresholds: Floats) -> Outcome:
    found, normal, between = zip(*(s.outcome(signal, thresholds) for s in scenarios), strict=True)
    return Outcome(np.concatenate(found), np.sum(normal, axis=0), np.sum(between, axis=0))


def _windows(series: Series, fault: Mapping[str, str], end: str) -> Span:
    first, last = (epochs([fault["start"], fault[end]]) - series.start) // SECONDS
    return int(first), int(last)


def _issues(scenarios: Sequence[Scenario]) -> list[Row]:
    found = {s: _outcome(s, scenarios, np.array([FIXED])).found[:, 0] for s in SIGNALS[1:]}
    faults = [(scenario.name, fault) for scenario in scenarios for fault in scenario.faults]
    return [
        {
            "scenario": name,
            "issue": fault["id"],
            "kind": fault["kind"],
            "root cause": fault["root_cause"],
            "fixed found by": ", ".join(signal for signal, which in found.items() if which[i]),
        }
        for i, (name, fault) in enumerate(faults)
    ]


def _tell_half(tell: Tell, half: int, share: float) -> None:
    tell((half + share) / len(SCENARIOS))
