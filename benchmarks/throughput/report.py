"""What was measured, and on what: as a table for people, as one JSON object for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.throughput.workload import Shape


@dataclass(frozen=True)
class Goal:
    """One goal, what was found, and whether it is reached."""

    what: str
    found: float
    wanted: str
    reached: bool


@dataclass
class Measured:
    """One case in one shape: a rate and a ratio to the bare consumer from each round."""

    case: str
    shape: Shape
    workers: int = 1
    rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Spent:
    """Where the time of the engine alone goes, at one density."""

    per_minute: float
    microseconds: Mapping[str, float]
    flow_windows: int


@dataclass(frozen=True)
class Report:
    """All that a run has found."""

    rows: Sequence[Measured]
    spent: Sequence[Spent]
    conditions: Mapping[str, object]
    goals: Sequence[Goal] = ()

    def print(self, console: Console) -> None:
        """Print two tables, and the conditions under them."""
        shape = ("a record", "flows", "runs/min", "case", "workers")
        table = Table(*shape, "events/s", "to bare", caption="runs/min: of each flow")
        for row in self.rows:
            rate, ratio = f"{median(row.rates):,.0f}", f"{median(row.ratios):.3f}"
            size, flows, per_minute = row.shape
            told = (str(size), f"{flows:,}", f"{per_minute:g}")
            table.add_row(*told, row.case, str(row.workers), rate, ratio)
        console.print(table)
        for goal in self.goals:
            mark = "[green]reached[/]" if goal.reached else "[red]missed[/]"
            console.print(f"{goal.what}: {goal.found:.2f}, {goal.wanted}: {mark}")
        where = Table("runs/min", "where the time goes", "µs an event", "share")
        for spent in self.spent:
            total = sum(spent.microseconds.values())
            for part, micros in spent.microseconds.items():
                share = f"{micros / total:.0%}"
                where.add_row(f"{spent.per_minute:g}", part, f"{micros:.2f}", share)
            closed = f"{spent.flow_windows:,} flow-windows closed"
            where.add_row("", f"[dim]{closed}[/]", end_section=True)
        console.print(where)
        for name, value in self.conditions.items():
            console.print(f"{name.replace('_', ' ')}: {value}", style="dim", highlight=False)

    def json(self) -> str:
        """Return everything as one object, the single rounds included."""
        return json.dumps(
            {
                "throughput": [
                    {
                        "events_per_record": row.shape.size,
                        "flows": row.shape.flows,
                        "per_minute": row.shape.per_minute,
                        "workers": row.workers,
                        "case": row.case,
                        "events_per_s": round(median(row.rates)),
                        "ratio": round(median(row.ratios), 4),
                        "rounds": [round(rate) for rate in row.rates],
                    }
                    for row in self.rows
                ],
                "where_the_time_goes": [
                    {
                        "per_minute": spent.per_minute,
                        "microseconds_an_event": {
                            part: round(micros, 3) for part, micros in spent.microseconds.items()
                        },
                        "flow_windows": spent.flow_windows,
                    }
                    for spent in self.spent
                ],
                "goals": [asdict(goal) for goal in self.goals],
                "conditions": dict(self.conditions),
            }
        )


def machine() -> dict[str, object]:
    """Return what the machine is, and how busy it was."""
    model = "unknown"
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((x.split(": ")[1] for x in lines if x.startswith("model name")), model)
    return {
        "cpu": f"{os.cpu_count()} x {model}",
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }
