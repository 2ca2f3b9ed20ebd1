"""What was measured, seed by seed and on average: a table, or one JSON object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.forecast import measure
from benchmarks.forecast.play import Played
from benchmarks.forecast.world import World
from detectors.reliability import EDGES, Reliability

BARS = {
    "average_precision": "at least .35",
    "calibration_error": "at most .005",
    "warned_in_hindsight": "at least .70",
}


@dataclass(frozen=True)
class Result:
    """One seed.

    ``warned`` are shares of outages with precursors warned of at least 10 minutes ahead: by the
    engine's own level, and by one chosen in hindsight to keep to one false warning a flow-week.
    """

    outages: int
    with_precursor: int
    base_rate: float
    average_precision: float
    roc_auc: float
    brier: float
    brier_of_base_rate: float
    calibration_error: float
    warned: float
    false_per_flow_week: float
    median_lead: float
    warned_in_hindsight: float


def judge(made: World, played: Played) -> tuple[Result, Reliability]:
    """Judge the second half; the reliability table is of that half too."""
    truth = measure.judged(made)
    p, label = played.probability[truth.counted], truth.label[truth.counted]
    table = Reliability(latest=len(p) + 1)
    table.add(p, label)
    own = measure.warned(played.score > 1, truth)
    level = measure.within_budget(played.probability, truth)
    base = float(label.mean())
    return Result(
        outages=len(truth.outages),
        with_precursor=sum(outage.kind == "foretold" for outage in truth.outages),
        base_rate=base,
        average_precision=measure.average_precision(p, label),
        roc_auc=measure.roc_auc(p, label),
        brier=table.brier,
        brier_of_base_rate=base * (1 - base),
        calibration_error=table.calibration_error,
        warned=own.foretold,
        false_per_flow_week=own.false_per_flow_week,
        median_lead=own.median_lead,
        warned_in_hindsight=measure.warned(played.probability > level, truth).foretold,
    ), table


def show(console: Console, results: dict[int, Result]) -> None:
    """Print a row for each measure and a column for each seed."""
    table = Table("", *(f"seed {seed}" for seed in results), "mean", "bar")
    rows = [asdict(result) for result in results.values()]
    for name in rows[0]:
        values = [row[name] for row in rows]
        shown = [_number(value) for value in (*values, float(np.mean(values)))]
        table.add_row(name.replace("_", " "), *shown, BARS.get(name, ""))
    console.print(table)


def as_json(results: dict[int, Result], conditions: dict[str, object]) -> str:
    """Return everything as one object."""
    seeds = {str(seed): asdict(result) for seed, result in results.items()}
    return json.dumps({"seeds": seeds, "conditions": conditions})


def show_tables(console: Console, tables: Sequence[Reliability]) -> None:
    """Print how often what was forecast came true, all seeds together."""
    shown = Table("forecast from", "minutes", "promised", "happened")
    made, promised, happened = (
        sum(getattr(table, name) for table in tables)
        for name in ("forecasts", "promised", "happened")
    )
    for edge, n, p, h in zip(EDGES, made, promised, happened, strict=True):
        if n:
            shown.add_row(f"{edge:g}", f"{n:,.0f}", f"{p / n:.4f}", f"{h / n:.4f}")
    console.print(shown)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and value > 1 else f"{value:.4g}"
