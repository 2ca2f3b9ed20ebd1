"""Fuzz whatever reads what others wrote: every target, or those that are named.

Each target runs in a process of its own, guided by coverage. An input that is not handled as
documented, or that takes over 100 ms of processor time, is kept, and the command ends with 1.
See one again with: python -m tests.fuzz TARGET --input FILE
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.fuzz.campaign import BrokenError, Campaign, Outcome
from tests.fuzz.execution import measured
from tests.fuzz.targets import NAMES, load

FOUND_SOMETHING, WRONG_USAGE, BROKEN = 1, 2, 3


def main() -> int:
    parser = _parser()
    given = parser.parse_args()
    if unknown := sorted(set(given.targets) - set(NAMES)):
        parser.error(f"{', '.join(unknown)} is none of the targets {', '.join(NAMES)}")
    if given.input is not None:
        if len(given.targets) != 1:
            parser.error("--input needs exactly one target")
        return _again(given.targets[0], given.input)
    campaign = Campaign(given.runs, given.seconds, given.seed, given.folder)
    try:
        outcomes = _fuzz(campaign, given.targets or list(NAMES))
    except BrokenError as error:
        Console(stderr=True).print(str(error), markup=False)
        return BROKEN
    Console().print(_table(outcomes))
    for outcome in outcomes:
        for place, path in outcome.faults.items():
            print(
                f"{outcome.target}: {place}\n  python -m tests.fuzz {outcome.target} --input {path}"
            )
    return FOUND_SOMETHING if any(outcome.faults for outcome in outcomes) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        epilog=f"targets: {', '.join(NAMES)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help="all, if none is named")
    add("--runs", type=int, default=100_000, help="executions a target (%(default)s)")
    add("--seconds", type=float, default=60.0, help="at most, a target (%(default)s)")
    add("--seed", type=int, default=1, help="of chance (%(default)s)")
    add("--folder", type=Path, default=Path(".run/fuzz"), help="for what is found (%(default)s)")
    add("--input", type=Path, metavar="FILE", help="give a target this input, once")
    return parser


def _fuzz(campaign: Campaign, names: list[str]) -> list[Outcome]:
    outcomes = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns,
        TimeElapsedColumn(),
        TextColumn("{task.fields[found]}"),
        console=Console(stderr=True),
    ) as bar:
        for name in names:
            task = bar.add_task(name, total=campaign.runs, found="")

            def progress(outcome: Outcome, task=task) -> None:
                found = f"{len(outcome.faults)} found" if outcome.faults else ""
                bar.update(task, completed=outcome.executions, found=found)

            outcomes.append(campaign.fuzz(name, progress))
    return outcomes


def _again(name: str, path: Path) -> int:
    check, raw = load(name).check, path.read_bytes()
    measured(check, raw)  # whatever is imported late is imported now
    took, fault = measured(check, raw)
    print(fault.story if fault else "handled as documented", f"in {took:.1f} ms of processor time")
    return FOUND_SOMETHING if fault else 0


def _table(outcomes: list[Outcome]) -> Table:
    table = Table()
    for heading in ("target", "executions", "a second", "edges", "slowest ms", "crashes"):
        table.add_column(heading, justify="left" if heading == "target" else "right")
    for o in outcomes:
        rate = o.executions / max(o.seconds, 1e-9)
        row = f"{o.executions:,}", f"{rate:,.0f}", f"{o.edges:,}", f"{o.slowest_ms:.1f}"
        table.add_row(o.target, *row, str(len(o.faults)))
    table.add_section()
    table.add_row("all", f"{sum(o.executions for o in outcomes):,}")
    return table


if __name__ == "__main__":
    sys.exit(main())
