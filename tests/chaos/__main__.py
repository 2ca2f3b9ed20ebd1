"""Workers and broker are killed, paused and replaced while events flow; nothing may show of it.

Three workers under a supervisor work off a feed with duplicates and a tenth out of order. What
they publish is then compared, byte by byte, with a linear replay of the same topic.

The defaults are the full run, which takes a quarter of an hour on two shared cores. The feed goes
no faster than the schedule, whatever the machine. For a look:

    python -m tests.chaos --kills 4 --terms 2 --stops 1 --joins 1 --broker-kills 1 \\
        --broker-pauses 0 --events 10000
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import Progress

from benchmarks.throughput.report import machine
from benchmarks.throughput.topics import topics
from pipeline.cli.console import ENVIRONMENT_MISSING, FOUND_TROUBLE, PROGRESS_COLUMNS
from tests.broker import NoBrokerError, own_broker
from tests.broker.base import kafka_version
from tests.chaos.report import markdown
from tests.chaos.run import Run, run
from tests.chaos.schedule import Plan

PARTITIONS = 6


def main() -> int:
    given = _arguments()
    console = Console(stderr=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave no process behind
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is killed is no news
    plan = Plan(**{each.name: getattr(given, each.name) for each in fields(Plan)})
    conditions = machine()
    try:
        broker = own_broker(console.print)
    except NoBrokerError as error:
        console.print(f"no Kafka broker: {error}")
        return ENVIRONMENT_MISSING
    began = time.monotonic()
    try:
        with (
            topics(broker.bootstrap, PARTITIONS) as settings,
            tempfile.TemporaryDirectory() as folder,
            Progress(*PROGRESS_COLUMNS, console=console, transient=True) as progress,
        ):
            task = progress.add_task("starting", total=len(plan.kinds()))
            found = asyncio.run(
                run(
                    broker, settings, Path(folder), plan,
                    events=given.events, seed=given.seed,
                    say=lambda n, what: progress.update(task, completed=n, description=what),
                )
            )  # fmt: skip
    finally:
        broker.stop()
    conditions |= {
        "Kafka": kafka_version(), "partitions": PARTITIONS, "seed": given.seed,
        "minutes": f"{(time.monotonic() - began) / 60:.1f}",
    }  # fmt: skip
    return _tell(found, markdown(found, conditions), given.report)


def _tell(found: Run, text: str, report: Path | None) -> int:
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(text)
    Console().print(Markdown(text))
    return 0 if found.passed else FOUND_TROUBLE


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for each in fields(Plan):
        option = f"--{each.name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=each.default, help="default: %(default)s")
    parser.add_argument("--events", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of feed and schedule")
    parser.add_argument("--report", type=Path, help="write verdict and log here, as Markdown")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
