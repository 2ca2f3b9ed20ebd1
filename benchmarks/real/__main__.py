"""The detectors on real telemetry: what experts marked, and what was injected.

Corpora are read from a path and stay there: aiops (request counts by the minute, dense and
thinned), petshop (requests, errors and latency by five minutes, with injected issues) and msft
(cloud monitoring, hourly and by the minute). One threshold for all series of a kind: recall at 1
and 2 false alarms a series-week with a threshold chosen in hindsight, and at the fixed one that
users have.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, TaskID

from benchmarks.real import aiops, msft, petshop
from benchmarks.real.peers import PEERS
from benchmarks.real.report import as_json, markdown, plot, show
from benchmarks.real.section import Job, Section, Tell
from detectors.calibration import threshold

CORPORA: Final[Mapping[str, Callable[[Job, Tell], list[Section]]]] = {
    "aiops": aiops.measure,
    "petshop": petshop.measure,
    "msft": msft.measure,
}
USAGE = 2
WIDE = 132
"""Columns where the output is no terminal: the tables need room."""


def measure(job: Job, tell: Tell = lambda _: None) -> list[Section]:
    """Do one job."""
    return CORPORA[job.corpus](job, tell)


def run(jobs: Sequence[Job], processes: int, console: Console) -> list[Section]:
    """Do all jobs, in one process with a fine bar or in several with a coarse one."""
    found: dict[Job, list[Section]] = {}
    with Progress(console=console, transient=True) as bar:
        tasks = {job: bar.add_task(_name(job), total=1.0) for job in jobs}
        if processes == 1:
            for job in jobs:
                found[job] = measure(job, partial(_move, bar, tasks[job]))
                bar.update(tasks[job], completed=1.0)
        else:
            with ProcessPoolExecutor(processes) as pool:
                futures = {pool.submit(measure, job): job for job in jobs}
                for done in as_completed(futures):
                    found[futures[done]] = done.result()
                    bar.update(tasks[futures[done]], completed=1.0)
    return [section for job in jobs for section in found[job]]


def main() -> None:
    """Measure, and print what was found."""
    given = _parser().parse_args()
    console = Console(stderr=True)
    peers = tuple(PEERS) if given.peers else ()
    jobs = [
        Job(corpus, given.corpus / corpus, share, threshold(given.budget), peers)
        for corpus in given.names or CORPORA
        for share in (given.thin if corpus == "aiops" else (1.0,))
    ]
    for job in jobs:
        if not job.folder.is_dir():
            console.print(f"there is no folder {job.folder}: --corpus names the one that holds it")
            sys.exit(USAGE)
    sections = run(jobs, given.jobs, console)
    if given.plot:
        plot(sections, given.plot)
    conditions = {"budget": given.budget, "threshold": round(threshold(given.budget), 3)}
    if given.json:
        print(as_json(sections, conditions))
    elif given.markdown:
        print(markdown(sections, conditions))
    else:
        show(sections, conditions, Console(width=None if sys.stdout.isatty() else WIDE))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "benchmarks.real",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="CORPUS", help=f"{', '.join(CORPORA)}: all")
    parser.add_argument("--corpus", type=Path, required=True, help="folder that holds them")
    parser.add_argument(
        "--thin", type=_shares, default=(1.0, 0.1, 0.01), help="shares of aiops: 1,0.1,0.01"
    )
    parser.add_argument(
        "--budget", type=float, default=1.0, help="alerts_per_flow_week: %(default)s"
    )
    parser.add_argument(
        "--peers", action="store_true", help="score simple rules and river's HST too"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--markdown", action="store_true", help="tables for a document")
    parser.add_argument("--plot", type=Path, metavar="DIR", help="draw recall by false alarms here")
    return parser


def _shares(text: str) -> tuple[float, ...]:
    shares = tuple(map(float, text.split(",")))
    if not all(0 < share <= 1 for share in shares):
        raise argparse.ArgumentTypeError("shares lie above 0 and up to 1")
    return shares


def _name(job: Job) -> str:
    return f"{job.corpus} {job.share:.0%}" if job.corpus == "aiops" else job.corpus


def _move(bar: Progress, task: TaskID, share: float) -> None:
    bar.update(task, completed=share)


if __name__ == "__main__":
    main()
