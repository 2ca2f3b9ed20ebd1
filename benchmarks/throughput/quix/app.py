"""A Quix Streams app: statistics of each flow and minute in tumbling windows, in RocksDB."""

from __future__ import annotations

from typing import Any

from quixstreams import Application

from benchmarks.throughput.peers.minutes import closed, of_run
from benchmarks.throughput.peers.task import RUN, Stopwatch, Task

GRACE_MS = 60_000
"""How long a window waits for late events: as long as the engine's."""


def make(task: Task) -> Application:
    """Make the app."""
    stopwatch = Stopwatch(task)
    app = Application(
        broker_address=task.bootstrap,
        consumer_group=task.group,
        auto_offset_reset="earliest",
        state_dir="state",
        loglevel="WARNING",
    )
    source = app.topic(task.source, value_deserializer="json")
    output = app.topic(task.output, value_serializer="json", key_serializer="str")

    def runs(batch: list[dict[str, Any]]) -> list[tuple[str, list[float]]]:
        stopwatch.count(len(batch))
        return [of_run(event) for event in batch if event["type"] == RUN]

    sdf = app.dataframe(source).apply(runs, expand=True)
    # What group_by does when there is one partition. A flow's events lie in one partition here, so
    # it is right for more of them too, and spares each event a second way through the broker.
    sdf = sdf._single_partition_groupby("flow", lambda run: run[0])  # noqa: SLF001
    sdf = sdf.set_timestamp(lambda run, *_: int(run[1][0]) * 60_000)
    sdf = sdf.apply(lambda run: run[1])
    sdf = (
        sdf.tumbling_window(60_000, grace_ms=GRACE_MS)
        .reduce(
            lambda known, run: [run[0], *(a + b for a, b in zip(known[1:], run[1:], strict=True))],
            lambda run: run,
        )
        .final()
    )
    sdf.apply(lambda window: closed(window["value"])).to_topic(output)
    return app


if __name__ == "__main__":
    make(Task.given()).run()
