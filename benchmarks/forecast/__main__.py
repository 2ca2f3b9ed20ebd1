"""How well failures are foreseen, from minute counts through the real detectors.

Each seed is a world of flows that fail, most of them after 10 to 55 minutes of symptoms, with
decoys that look alike and come to nothing. Measured on the second half of the days.
Seeds 1 and 2 were used for tuning; 3 and 4 were not.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks.forecast.measure import HORIZON
from benchmarks.forecast.picture import draw
from benchmarks.forecast.play import play
from benchmarks.forecast.report import Result, as_json, judge, show, show_tables
from benchmarks.forecast.world import DAY, world
from benchmarks.throughput.report import machine
from detectors.reliability import Reliability


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.forecast",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4], help="default: 3 4")
    parser.add_argument("--flows", type=int, default=14, help="default: %(default)s")
    parser.add_argument("--days", type=int, default=28, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the reliability picture")
    given = parser.parse_args()
    conditions = machine() | {"flows": given.flows, "days": given.days}
    results: dict[int, Result] = {}
    tables: list[Reliability] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for seed in given.seeds:
            task = progress.add_task(f"seed {seed}", total=given.days * DAY)
            made = world(seed, given.flows, given.days)
            played = play(made, partial(progress.advance, task), HORIZON)
            results[seed], table = judge(made, played)
            tables.append(table)
    if given.plot:
        draw(tables, given.plot)
    if given.json:
        print(as_json(results, conditions))
        return
    console = Console()
    show(console, results)
    show_tables(console, tables)
    for name, value in conditions.items():
        console.print(f"{name.replace('_', ' ')}: {value}", style="dim", highlight=False)


if __name__ == "__main__":
    main()
