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
    events_per_record: int
    flows: int = 100
    workers: int = 1
    rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """All that a run has found."""

    rows: Sequence[Measured]
    microseconds: Mapping[str, float]
    flow_windows: int
    conditions: Mapping[str, object]
    goals: Sequence[Goal] = ()

    def print(self, console: Console) -> None:
        """Print two tables, and the conditions under them."""
        table = Table("events a record", "flows", "case", "workers", "events/s", "ratio to bare")
        for row in self.rows:
            rate, ratio = f"{median(row.rates):,.0f}", f"{median(row.ratios):.3f}"
            shape = (str(row.events_per_record), f"{row.flows:,}", row.case, str(row.workers))
            table.add_row(*shape, rate, ratio)
        console.print(table)
        for goal in self.goals:
            mark = "[green]reached[/]" if goal.reached else "[red]missed[/]"
            console.print(f"{goal.what}: {goal.found:.2f}, {goal.wanted}: {mark}")
        where = Table("where the time goes", "µs an event", "share")
        total = sum(self.microseconds.values())
        for part, micros in self.microseconds.items():
            where.add_row(part, f"{micros:.2f}", f"{micros / total:.0%}")
        console.print(where)
        console.print(f"{self.flow_windows:,} flow-windows closed", style="dim")
        for name, value in self.conditions.items():
            console.print(f"{name.replace('_', ' ')}: {value}", style="dim", highlight=False)

    def json(self) -> str:
        """Return everything as one object, the single rounds included."""
        return json.dumps(
            {
                "throughput": [
                    {
                        "events_per_record": row.events_per_record,
                        "flows": row.flows,
                        "workers": row.workers,
                        "case": row.case,
                        "events_per_s": round(median(row.rates)),
                        "ratio": round(median(row.ratios), 4),
                        "rounds": [round(rate) for rate in row.rates],
                    }
                    for row in self.rows
                ],
                "microseconds_an_event": {k: round(v, 3) for k, v in self.microseconds.items()},
                "flow_windows": self.flow_windows,
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
