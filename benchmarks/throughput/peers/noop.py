"""A Faust agent that looks at raw records and does nothing with them: what Faust alone costs."""

from __future__ import annotations

from typing import Any

import faust

from benchmarks.throughput.peers.faust_app import BUFFER, run
from benchmarks.throughput.peers.task import Stopwatch, Task


def make(task: Task) -> faust.App:
    """Make the app. Of batches it counts the records alone: they are not opened."""
    stopwatch = Stopwatch(task)
    app = faust.App(
        task.group,
        broker=f"kafka://{task.bootstrap}",
        key_serializer="raw",
        value_serializer="raw",
        stream_buffer_maxsize=BUFFER,
        consumer_auto_offset_reset="earliest",
        topic_disable_leader=True,
        web_enabled=False,
    )

    @app.agent(app.topic(task.source, key_type=bytes, value_type=bytes))  # type: ignore[untyped-decorator]
    async def look(stream: Any) -> None:
        async for _ in stream:
            stopwatch.count(1)

    return app


if __name__ == "__main__":
    run(make(Task.given()))
