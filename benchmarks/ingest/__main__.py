"""What the HTTP edge takes in a second: requests and events, one event a request and batches.

The real server, on Kafka (cogentai ingest) and on the journal (cogentai run, whose engine works in
the same process); the load comes from a second process, whose connections each post, wait for the
202 and post again. A request is answered once its events are durable, so more connections mean a
higher rate and longer answers. Server, load and broker share the machine: where load_cpu comes near
1 the load was the limit, not the edge. About a minute and a half.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.process import StoppedError, cogentai, on_topics
from benchmarks.throughput.report import machine
from benchmarks.throughput.topics import topics
from tests.broker import NoBrokerError, shared_broker

LOGS = ("kafka", "journal")
PARTITIONS = 2
ENVIRONMENT_MISSING = 3


@asynccontextmanager
async def edge(log: str, bootstrap: str | None, folder: Path) -> AsyncIterator[str]:
    """Run the server on a log; give the address that events go to."""
    environment = {"COGENTAI_INGEST__REQUESTS_PER_SECOND": "1000000"}
    made = nullcontext() if bootstrap is None else topics(bootstrap, PARTITIONS)
    with made as settings:
        if settings is not None:
            environment |= on_topics(settings)
        command = "run" if log == "journal" else "ingest"
        async with cogentai(command, environment, folder) as server:
            await server.ready()
            yield f"http://127.0.0.1:{server.port}/v1/events"
            server.check()


async def measure(
    log: str, size: int, given: argparse.Namespace, bootstrap: str | None
) -> dict[str, Any]:
    """Measure one log with requests of one size."""
    with tempfile.TemporaryDirectory() as folder:
        async with edge(log, bootstrap, Path(folder)) as url:
            load = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benchmarks.ingest.load"),
                *(url, str(size), str(given.connections), str(given.seconds)),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await load.communicate()
            if load.returncode:
                raise StoppedError(f"the load failed: {err[-500:].decode()}")
    found: dict[str, Any] = json.loads(out)
    events = found["requests_per_s"] * size
    return {"log": log, "events_a_request": size, "events_per_s": events, **found}


async def measure_all(
    given: argparse.Namespace, bootstrap: str | None, console: Console
) -> list[dict[str, Any]]:
    """Measure every log with every size."""
    rows = []
    for log in given.logs:
        for size in given.sizes:
            with console.status(f"{log}, {size} events a request"):
                rows.append(await measure(log, size, given, bootstrap if log == "kafka" else None))
    return [{k: round(v, 2) if isinstance(v, float) else v for k, v in r.items()} for r in rows]


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.ingest",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--logs", type=_names, default=LOGS, help="kafka,journal")
    parser.add_argument("--sizes", type=_numbers, default=[1, 200], help="events a request: 1,200")
    parser.add_argument("--connections", type=int, default=32, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=15, help="a case; default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    console = Console(stderr=True)
    conditions = {**machine(), "connections": given.connections, "seconds": given.seconds}
    broker = None
    try:
        if "kafka" in given.logs:
            broker = shared_broker(console.print)
        bootstrap = broker.bootstrap if broker else None
        rows = asyncio.run(measure_all(given, bootstrap, console))
    except NoBrokerError as error:
        console.print(f"no Kafka broker: {error}")
        raise SystemExit(ENVIRONMENT_MISSING) from None
    finally:
        if broker is not None:
            broker.stop()
    if given.json:
        print(json.dumps({"ingest": rows, "conditions": conditions}))
        return
    table = Table(*(name.replace("_", " ") for name in rows[0]))
    for row in rows:
        table.add_row(*(f"{v:,}" if isinstance(v, int | float) else v for v in row.values()))
    Console().print(table)
    for name, value in conditions.items():
        print(f"{name.replace('_', ' ')}: {value}")


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(LOGS):
        raise argparse.ArgumentTypeError(f"no such log: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    main()
