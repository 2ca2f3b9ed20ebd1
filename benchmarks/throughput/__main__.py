"""Events per second through the whole path, beside a bare consumer and what else people use.

Every case works off the same records of one topic, in a process of its own:

  engine    cogentai worker: fetch, decode, statistics, detection, commit, outputs
  bare      an aiokafka consumer that decodes and does no more: the ceiling
  noop      a Faust agent that ignores raw records (one event a record only)
  table     a plain Faust app: statistics of each flow and minute, a table write an event
  quix      a Quix Streams app: the same statistics in tumbling windows
  river     a bare loop around river: the same statistics, and a score a minute
  embedded  the engine on the SQLite journal, in this process
  alone     the engine in memory, in this process

Broker and consumers share the machine, so ratios count, not absolute figures. Each batched topic is
measured at two densities, for closing a window costs the same however many runs it holds. By
default 100 flows and all cases once, some three minutes; --full adds 1,000 and 10,000 flows (the
sparse history alone) and a second worker, some fifteen. The first run makes an environment for Quix
Streams in .run/quix.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks.throughput.alone import shares
from benchmarks.throughput.cases import BARE, CASES
from benchmarks.throughput.goals import goals
from benchmarks.throughput.plot import plot
from benchmarks.throughput.report import Report, Spent, machine
from benchmarks.throughput.rounds import PARTITIONS, Plan, run
from benchmarks.throughput.runs import runs
from benchmarks.throughput.workload import Shape, workload
from tests.broker import Broker, NoBrokerError, shared_broker
from tests.broker.base import kafka_version
from tests.broker.external import ExternalBroker

ENVIRONMENT_MISSING = 3


def measure(plan: Plan, broker: Broker, console: Console) -> Report:
    """Run every case in every shape, round by round, and see where the time goes."""
    conditions = machine()
    with Progress(console=console, transient=True) as progress:
        progress.add_task("starting", total=plan.steps + 1)
        rows, events = run(plan, broker.bootstrap, progress)
        progress.update(progress.tasks[0].id, advance=1, description="where the time goes")
        spent = [_spent(plan, per_minute) for per_minute in plan.per_minute]
    version = "elsewhere" if isinstance(broker, ExternalBroker) else kafka_version()
    conditions |= {
        "broker": f"Kafka {version}",
        "events": "; ".join(events),
        "mix": "cogent.flow.run, each run once; a heartbeat a minute of event time",
        "bytes_an_event": len(next(runs(1, 1)).value),
        "partitions": PARTITIONS,
        "rounds": f"{plan.repeat} (medians)",
    }
    return Report(rows, spent, conditions, list(goals(rows)))


def _spent(plan: Plan, per_minute: float) -> Spent:
    shape = Shape(max(plan.sizes), plan.flows[0], per_minute)
    return Spent(per_minute, *shares(workload(min(plan.events, 200_000), shape, PARTITIONS)))


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        "benchmarks.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--full", action="store_true", help="up to 10,000 flows, 2 workers")
    parser.add_argument(
        "--cases", type=_cases, default=list(CASES), help="such as engine,noop; bare always runs"
    )
    parser.add_argument("--flows", type=_numbers, help="such as 100,10000")
    parser.add_argument(
        "--per-minute",
        type=_numbers,
        default=[5, 600],
        help="runs of a flow in a minute: 5 (a sparse history, caught up) and 600 (a live load)",
    )
    parser.add_argument("--workers", type=_numbers, help="of the engine, such as 1,2")
    parser.add_argument("--sizes", type=_numbers, default=[200, 1], help="events a record: 200,1")
    parser.add_argument(
        "--events",
        type=_positive,
        default=200_000,
        help="of a batched topic at least, a quarter with one event a record; "
        "default: %(default)s, and ten minutes of event time",
    )
    parser.add_argument("--repeat", type=_positive, default=1, help="rounds; medians are shown")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--plot", type=Path, help="draw the table into this file")
    return parser.parse_args()


def plan_of(given: argparse.Namespace) -> Plan:
    """Return what is to be measured."""
    flows = given.flows or ([100, 1_000, 10_000] if given.full else [100])
    workers = given.workers or ([1, 2] if given.full else [1])
    return Plan(
        given.cases,
        flows,
        given.per_minute,
        workers,
        given.sizes,
        given.events,
        given.repeat,
    )


def main() -> None:
    """Measure, and print what was found."""
    given = parse()
    console = Console(stderr=True)
    try:
        broker = shared_broker(console.print)
    except NoBrokerError as error:
        console.print(f"no Kafka broker: {error}")
        sys.exit(ENVIRONMENT_MISSING)
    try:
        report = measure(plan_of(given), broker, console)
    finally:
        broker.stop()
    if given.plot:
        plot(report.rows, given.plot)
    if given.json:
        print(report.json())
    else:
        report.print(Console())


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _numbers(text: str) -> list[int]:
    return [_positive(part) for part in text.split(",")]


def _cases(text: str) -> list[str]:
    chosen = {BARE, *text.split(",")}
    if unknown := chosen - set(CASES):
        raise argparse.ArgumentTypeError(f"no such case: {', '.join(sorted(unknown))}")
    return [key for key in CASES if key in chosen]


if __name__ == "__main__":
    main()
