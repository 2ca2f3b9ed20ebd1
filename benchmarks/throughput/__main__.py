"""Events per second through the whole path, side by side with a bare consumer.

Each case works off the same records from a full log: a consumer that only decodes, the engine
through Faust (a ``cogentai worker`` of its own), the engine on the journal, and the engine alone
in memory. Broker and consumer share the machine, so ratios count, not absolute figures.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks.throughput.alone import alone, shares
from benchmarks.throughput.bare import bare
from benchmarks.throughput.embedded import embedded
from benchmarks.throughput.faust import through_faust
from benchmarks.throughput.report import Measured, Report, machine
from benchmarks.throughput.topics import fill, topics
from benchmarks.throughput.workload import Workload, workload
from tests.broker import Broker, NoBrokerError, shared_broker
from tests.broker.base import kafka_version
from tests.broker.external import ExternalBroker

SIZES = (200, 1)
BARE = "bare consumer with decoding"
FAUST = "engine through Faust"
EMBEDDED = "engine embedded"
ALONE = "engine alone"
CASES = (BARE, FAUST, EMBEDDED, ALONE)
PARTITIONS = 2
ENVIRONMENT_MISSING = 3


def one_round(work: Workload, bootstrap: str, progress: Progress) -> dict[str, float]:
    """Measure every case once; return events per second by case."""
    task = progress.tasks[0].id
    rates = {}

    def step(what: str) -> None:
        progress.update(task, advance=1, description=f"{what} ({work.size} a record)")

    with topics(bootstrap, work.partitions) as settings, tempfile.TemporaryDirectory() as folder:
        step("filling the log")
        asyncio.run(fill(settings, work))
        step(BARE)
        rates[BARE] = asyncio.run(bare(settings, work))
        step(FAUST)
        rates[FAUST] = asyncio.run(through_faust(settings, work, Path(folder)))
        step(EMBEDDED)
        rates[EMBEDDED] = asyncio.run(embedded(work, Path(folder)))
        step(ALONE)
        rates[ALONE] = alone(work)
    return rates


def measure(given: argparse.Namespace, broker: Broker, console: Console) -> Report:
    """Run every case in both shapes, round by round."""
    conditions = machine()
    works = [workload(given.events, given.flows, size, PARTITIONS) for size in SIZES]
    rows = {(size, case): Measured(case, size) for size in SIZES for case in CASES}
    with Progress(console=console, transient=True) as progress:
        progress.add_task("starting", total=given.repeat * len(works) * (len(CASES) + 1) + 1)
        for _ in range(given.repeat):
            for work in works:
                rates = one_round(work, broker.bootstrap, progress)
                for case, rate in rates.items():
                    rows[work.size, case].rates.append(rate)
                    rows[work.size, case].ratios.append(rate / rates[BARE])
        progress.update(progress.tasks[0].id, advance=1, description="where the time goes")
        micros, flow_windows = shares(works[0])
    version = "elsewhere" if isinstance(broker, ExternalBroker) else kafka_version()
    value = works[0].appends[0][0].value
    conditions |= {
        "broker": f"Kafka {version}",
        "events": ", ".join(f"{w.events:,} at {w.size} a record" for w in works),
        "mix": "cogent.flow.run, each run once, about 5 a flow and minute; a heartbeat a minute",
        "bytes_an_event": len(value),
        "flows": given.flows,
        "partitions": PARTITIONS,
        "workers": 1,
        "rounds": f"{given.repeat} (medians)",
    }
    return Report(list(rows.values()), micros, flow_windows, conditions)


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=_positive, default=200_000, help="default: %(default)s")
    parser.add_argument("--flows", type=_positive, default=100, help="default: %(default)s")
    parser.add_argument("--repeat", type=_positive, default=1, help="rounds; medians are shown")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    console = Console(stderr=True)
    try:
        broker = shared_broker(console.print)
    except NoBrokerError as error:
        console.print(f"no Kafka broker: {error}")
        sys.exit(ENVIRONMENT_MISSING)
    try:
        report = measure(given, broker, console)
    finally:
        broker.stop()
    if given.json:
        print(report.json())
    else:
        report.print(Console())


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    main()
