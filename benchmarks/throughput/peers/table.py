"""A plain Faust app: the statistics of each flow and minute in a table, written at every event."""

from __future__ import annotations

from typing import Any

import faust

from benchmarks.throughput.peers.faust_app import BUFFER, run
from benchmarks.throughput.peers.minutes import closed, of_run
from benchmarks.throughput.peers.task import RUN, Stopwatch, Task


def make(task: Task) -> faust.App:
    """Make the app."""
    stopwatch = Stopwatch(task)
    app = faust.App(
        task.group,
        broker=f"kafka://{task.bootstrap}",
        value_serializer="json",
        stream_buffer_maxsize=BUFFER,
        consumer_auto_offset_reset="earliest",
        topic_partitions=task.partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        web_enabled=False,
    )
    table = app.Table("minutes", partitions=task.partitions)
    output = app.topic(task.output, value_serializer="json")

    @app.agent(app.topic(task.source, value_serializer="json"))  # type: ignore[untyped-decorator]
    async def count(stream: Any) -> None:
        async for batch in stream:
            for event in batch:
                if event["type"] == RUN:
                    await add(event)
            stopwatch.count(len(batch))

    async def add(event: dict[str, Any]) -> None:
        flow, one = of_run(event)
        known = table.get(flow)
        if known is None or known[0] < one[0]:
            if known is not None:
                await output.send(key=flow, value=closed(known))
            table[flow] = one
        elif known[0] == one[0]:
            table[flow] = [one[0], *(a + b for a, b in zip(known[1:], one[1:], strict=True))]

    return app


if __name__ == "__main__":
    run(make(Task.given()))
