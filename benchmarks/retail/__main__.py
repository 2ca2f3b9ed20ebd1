"""Recall and false alarms of the engine's detectors in labelled worlds, beside their peers.

Worlds are simulated retailers of 35 days, of which the first 14 are quiet and not scored:
  trade      steady flows and 15-minute batches, two busy days (detection notes, 4.1)
  clockwork  cron batches, night and office hours, trickles, rough noise, a clock change
  bursts     on/off webhooks, orders of several events, promotions, catching up, EDI
  estate     a whole retailer: flows feed one another, start, grow, move, are capped
An alarm is a rise of a flow's score above the threshold after 30 quiet minutes. It finds a fault
if it is raised in [start, end + 10 min], and is false outside every [start, end + 60 min].
Recall is told at the fixed threshold (score above 1), and at thresholds chosen in hindsight that
keep a budget of false alarms a flow and week.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from benchmarks.retail.results import Case, Result
from benchmarks.retail.scoring import BUDGETS
from benchmarks.retail.work import Work, work
from benchmarks.retail.world import DAY, MINUTES
from benchmarks.retail.worlds import WORLDS

PER_DAY = {"day": 1.0, "week": 1 / 7}


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the worlds, watch them, and say what was found."""
    given = _parser().parse_args(arguments)
    given.worlds = given.worlds or list(WORLDS)
    errors, minutes = Console(stderr=True), given.days * DAY
    cases = [Case(w, s, given.rate, minutes) for w in given.worlds for s in given.seeds]
    if given.write:
        _write(cases, given.write, errors)
        return
    if given.peers:
        from benchmarks.retail.peers import PEERS

        cases += [case._replace(detector=peer) for peer in PEERS for case in cases]
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=errors) as bar:
        task = bar.add_task("days watched", total=given.days * len(cases))
        todo = Work(given.budgets, given.plot)
        results = work(todo, cases, given.jobs, lambda days: bar.update(task, completed=days))
    _tell(results, given)


def _tell(results: Sequence[Result], given: argparse.Namespace) -> None:
    from benchmarks.retail.report import markdown, sheets

    if given.plot:
        from benchmarks.retail.pictures import curves

        for world in given.worlds:
            curves(world, [r for r in results if r.case.world == world], given.plot)
    if given.json:
        for result in results:
            print(json.dumps(result.as_dict()))
    elif given.markdown:
        print(markdown(sheets(results)))
    else:
        for sheet in sheets(results):
            sheet.print(Console())


def _write(cases: Sequence[Case], folder: Path, errors: Console) -> None:
    from benchmarks.retail.export import write

    with Progress(console=errors) as bar:
        task = bar.add_task("days written", total=sum(case.minutes // DAY for case in cases))
        for case in cases:
            write(case.make(), folder / f"{case.world}-{case.seed}", lambda: bar.advance(task))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "benchmarks.retail",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="A world of 20 flows takes about a minute. Example: "
        "python -m benchmarks.retail trade --seeds 1,2 --rate week --jobs 2",
    )
    add = parser.add_argument
    add("worlds", nargs="*", metavar="WORLD", type=_world, help="default: all four")
    add("--seeds", type=_seeds, default=[1], metavar="N,…", help="default: 1")
    add("--rate", type=_rate, default=0.5, help="faults a flow: 0.5/day (default), week, none, …")
    add("--days", type=int, default=MINUTES // DAY, help="length of a world; default: %(default)s")
    add("--budgets", type=_budgets, default=BUDGETS, metavar="B,…",
        help="false alarms a flow and week; default: 0.5,1,2")  # fmt: skip
    add("--peers", action="store_true", help="also run what a team would use instead")
    add("--jobs", type=int, default=1, help="processes; default: %(default)s")
    add("--plot", type=Path, metavar="DIR", help="draw pictures (PNG) into a folder")
    add("--write", type=Path, metavar="DIR", help="only write events and faults of each world")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="one JSON object a world and detector")
    how.add_argument("--markdown", action="store_true", help="tables in Markdown")
    return parser


def _world(text: str) -> str:
    if text not in WORLDS:
        raise argparse.ArgumentTypeError(f"no world {text!r}; there are {', '.join(WORLDS)}")
    return text


def _seeds(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _budgets(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _rate(text: str) -> float:
    """Read faults a flow and day: ``0.5/day``, ``2/week``, ``week``, ``none``."""
    if text == "none":
        return 0.0
    count, _, unit = text.rpartition("/")
    try:
        return float(count or 1) * PER_DAY[unit]
    except (KeyError, ValueError):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 0.5/day, week or none") from None


if __name__ == "__main__":
    main()
