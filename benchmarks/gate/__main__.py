"""A gate against regressions of detection: short measurements at fixed seeds, against tolerances.

Simulated worlds always; the NAB corpus and real telemetry when their folders are given. Ends with 1
if any figure is beyond its limit. The limits stand in benchmarks/gate/tolerances.toml, with room
for noise: they catch what breaks detection, and are no measure of how good it is.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from benchmarks.gate.checks import BrokenCheckError, Check, Figure, measure, read

BEYOND = 1


def run(
    checks: Sequence[Check], corpora: Mapping[str, Path], jobs: int, console: Console
) -> list[Figure]:
    """Do the checks, several at a time, each in a process; return their figures in order."""
    found: dict[str, list[Figure]] = {}
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=console, transient=True) as bar,
        ThreadPoolExecutor(jobs) as pool,
    ):
        task = bar.add_task("measuring", total=len(checks))
        futures = {pool.submit(measure, check, corpora): check for check in checks}
        for done in as_completed(futures):
            found[futures[done].name] = done.result()
            bar.advance(task)
    return [figure for check in checks for figure in found[check.name]]


def main() -> None:
    """Measure, compare, tell."""
    given = _parser().parse_args()
    corpora = {name: path for name in ("nab", "real") if (path := getattr(given, name))}
    console, errors = Console(), Console(stderr=True)
    wanted = [check for check in read() if not given.only or check.name in given.only]
    checks = [check for check in wanted if check.needs(corpora) is None]
    began = perf_counter()
    try:
        figures = run(checks, corpora, given.jobs, errors)
    except BrokenCheckError as error:
        errors.print(str(error), markup=False)
        sys.exit(BEYOND)
    console.print(table(figures))
    for check in wanted:
        if (corpus := check.needs(corpora)) is not None:
            console.print(f"{check.name}: not measured, without --{corpus}", style="dim")
    beyond = sum(not figure.holds for figure in figures)
    console.print(f"{beyond} of {len(figures)} figures beyond their limits, "
                  f"{perf_counter() - began:.0f} s")  # fmt: skip
    sys.exit(BEYOND if beyond else 0)


def table(figures: Sequence[Figure]) -> Table:
    """Lay out measured figures beside their limits."""
    rows = Table("check", "figure", "measured", "limit", "")
    for figure in figures:
        limit = f"{'≥' if figure.floor else '≤'} {figure.limit:g}"
        verdict = "[green]holds[/]" if figure.holds else "[bold red]BEYOND[/]"
        rows.add_row(figure.check, figure.figure, f"{figure.measured:.3f}", limit, verdict)
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "benchmarks.gate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("only", nargs="*", metavar="CHECK", help="names of checks; default: all")
    parser.add_argument("--nab", type=Path, metavar="DIR", help="the NAB corpus")
    parser.add_argument("--real", type=Path, metavar="DIR", help="real telemetry: aiops, petshop")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: %(default)s"
    )
    return parser


if __name__ == "__main__":
    main()
